//! A person does something: the conversation changes, the window may open, and an item goes to the callback.

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::act::{Act, Asked, Words};
use super::chat::{Chat, Message, Reaction, Side};
use super::items::Ends;
use super::refusal::Refusal;
use super::state::{Notice, Shared};

/// How often a person can edit a message.
const EDITS: u32 = 5;

const ON_MESSENGER: [(&str, &str); 8] = [
    ("smile", "😆"),
    ("angry", "😠"),
    ("sad", "😢"),
    ("wow", "😮"),
    ("love", "❤️"),
    ("like", "👍"),
    ("dislike", "👎"),
    ("other", "🚀"),
];

const ON_INSTAGRAM: [(&str, &str); 7] =
    [("angry", "😠"), ("sad", "😢"), ("wow", "😮"), ("love", "❤️"), ("like", "👍"), ("laugh", "😂"), ("other", "🚀")];

/// Does what was asked. Returns the bodies that are queued for the callback.
pub(super) fn perform(shared: &Shared, asked: Asked) -> Result<Vec<Value>, Refusal> {
    let (key, now) = (asked.key, shared.clock.now());
    let at = asked.timestamp.map_or(now, Timestamp);
    let ends = shared.ends(key, at).expect("what was asked names a person with an id at the account");
    let mut state = shared.state();
    if state.setup.is_barred(key) {
        let hint = "the account's own app takes it back: moderate_conversations with unblock_user";
        return Err(Refusal::new("the account has blocked this person", hint));
    }
    let mid = state.mid(&shared.world, key.account);
    let mut scene = Scene { ends, chat: state.chat(key), mid, now };
    if scene.chat.blocked && !matches!(asked.act, Act::Unblock) {
        return Err(Refusal::new("this person has blocked the account", "unblock first: {\"do\":\"unblock\"}"));
    }
    let item = scene.play(asked.act)?;
    let pushed = item.into_iter().map(|item| shared.push(&mut state, key, item)).collect();
    drop(state);
    shared.tell(Notice::Chat(key));
    Ok(pushed)
}

/// Where it happens.
struct Scene<'a> {
    ends: Ends<'a>,
    chat: &'a mut Chat,
    /// For a new message.
    mid: String,
    now: Timestamp,
}

