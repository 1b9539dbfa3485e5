"""A Rejoinder bot in Python: takes the order of one cup. Python 3.9 or later, nothing to install.

    rejoinder dev --relay http://127.0.0.1:9000     # in one terminal
    python3 relay.py                                # in another; then open the playground

`python3 relay.py 9001` (or PORT=9001) listens elsewhere; port 0 takes a free one.
In production give Rejoinder's `relay.secret` to the bot as RELAY_SECRET: both sides then know
that a request is genuine.
"""

import base64
import contextlib
import hmac
import json
import os
import re
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# --- The bot. It keeps nothing itself: what it must remember travels as `state`. So it may be
# --- restarted at any time, and being asked the same thing twice does no harm.

SIZES = {"S": "Small", "L": "Large"}
NAMED = {title.lower(): size for size, title in SIZES.items()}


def text(words, **more):
    return {"message": {"text": words, **more}}


TYPING = {"sender_action": "typing_on"}
WHICH_SIZE = text("Which size?", quick_replies=[
    {"content_type": "text", "title": title, "payload": size} for size, title in SIZES.items()
])


def answer(turn):
    """What to say, and what to remember, after one event. An empty answer says nothing."""
    if turn.get("standby"):
        return {}  # another app has the conversation
    event = turn["event"]
    if turn["kind"] == "postback" and event["postback"].get("payload") == "GET_STARTED":
        return {"replies": [text("Hello! I take orders for cups."), WHICH_SIZE], "state": None}
    if turn["kind"] == "message":
        return answer_message(event["message"], turn.get("state") or {})
    return {}


def answer_message(message, state):
    words = (message.get("text") or "").strip()
    if message.get("attachments"):
        return {"replies": [text("I can only read text.")]}
    if not words:
        return {}
    if words.lower() == "cancel":
        return {"replies": [text("Cancelled. Write to me whenever you want a cup.")], "state": None}

    # A tap always means a size, even on an old button. Typed words do so only until there is one:
    # after that they are an address.
    size = message.get("quick_reply", {}).get("payload")
    if "size" not in state:
        size = size or NAMED.get(words.lower())
    if size in SIZES:
        return {"replies": [text("Where shall we send it?")], "state": {"size": size}}
    if "size" not in state:
        return {"replies": [WHICH_SIZE]}

    cup = SIZES[state["size"]].lower()
    return {"replies": [TYPING, text(f"A {cup} cup goes to {words}. Thank you!")], "state": None}


# --- The signature, as the Standard Webhooks specification says.


def read_key():
    secret = os.environ.get("RELAY_SECRET")
    if not secret:
        print("RELAY_SECRET is not set: requests are not verified", file=sys.stderr)
        return None
    if not re.fullmatch("whsec_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", secret):
        sys.exit("RELAY_SECRET is not whsec_ and base64")
    return base64.b64decode(secret.removeprefix("whsec_"))


def genuine(key, headers, body):
    sent_at = headers.get("webhook-timestamp", "")
    # The age is bounded so that a request overheard today is worth nothing tomorrow.
    if not sent_at.isdecimal() or abs(time.time() - float(sent_at)) > 5 * 60:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent_at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    # There may be several, while a secret is being replaced.
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, one.encode()) for one in given)


# --- The server.

BODY_LIMIT = 10 * 1024 * 1024


class Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    timeout = 120  # longer than a client keeps an idle connection, so that it closes first
    disable_nagle_algorithm = True  # head and body are two writes; the second must not wait

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True  # nobody knows where the next request begins
            return self.respond(411, {"error": "Content-Length is missing"})
        body = self.read_body(int(length))
        if body is None:
            return self.respond(413, {"error": "the body is over 10 MB"})
        if self.server.key is not None and not genuine(self.server.key, self.headers, body):
            return self.respond(401, {"error": "the signature is wrong or too old"})
        try:
            replies = answer(json.loads(body))
        except Exception:  # Rejoinder asks again after a 500; the server goes on
            traceback.print_exc()
            return self.respond(500, {"error": "the bot failed"})
        self.respond(200, replies)

    def read_body(self, length):
        if length <= BODY_LIMIT:
            return self.rfile.read(length)
        # Read to the end, keeping nothing: a client cut off while it writes misses the answer.
        while length > 0 and (piece := self.rfile.read(min(length, 65536))):
            length -= len(piece)
        return None

    def respond(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def main():
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT") or 9000)
    key = read_key()
    ThreadingHTTPServer.request_queue_size = 128  # the default of 5 turns a burst away
    server = ThreadingHTTPServer(("127.0.0.1", port), Relay)
    server.key = key
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
