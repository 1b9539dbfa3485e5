"""Meta's Business SDK as it comes from PyPI, against the emulated Meta: nothing of it is changed but its base URL.

Reads the world as `{"meta", "app", "person", "callback"}` from its input and writes what it saw to its output.
"""

import json
import sys

from facebook_business.adobjects.application import Application
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

world = json.load(sys.stdin)
FacebookSession.GRAPH = world["meta"]


def api(token):
    app = world["app"]
    return FacebookAdsApi(FacebookSession(app["id"], app["secret"], token))


def answer(response):
    return response.export_all_data()


seen = {}

# Who logs in sees their Pages, with a token for each.
person = api(world["app"]["user_token"])
pages = list(User("me", api=person).get_accounts(fields=["id", "name", "access_token", "tasks"]))
seen["pages"] = [page["id"] for page in pages]
page = Page(pages[0]["id"], api=api(pages[0]["access_token"]))

# The Page is subscribed, then the app, which calls the bot back first.
page.create_subscribed_app(params={"subscribed_fields": ["messages", "messaging_postbacks"]})
seen["subscribed"] = [one["subscribed_fields"] for one in page.get_subscribed_apps(fields=["id", "subscribed_fields"])]
app = Application(world["app"]["id"], api=api(world["app"]["id"] + "|" + world["app"]["secret"]))
subscription = {
    "object": "page",
    "callback_url": world["callback"],
    "verify_token": world["app"]["verify_token"],
    "fields": ["messages", "message_echoes", "message_deliveries"],
}
app.create_subscription(params=subscription)
seen["callback"] = [one["callback_url"] for one in map(answer, app.get_subscriptions()) if one["object"] == "page"]

# The profile is set and read back.
profile = {"get_started": {"payload": "GET_STARTED"}, "whitelisted_domains": ["https://shop.example"]}
seen["set"] = answer(page.create_messenger_profile(params=profile))
kept = page.get_messenger_profile(params={"fields": "get_started,whitelisted_domains"})
seen["profile"] = [answer(one) for one in kept]

# A persona speaks; what is too long is refused with Meta's code.
persona = page.create_persona(params={"name": "Ada", "profile_picture_url": "https://shop.example/a.jpg"})
message = {"recipient": {"id": world["person"]}, "messaging_type": "RESPONSE", "message": {"text": "Hello from the SDK"}}
sent = answer(page.create_message(params=message | {"persona_id": persona["id"]}))
seen["sent"] = sent["recipient_id"]
try:
    page.create_message(params=message | {"message": {"text": "x" * 2001}})
except FacebookRequestError as error:
    seen["refused"] = [error.api_error_code(), error.api_error_message()]

# Constants go as the SDK writes them, and every field that it knows of a Page can be asked for.
action = {"recipient": {"id": world["person"]}, "sender_action": Page.SenderAction.typing_on}
seen["typing"] = answer(page.create_message(params=action))["recipient_id"]
names = [name for key, name in vars(Page.Field).items() if not key.startswith("_")]
seen["page"] = page.api_get(fields=names)["name"]
seen["deleted"] = answer(page.delete_messenger_profile(params={"fields": ["GET_STARTED"]}))

# All of it is read back, over pages of two.
threads = page.get_conversations(params={"platform": "MESSENGER", "fields": "id,participants,messages{message,from}"})
seen["conversations"] = [
    [message["message"] for message in thread["messages"]["data"]] for thread in map(answer, threads)
]
for name in ["Ben", "Cy", "Di"]:
    page.create_persona(params={"name": name, "profile_picture_url": "https://shop.example/a.jpg"})
seen["personas"] = [one["name"] for one in page.get_personas(params={"limit": 2})]

# Two calls in one.
batch = person.new_batch()
batched = []
for path in ["me", "me/permissions"]:
    batch.add("GET", path, success=lambda response: batched.append(response.status()))
batch.execute()
seen["batch"] = batched

json.dump(seen, sys.stdout)