impl Scene<'_> {
    fn play(&mut self, act: Act) -> Result<Option<Value>, Refusal> {
        match act {
            Act::Message(words) => self.message(words).map(Some),
            Act::Postback { title, payload } => Ok(Some(self.postback(&title, &payload))),
            Act::React { mid, reaction, emoji } => self.react(mid, reaction, emoji).map(Some),
            Act::Unreact { mid } => self.unreact(mid).map(Some),
            Act::Read => self.read().map(Some),
            Act::Referral { reference } => {
                self.open();
                Ok(Some(self.ends.referral(&reference)))
            }
            Act::Optin { reference, user_ref } => self.optin(reference.as_deref(), user_ref).map(Some),
            Act::Edit { mid, text } => self.edit(mid, text).map(Some),
            Act::Unsend { mid } => self.unsend(mid).map(Some),
            Act::Block => self.set_blocked(true),
            Act::Unblock => self.set_blocked(false),
        }
    }

    fn open(&mut self) {
        self.chat.open(self.ends.at, self.now);
    }

    fn new_message(&self) -> Message {
        Message::new(self.mid.clone(), Side::Person, self.ends.at)
    }

    fn message(&mut self, words: Words) -> Result<Value, Refusal> {
        let mut content = json!({"mid": self.mid});
        if let Some(mid) = &words.reply_to {
            if self.chat.find(mid).is_none() {
                return Err(no_message(mid));
            }
            content["reply_to"] = json!({"mid": mid});
        }
        if let Some(text) = &words.text {
            content["text"] = json!(text);
        }
        if !words.attachments.is_empty() {
            content["attachments"] = json!(words.attachments);
        }
        let quick_reply = words.quick_reply.map(|payload| json!({"payload": payload}));
        if let Some(chip) = &quick_reply {
            content["quick_reply"] = chip.clone();
        }
        let message = self.new_message();
        let Words { text, attachments, reply_to, .. } = words;
        self.chat.add(Message { text, attachments, reply_to, quick_reply, ..message });
        self.open();
        Ok(self.ends.by_person("message", content))
    }

    fn postback(&mut self, title: &str, payload: &str) -> Value {
        let postback = json!({"title": title, "payload": payload});
        self.chat.add(Message { postback: Some(postback), ..self.new_message() });
        self.open();
        self.ends.by_person("postback", json!({"mid": self.mid, "title": title, "payload": payload}))
    }

    fn react(&mut self, mid: Option<String>, reaction: String, emoji: Option<String>) -> Result<Value, Refusal> {
        let known: &[(&str, &str)] =
            if self.ends.account.platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER };
        let Some((_, usual)) = known.iter().find(|(name, _)| *name == reaction) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!("there is no reaction {reaction:?} here");
            return Err(Refusal::new(message, format!("\"reaction\" is one of: {}", names.join(", "))));
        };
        let emoji = emoji.unwrap_or_else(|| (*usual).to_owned());
        let mid = match mid {
            Some(mid) => mid,
            None => self.message_to_react_to()?,
        };
        let message = self.chat.find(&mid).ok_or_else(|| no_message(&mid))?;
        message.react(Reaction { from: Side::Person, reaction: reaction.clone(), emoji: emoji.clone() });
        self.open();
        let content = json!({"mid": mid, "action": "react", "reaction": reaction, "emoji": emoji});
        Ok(self.ends.by_person("reaction", content))
    }

    fn message_to_react_to(&mut self) -> Result<String, Refusal> {
        let of_business = self.chat.last(|message| message.from == Side::Business).map(|message| message.mid.clone());
        of_business
            .or_else(|| self.chat.last(|_| true).map(|message| message.mid.clone()))
            .ok_or_else(|| Refusal::new("there is nothing to react to", "write a message first"))
    }

    fn unreact(&mut self, mid: Option<String>) -> Result<Value, Refusal> {
        let reacted = |message: &Message| message.reactions.iter().any(|reaction| reaction.from == Side::Person);
        let message = match &mid {
            Some(mid) => self.chat.find(mid).filter(|message| reacted(message)),
            None => self.chat.last(reacted),
        };
        let message = message.ok_or_else(|| Refusal::new("there is no reaction to take back", "react first"))?;
        message.unreact(Side::Person);
        let content = json!({"mid": message.mid, "action": "unreact"});
        Ok(self.ends.by_person("reaction", content))
    }

    fn read(&mut self) -> Result<Value, Refusal> {
        if !self.ends.account.platform.is_instagram() {
            return Ok(self.ends.by_person("read", json!({"watermark": self.ends.at})));
        }
        let last = self.chat.last(|message| message.from == Side::Business);
        let message = last.ok_or_else(|| {
            Refusal::new(
                "there is nothing to read",
                "on Instagram a message of the account is read: let it write first",
            )
        })?;
        let content = json!({"mid": message.mid});
        Ok(self.ends.by_person("read", content))
    }

    fn optin(&mut self, reference: Option<&str>, user_ref: Option<String>) -> Result<Value, Refusal> {
        if self.ends.account.platform.is_instagram() {
            return Err(Refusal::new(
                "nobody opts in on Instagram",
                "the plugins exist on Messenger; take that account",
            ));
        }
        let item = match (&user_ref, reference) {
            (Some(user_ref), _) => self.ends.checkbox(reference, user_ref),
            (None, Some(reference)) => self.ends.by_person("optin", json!({"ref": reference})),
            (None, None) => {
                return Err(Refusal::new(
                    "\"ref\" is missing",
                    "give \"ref\", or \"user_ref\" for the checkbox plugin",
                ));
            }
        };
        if user_ref.is_some() {
            self.chat.user_ref = user_ref;
        }
        self.open();
        Ok(item)
    }

    fn edit(&mut self, mid: Option<String>, text: String) -> Result<Value, Refusal> {
        let message = self.own(mid, |message| message.text.is_some())?;
        if message.edits >= EDITS {
            let hint = format!("a message can be edited {EDITS} times; write another");
            return Err(Refusal::new("the message cannot be edited any more", hint));
        }
        message.edits += 1;
        message.text = Some(text.clone());
        let content = json!({"mid": message.mid, "text": text, "num_edit": message.edits});
        Ok(self.ends.by_person("message_edit", content))
    }

    fn unsend(&mut self, mid: Option<String>) -> Result<Value, Refusal> {
        if !self.ends.account.platform.is_instagram() {
            let hint = "Messenger tells nobody; take an Instagram account, or edit the message";
            return Err(Refusal::new("an unsent message is not signalled here", hint));
        }
        let message = self.own(mid, |message| message.postback.is_none())?;
        message.deleted = true;
        message.text = None;
        message.attachments.clear();
        let content = json!({"mid": message.mid, "is_deleted": true});
        Ok(self.ends.by_person("message", content))
    }

    /// The person's own message of this id, or their last one, if it is still there and `fits`.
    fn own(&mut self, mid: Option<String>, fits: impl Fn(&Message) -> bool) -> Result<&mut Message, Refusal> {
        let fits = |message: &Message| message.from == Side::Person && !message.deleted && fits(message);
        let message = match &mid {
            Some(mid) => self.chat.find(mid).filter(|message| fits(message)),
            None => self.chat.last(fits),
        };
        message.ok_or_else(|| match mid {
            Some(mid) => no_message(&mid),
            None => Refusal::new("there is no own message to change", "write one first"),
        })
    }

    fn set_blocked(&mut self, blocked: bool) -> Result<Option<Value>, Refusal> {
        self.chat.blocked = blocked;
        Ok(None)
    }
}

fn no_message(mid: &str) -> Refusal {
    Refusal::new(
        format!("there is no message {mid:?} for this"),
        "GET /emulator/chats/{account}/{person} lists the messages; leave \"mid\" out for the last one",
    )
}
