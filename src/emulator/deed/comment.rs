//! A person comments on what the business posted, or writes on its Page: the right to one private reply.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/discovery/private-replies>

use serde_json::Value;

use super::super::act::{Comment, Place};
use super::super::chat;
use super::super::items::{Author, POST, Written};
use super::super::refusal::Refusal;
use super::super::rights::Writing;
use super::scene::Scene;

impl Scene<'_> {
    pub(super) fn comment(&mut self, comment: Comment) -> Result<Value, Refusal> {
        match comment {
            Comment::New { text, place, reply_to } => self.new_comment(text, place, reply_to),
            Comment::Edit { id, text } => {
                self.on_messenger("nobody is told of edited comments")?;
                let comment = self.own_comment(&id)?;
                comment.text = text;
                let comment = comment.clone();
                Ok(self.told("edited", &comment))
            }
            Comment::Remove { id } => {
                self.on_messenger("nobody is told of removed comments")?;
                let comment = self.own_comment(&id)?;
                comment.removed = true;
                let comment = comment.clone();
                self.state.rights.writings.remove(&id);
                Ok(self.told("remove", &comment))
            }
        }
    }

    fn new_comment(&mut self, text: String, place: Place, reply_to: Option<String>) -> Result<Value, Refusal> {
        match place {
            Place::OnPage => self.on_messenger("nobody else posts")?,
            Place::BelowBroadcast if !self.is_on_instagram() => {
                let hint = "take an Instagram account, or leave \"live\" out";
                return Err(Refusal::new("only Instagram tells of comments below a broadcast", hint));
            }
            Place::BelowBroadcast | Place::BelowPost => {}
        }
        if let Some(id) = &reply_to {
            let known = self.state.rights.writings.contains_key(id);
            if !known {
                return Err(no_comment(id));
            }
        }
        let (is_post, is_live) = (place == Place::OnPage, place == Place::BelowBroadcast);
        let number = self.new_number(15);
        let id = if self.is_on_instagram() {
            format!("17{number}")
        } else if is_post {
            format!("{}_{number}", self.ends.account.id)
        } else {
            format!("{POST}_{number}")
        };
        let comment =
            chat::Comment { id: id.clone(), at: self.ends.at, text, is_post, is_live, reply_to, removed: false };
        let (chat, at) = (self.key, self.ends.at);
        let writing = Writing { chat, at, is_post, is_live, is_over: false, is_answered: false };
        self.state.rights.keep_writing(id, writing);
        self.chat().add_comment(comment.clone());
        Ok(self.told("add", &comment))
    }

    fn own_comment(&mut self, id: &str) -> Result<&mut chat::Comment, Refusal> {
        self.chat().find_comment(id).ok_or_else(|| no_comment(id))
    }

    fn told(&self, verb: &str, comment: &chat::Comment) -> Value {
        let person = self.key.person;
        let author = Author { person, name: &self.shared.world.people[person].name };
        let written = Written {
            id: &comment.id,
            text: &comment.text,
            is_post: comment.is_post,
            is_live: comment.is_live,
            reply_to: comment.reply_to.as_deref(),
        };
        self.ends.comment(verb, author, &written)
    }
}

fn no_comment(id: &str) -> Refusal {
    let hint = "GET /emulator/chats/{account}/{person} lists the comments";
    Refusal::new(format!("there is no comment {id:?} for this"), hint)
}
