//! What a person does in a conversation: messages, taps, reactions, and what becomes of them.

use serde_json::{Value, json};

use super::super::act::Words;
use super::super::chat::{Message, Reaction, Side};
use super::super::reactions;
use super::super::refusal::Refusal;
use super::scene::Scene;

/// How often a person can edit a message.
const EDITS: u32 = 5;

/// The one story of every Instagram account.
const STORY: &str = "18000000000001001";
const STORY_URL: &str = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=18000000000001001";

impl Scene<'_> {
    pub(super) fn message(&mut self, words: Words) -> Result<Value, Refusal> {
        if let Some(mid) = words.reply_to.as_deref().filter(|mid| self.chat().find(mid).is_none()) {
            return Err(no_message(mid));
        }
        if words.story && !self.is_on_instagram() {
            let hint = "stories are Instagram's; take an account there";
            return Err(Refusal::new("there is no story to answer", hint));
        }
        if words.story && words.reply_to.is_some() {
            let hint = "leave out \"reply_to\" or \"story\"";
            return Err(Refusal::new("a message answers one thing: another message, or a story", hint));
        }
        let message = self.new_message(Side::Person);
        let mut content = json!({"mid": message.mid});
        if let Some(text) = &words.text {
            content["text"] = json!(text);
        }
        let quick_reply = words.quick_reply.map(|payload| json!({"payload": payload}));
        if let Some(chip) = &quick_reply {
            content["quick_reply"] = chip.clone();
        }
        if let Some(mid) = &words.reply_to {
            content["reply_to"] = json!({"mid": mid});
        }
        if words.story {
            content["reply_to"] = json!({"story": {"url": STORY_URL, "id": STORY}});
        }
        if !words.attachments.is_empty() {
            content["attachments"] = json!(words.attachments);
        }
        let Words { text, attachments, reply_to, story, .. } = words;
        let story = story.then(|| json!({"reply_to": {"link": STORY_URL, "id": STORY}}));
        self.chat().add(Message { text, attachments, reply_to, quick_reply, story, ..message });
        self.open();
        Ok(self.ends.by_person("message", content))
    }

    /// A button is tapped; with a `reference`, by somebody whom a link brought into a new conversation.
    pub(super) fn postback(&mut self, title: &str, payload: &str, reference: Option<&str>) -> Value {
        let message = self.new_message(Side::Person);
        let mut content = json!({"mid": message.mid, "title": title, "payload": payload});
        if let Some(reference) = reference {
            content["referral"] = self.ends.link(reference);
        }
        let postback = json!({"title": title, "payload": payload});
        self.chat().add(Message { postback: Some(postback), ..message });
        self.open();
        self.ends.by_person("postback", content)
    }

    pub(super) fn react(
        &mut self,
        mid: Option<String>,
        reaction: String,
        emoji: Option<String>,
    ) -> Result<Value, Refusal> {
        let platform = self.ends.account.platform;
        let Some(usual) = reactions::emoji(platform, &reaction) else {
            let names: Vec<&str> = reactions::names(platform).collect();
            let message = format!("there is no reaction {reaction:?} here");
            return Err(Refusal::new(message, format!("\"reaction\" is one of: {}", names.join(", "))));
        };
        let emoji = emoji.unwrap_or_else(|| usual.to_owned());
        let mid = match mid {
            Some(mid) => mid,
            None => self.message_to_react_to()?,
        };
        let message = self.chat().find(&mid).ok_or_else(|| no_message(&mid))?;
        message.react(Reaction { from: Side::Person, reaction: reaction.clone(), emoji: emoji.clone() });
        self.open();
        let content = json!({"mid": mid, "action": "react", "reaction": reaction, "emoji": emoji});
        Ok(self.ends.by_person("reaction", content))
    }

    fn message_to_react_to(&mut self) -> Result<String, Refusal> {
        let of_business = self.chat().last(|message| message.from == Side::Business).map(|message| message.mid.clone());
        of_business
            .or_else(|| self.chat().last(|_| true).map(|message| message.mid.clone()))
            .ok_or_else(|| Refusal::new("there is nothing to react to", "write a message first"))
    }

    pub(super) fn unreact(&mut self, mid: Option<String>) -> Result<Value, Refusal> {
        let reacted = |message: &Message| message.reactions.iter().any(|reaction| reaction.from == Side::Person);
        let message = match &mid {
            Some(mid) => self.chat().find(mid).filter(|message| reacted(message)),
            None => self.chat().last(reacted),
        };
        let message = message.ok_or_else(|| Refusal::new("there is no reaction to take back", "react first"))?;
        message.unreact(Side::Person);
        let content = json!({"mid": message.mid, "action": "unreact"});
        Ok(self.ends.by_person("reaction", content))
    }

    /// The person opens the conversation and sees what is there.
    pub(super) fn read(&mut self) -> Result<Value, Refusal> {
        let content = if self.is_on_instagram() {
            let last = self.chat().last(|message| message.from == Side::Business);
            let message = last.ok_or_else(|| {
                let hint = "on Instagram a message of the account is read: let it write first";
                Refusal::new("there is nothing to read", hint)
            })?;
            json!({"mid": message.mid})
        } else {
            json!({"watermark": self.ends.at})
        };
        let at = self.ends.at;
        self.chat().read_at = Some(at);
        Ok(self.ends.by_person("read", content))
    }

    pub(super) fn edit(&mut self, mid: Option<String>, text: String) -> Result<Value, Refusal> {
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

    pub(super) fn unsend(&mut self, mid: Option<String>) -> Result<Value, Refusal> {
        if !self.is_on_instagram() {
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
            Some(mid) => self.chat().find(mid).filter(|message| fits(message)),
            None => self.chat().last(fits),
        };
        message.ok_or_else(|| match mid {
            Some(mid) => no_message(&mid),
            None => Refusal::new("there is no own message to change", "write one first"),
        })
    }
}

pub(super) fn no_message(mid: &str) -> Refusal {
    Refusal::new(
        format!("there is no message {mid:?} for this"),
        "GET /emulator/chats/{account}/{person} lists the messages; leave \"mid\" out for the last one",
    )
}
