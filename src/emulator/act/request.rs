//! The request as it comes, and which act it asks for.

use serde::Deserialize;
use serde_json::Value;

use super::super::refusal::Refusal;
use super::acts::{Act, Comment, Enforcement, Feedback, Handover, Optin, Place, Ruling, Words};

const DEEDS: &str = "message, postback, react, unreact, read, referral, optin, account_link, feedback, comment, edit, unsend, \
    block, unblock, call, call_permission; inbox, handover; and on an account alone: enforce, end_live";

const ENFORCEMENTS: [(&str, Enforcement); 3] =
    [("warning", Enforcement::Warning), ("block", Enforcement::Block), ("unblock", Enforcement::Unblock)];

const HANDOVERS: [(&str, Handover); 4] = [
    ("take", Handover::Take),
    ("pass", Handover::Pass),
    ("request", Handover::Request),
    ("release", Handover::Release),
];

/// Every key that any act has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) person: Option<String>,
    pub(super) account: Option<String>,
    pub(super) timestamp: Option<i64>,
    #[serde(rename = "do")]
    deed: Option<String>,
    text: Option<String>,
    attachments: Option<Vec<Value>>,
    quick_reply: Option<String>,
    reply_to: Option<String>,
    title: Option<String>,
    payload: Option<String>,
    mid: Option<String>,
    reaction: Option<String>,
    emoji: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    user_ref: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    action: Option<String>,
    reason: Option<String>,
    metadata: Option<String>,
    status: Option<String>,
    authorization_code: Option<String>,
    score: Option<String>,
    response: Option<String>,
    comment_id: Option<String>,
    #[serde(default)]
    post: bool,
    #[serde(default)]
    live: bool,
    #[serde(default)]
    edit: bool,
    #[serde(default)]
    remove: bool,
    #[serde(default)]
    take: bool,
    #[serde(default)]
    story: bool,
}

impl Request {
    /// What Meta shall do to an account, where no person's act is asked for.
    pub(super) fn ruling(&self) -> Result<Option<Ruling>, Refusal> {
        Ok(match self.deed.as_deref() {
            Some("enforce") => {
                let action = chosen("action", self.action.as_deref(), &ENFORCEMENTS)?;
                Some(Ruling::Enforce { action, reason: self.reason.clone() })
            }
            Some("end_live") => Some(Ruling::EndLive),
            _ => None,
        })
    }

    /// What shall be done in the conversation.
    pub(super) fn act(self) -> Result<Act, Refusal> {
        let deed = self.deed.as_deref().ok_or_else(|| missing("do", DEEDS))?;
        Ok(match deed {
            "message" => Act::Message(self.words()?),
            "postback" => Act::Postback {
                title: needed("title", self.title, "the button's title")?,
                payload: needed("payload", self.payload, "the button's payload, as GET_STARTED")?,
                reference: self.reference,
            },
            "react" => {
                // Who names an emoji alone wants that emoji, not a heart.
                let reaction = if self.emoji.is_some() { "other" } else { "love" };
                Act::React { mid: self.mid, reaction: self.reaction.unwrap_or(reaction.into()), emoji: self.emoji }
            }
            "unreact" => Act::Unreact { mid: self.mid },
            "read" => Act::Read,
            "referral" => Act::Referral { reference: needed("ref", self.reference, "the link's ref parameter")? },
            "optin" => Act::Optin(self.optin()?),
            "account_link" => self.account_link()?,
            "feedback" => Act::Feedback(self.feedback()?),
            "comment" => Act::Comment(self.comment()?),
            "edit" => Act::Edit { mid: self.mid, text: needed("text", self.text, "the new text")? },
            "unsend" => Act::Unsend { mid: self.mid },
            "block" => Act::Block,
            "unblock" => Act::Unblock,
            "call" => {
                let event = self.action.as_deref().unwrap_or("connect");
                Act::Call { ends: chosen("action", Some(event), &[("connect", false), ("terminate", true)])? }
            }
            "call_permission" => {
                let response = self.response.as_deref().unwrap_or("approve");
                let granted = chosen("response", Some(response), &[("approve", true), ("reject", false)])?;
                Act::CallPermission { granted }
            }
            "inbox" => Act::Inbox { text: needed("text", self.text, "what is answered")?, takes: self.take },
            "handover" => Act::Handover {
                handover: chosen("action", self.action.as_deref(), &HANDOVERS)?,
                metadata: self.metadata,
            },
            other => return Err(Refusal::new(format!("nobody can {other:?}"), format!("\"do\" is one of: {DEEDS}"))),
        })
    }

