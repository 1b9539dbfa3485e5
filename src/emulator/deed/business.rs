//! What the business does by other means than this app: somebody at its inbox answers, or takes the conversation.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/conversation-routing>

use serde_json::{Map, Value, json};

use super::super::act::Handover;
use super::super::chat::{Message, Side};
use super::super::items::app_number;
use super::super::refusal::Refusal;
use super::super::routing::{CONTROL, INSTAGRAM_INBOX, PAGE_INBOX};
use super::super::world::Platform;
use super::scene::Scene;

impl Scene<'_> {
    /// A person of the business answers from the inbox: what every app is told of it.
    pub(super) fn inbox(&mut self, text: String, takes: bool) -> Result<Vec<Value>, Refusal> {
        let inbox = self.inbox_id();
        let is_taken = self.owner().as_deref() == Some(inbox);
        let mut items = Vec::new();
        if takes && !is_taken {
            items.extend(self.take(None));
        }
        if self.owner().as_deref() == Some(inbox) {
            self.state.routing.keep(self.key, inbox, self.now + CONTROL);
        }
        let message = self.new_message(Side::Business);
        let mid = message.mid.clone();
        let echoed = Map::from_iter([("mid".to_owned(), json!(mid)), ("text".to_owned(), json!(text))]);
        self.chat().add(Message { text: Some(text), app_id: Some(inbox.to_owned()), ..message });
        items.push(self.ends.echo(echoed, inbox, None));
        if self.ends.account.platform == Platform::Messenger {
            items.push(self.ends.delivery(&mid, self.ends.at));
        }
        Ok(items)
    }

    /// The conversation changes hands. Meta sends no handover event when an idle conversation is taken.
    pub(super) fn hand_over(&mut self, handover: Handover, metadata: Option<&str>) -> Result<Option<Value>, Refusal> {
        let (inbox, app) = (self.inbox_id(), self.shared.world.app.id.as_str());
        let owner = self.owner();
        let is_inboxs = owner.as_deref() == Some(inbox);
        let item = match handover {
            Handover::Take if is_inboxs => return Err(already("the inbox", "pass or release it")),
            Handover::Take => self.take(metadata),
            Handover::Pass if owner.as_deref() == Some(app) => return Err(already("the app", "take it")),
            Handover::Pass => {
                self.state.routing.give(self.key, app, self.now + CONTROL);
                let content = json!({"previous_owner_app_id": owner, "new_owner_app_id": app});
                Some(self.ends.by_person("pass_thread_control", with(metadata, content)))
            }
            Handover::Request if is_inboxs => return Err(already("the inbox", "pass or release it")),
            // What is nobody's is had at once.
            Handover::Request if owner.is_none() => self.take(None),
            Handover::Request => {
                let content = json!({"requested_owner_app_id": app_number(inbox)});
                Some(self.ends.by_person("request_thread_control", with(metadata, content)))
            }
            Handover::Release if !is_inboxs => {
                return Err(Refusal::new("the conversation is not the inbox's", "take it first: \"action\":\"take\""));
            }
            Handover::Release => {
                self.state.routing.release(self.key);
                None
            }
        };
        if let Some(item) = &item {
            self.state.chat(self.key).add_deed(item.clone());
        }
        Ok(item)
    }

    fn take(&mut self, metadata: Option<&str>) -> Option<Value> {
        let (inbox, owner) = (self.inbox_id(), self.owner());
        self.state.routing.give(self.key, inbox, self.now + CONTROL);
        let content = json!({"previous_owner_app_id": owner?, "new_owner_app_id": app_number(inbox)});
        Some(self.ends.by_person("take_thread_control", with(metadata, content)))
    }

    fn owner(&self) -> Option<String> {
        self.state.routing.owner(self.key, self.now).map(str::to_owned)
    }

    fn inbox_id(&self) -> &'static str {
        if self.is_on_instagram() { INSTAGRAM_INBOX } else { PAGE_INBOX }
    }
}

fn with(metadata: Option<&str>, mut content: Value) -> Value {
    if let Some(metadata) = metadata {
        content["metadata"] = json!(metadata);
    }
    content
}

fn already(whose: &str, hint: &str) -> Refusal {
    Refusal::new(format!("the conversation is {whose}'s already"), hint)
}
