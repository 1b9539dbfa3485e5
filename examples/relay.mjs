// A Rejoinder bot in JavaScript: takes the order of one cup. Node 18 or later, nothing to install.
//
//     rejoinder dev --relay http://127.0.0.1:9000     # in one terminal
//     node relay.mjs                                  # in another; then open the playground
//
// `node relay.mjs 9001` (or PORT=9001) listens elsewhere; port 0 takes a free one.
// In production give Rejoinder's `relay.secret` to the bot as RELAY_SECRET: both sides then know
// that a request is genuine.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

// --- The bot. It keeps nothing itself: what it must remember travels as `state`. So it may be
// --- restarted at any time, and being asked the same thing twice does no harm.

const SIZES = new Map([["S", "Small"], ["L", "Large"]]);
const NAMED = new Map([...SIZES].map(([size, title]) => [title.toLowerCase(), size]));

const text = (words, more) => ({ message: { text: words, ...more } });

const TYPING = { sender_action: "typing_on" };
const WHICH_SIZE = text("Which size?", {
  quick_replies: [...SIZES].map(([payload, title]) => ({ content_type: "text", title, payload })),
});

/** What to say, and what to remember, after one event. An empty answer says nothing. */
function answer({ kind, standby, event, state }) {
  if (standby) return {}; // another app has the conversation
  if (kind === "postback" && event.postback.payload === "GET_STARTED") {
    return { replies: [text("Hello! I take orders for cups."), WHICH_SIZE], state: null };
  }
  if (kind === "message") return answerMessage(event.message, state ?? {});
  return {};
}

function answerMessage(message, state) {
  const words = (message.text ?? "").trim();
  if (message.attachments?.length) return { replies: [text("I can only read text.")] };
  if (!words) return {};
  if (words.toLowerCase() === "cancel") {
    return { replies: [text("Cancelled. Write to me whenever you want a cup.")], state: null };
  }

  // A tap always means a size, even on an old button. Typed words do so only until there is one:
  // after that they are an address.
  let size = message.quick_reply?.payload;
  if (!state.size) size ||= NAMED.get(words.toLowerCase());
  if (SIZES.has(size)) return { replies: [text("Where shall we send it?")], state: { size } };
  if (!state.size) return { replies: [WHICH_SIZE] };

  const cup = SIZES.get(state.size).toLowerCase();
  return { replies: [TYPING, text(`A ${cup} cup goes to ${words}. Thank you!`)], state: null };
}

// --- The signature, as the Standard Webhooks specification says.

function readKey() {
  const secret = process.env.RELAY_SECRET;
  if (!secret) {
    console.error("RELAY_SECRET is not set: requests are not verified");
    return null;
  }
  if (!/^whsec_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret)) {
    console.error("RELAY_SECRET is not whsec_ and base64");
    process.exit(1);
  }
  return Buffer.from(secret.slice("whsec_".length), "base64");
}

function genuine(key, headers, body) {
  const sentAt = headers["webhook-timestamp"] ?? "";
  // The age is bounded so that a request overheard today is worth nothing tomorrow.
  if (!/^\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 5 * 60) return false;
  const hmac = createHmac("sha256", key).update(`${headers["webhook-id"] ?? ""}.${sentAt}.`).update(body);
  const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
  // There may be several, while a secret is being replaced.
  const given = (headers["webhook-signature"] ?? "").split(/\s+/).map((one) => Buffer.from(one));
  return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
}

// --- The server.

const BODY_LIMIT = 10 * 1024 * 1024;

async function handle(key, request) {
  if (request.method !== "POST") return [501, { error: "only POST is answered" }];
  const body = await readBody(request);
  if (!body) return [413, { error: "the body is over 10 MB" }];
  if (key && !genuine(key, request.headers, body)) return [401, { error: "the signature is wrong or too old" }];
  return [200, answer(JSON.parse(body))];
}

async function readBody(request) {
  const pieces = [];
  let length = 0;
  // Over it, read to the end, keeping nothing: a client cut off while it writes misses the answer.
  for await (const piece of request) {
    length += piece.length;
    if (length <= BODY_LIMIT) pieces.push(piece);
    else pieces.length = 0;
  }
  return length <= BODY_LIMIT ? Buffer.concat(pieces) : null;
}

function respond(request, response, status, content) {
  const body = Buffer.from(JSON.stringify(content));
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  console.error(`${request.method} ${request.url} ${status}`);
}

const key = readKey();
const server = createServer((request, response) => {
  handle(key, request).then(
    ([status, content]) => respond(request, response, status, content),
    (error) => {
      // Rejoinder asks again after a 500; the server goes on. The message may quote the person: its name will do.
      console.error(error.name);
      respond(request, response, 500, { error: "the bot failed" });
    },
  );
});
server.keepAliveTimeout = 120_000; // longer than a client keeps an idle connection, so that it closes first
server.listen(Number(process.argv[2] ?? (process.env.PORT || 9000)), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