    fn words(self) -> Result<Words, Refusal> {
        let text = self.text.filter(|text| !text.is_empty());
        let attachments = self.attachments.unwrap_or_default();
        if text.is_none() && (attachments.is_empty() || self.quick_reply.is_some()) {
            let hint = "give \"text\", or \"attachments\"; a \"quick_reply\" needs its title as \"text\"";
            return Err(Refusal::new("the message is empty", hint));
        }
        if !attachments.iter().all(|attachment| attachment["type"].is_string()) {
            let hint = r#"as received from Meta: [{"type":"image","payload":{"url":"https://…"}}]"#;
            return Err(Refusal::new("an attachment has no \"type\"", hint));
        }
        Ok(Words { text, attachments, quick_reply: self.quick_reply, reply_to: self.reply_to, story: self.story })
    }

    fn optin(self) -> Result<Optin, Refusal> {
        let kinds = [("one_time", false), ("marketing", true)];
        let is_marketing = self.kind.as_deref().map(|kind| chosen("type", Some(kind), &kinds)).transpose()?;
        match (is_marketing, self.action.as_deref()) {
            (Some(true), None) => Ok(Optin::Marketing),
            (Some(true), action) => {
                let resumes = chosen("action", action, &[("stop", false), ("resume", true)])?;
                Ok(if resumes { Optin::Resume } else { Optin::Stop })
            }
            (_, Some(_)) => {
                Err(Refusal::new("only marketing messages are stopped and resumed", "add \"type\":\"marketing\""))
            }
            (Some(false), None) => Ok(Optin::OneTime),
            (None, None) => match (self.user_ref, self.reference) {
                (Some(user_ref), reference) => Ok(Optin::Checkbox { reference, user_ref }),
                (None, Some(reference)) => Ok(Optin::Plugin { reference }),
                (None, None) => {
                    let ways = "the plugin's; or \"user_ref\" for the checkbox plugin, or \"type\" to answer a request";
                    Err(missing("ref", ways))
                }
            },
        }
    }

    fn account_link(self) -> Result<Act, Refusal> {
        let status = self.status.as_deref().unwrap_or("linked");
        let links = chosen("status", Some(status), &[("linked", true), ("unlinked", false)])?;
        let code = links.then(|| self.authorization_code.unwrap_or_else(|| "emulated".into()));
        Ok(Act::AccountLink { code })
    }

    fn feedback(self) -> Result<Feedback, Refusal> {
        match (self.score, self.response) {
            (Some(score), _) => Ok(Feedback::Form { score, text: self.text }),
            (None, Some(response)) => {
                let is_good = chosen("response", Some(&response), &[("good", true), ("bad", false)])?;
                Ok(Feedback::Thumb { is_good, mid: self.mid })
            }
            (None, None) => Err(missing(
                "score",
                "the answer to a feedback template; or \"response\", good or bad, about a message",
            )),
        }
    }

    fn comment(self) -> Result<Comment, Refusal> {
        let place = match (self.post, self.live) {
            (false, false) => Place::BelowPost,
            (true, false) => Place::OnPage,
            (false, true) => Place::BelowBroadcast,
            (true, true) => return Err(Refusal::new("a comment is in one place", "give one of \"post\" and \"live\"")),
        };
        let id =
            |id: Option<String>| needed("comment_id", id, "as the webhook had it; for a visitor's post its post_id");
        match (self.edit, self.remove) {
            (true, true) => Err(Refusal::new("it cannot be edited and removed", "give one of \"edit\" and \"remove\"")),
            (_, true) => Ok(Comment::Remove { id: id(self.comment_id)? }),
            (true, _) => {
                Ok(Comment::Edit { id: id(self.comment_id)?, text: needed("text", self.text, "the new text")? })
            }
            _ if self.comment_id.is_some() => {
                let hint = "add \"edit\":true or \"remove\":true; to answer a comment, name it in \"reply_to\"";
                Err(Refusal::new("what is to be done with the comment?", hint))
            }
            _ => {
                Ok(Comment::New { text: needed("text", self.text, "what is written")?, place, reply_to: self.reply_to })
            }
        }
    }
}

fn needed(name: &str, value: Option<String>, what: &str) -> Result<String, Refusal> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| missing(name, what))
}

fn missing(name: &str, what: &str) -> Refusal {
    Refusal::new(format!("\"{name}\" is missing"), format!("give \"{name}\": {what}"))
}

/// The value that stands for a word.
fn chosen<T: Copy>(name: &str, word: Option<&str>, words: &[(&str, T)]) -> Result<T, Refusal> {
    let known = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    let word = word.ok_or_else(|| missing(name, &format!("one of {}", known())))?;
    let found = words.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        Refusal::new(format!("there is no {name} {word:?} here"), format!("\"{name}\" is one of: {}", known()))
    })
}
