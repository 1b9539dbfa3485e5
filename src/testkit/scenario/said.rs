//! What the business said, as its conversation in the emulator shows it.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::clock::Timestamp;

/// A message in a conversation.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Said {
    pub(super) mid: String,
    pub(super) from: String,
    pub(super) at: Timestamp,
    text: Option<String>,
    #[serde(default)]
    attachments: Vec<Value>,
    #[serde(default)]
    quick_replies: Vec<Value>,
}

/// Something that can be tapped.
pub(super) enum Offer<'a> {
    /// A quick reply: its title comes back as a message that carries its payload.
    QuickReply(&'a Value),
    /// A button of a template.
    Button(&'a Value),
}

impl Said {
    /// Its text, or that of its template.
    pub(super) fn text(&self) -> Option<&str> {
        let of_template = || self.payloads().find_map(|payload| payload["text"].as_str());
        self.text.as_deref().or_else(of_template)
    }

    pub(super) fn quick_replies(&self) -> Vec<&str> {
        titles(self.quick_replies.iter())
    }

    /// The titles of its template's buttons, those of its cards among them.
    pub(super) fn buttons(&self) -> Vec<&str> {
        titles(self.every_button())
    }

    /// The titles of its template's cards.
    pub(super) fn elements(&self) -> Vec<&str> {
        titles(self.payloads().flat_map(|payload| list(&payload["elements"])))
    }

    pub(super) fn template(&self) -> Option<&str> {
        self.payloads().find_map(|payload| payload["template_type"].as_str())
    }

    /// The types of its attachments.
    pub(super) fn attachments(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().filter_map(|attachment| attachment["type"].as_str())
    }

    /// Where its attachments come from.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        self.payloads().filter_map(|payload| payload["url"].as_str())
    }

    /// What can be tapped under this title.
    pub(super) fn offer(&self, title: &str) -> Option<Offer<'_>> {
        let titled = |offer: &&Value| offer["title"] == title;
        let chip = self.quick_replies.iter().find(titled).map(Offer::QuickReply);
        chip.or_else(|| self.every_button().find(titled).map(Offer::Button))
    }

    fn every_button(&self) -> impl Iterator<Item = &Value> {
        self.payloads().flat_map(|payload| list(&payload["buttons"]).chain(buttons_of_cards(payload)))
    }

    fn payloads(&self) -> impl Iterator<Item = &Value> {
        self.attachments.iter().map(|attachment| &attachment["payload"])
    }
}

/// On one line: what it is, its text, its `{cards}`, its `(buttons)` and its `[quick replies]`.
impl fmt::Display for Said {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = Vec::new();
        for attachment in &self.attachments {
            words.push(plain(attachment["type"].as_str().unwrap_or("attachment")));
            let payload = &attachment["payload"];
            words.extend(["template_type", "url"].iter().filter_map(|key| payload[key].as_str()).map(plain));
        }
        words.extend(self.text().map(quoted));
        words.extend(self.elements().iter().map(|title| card(title)));
        words.extend(self.buttons().iter().map(|title| button(title)));
        words.extend(self.quick_replies().iter().map(|title| chip(title)));
        if words.is_empty() { out.write_str("nothing that can be shown") } else { out.write_str(&words.join(" ")) }
    }
}

pub(super) fn card(title: &str) -> String {
    format!("{{{}}}", plain(title))
}

pub(super) fn button(title: &str) -> String {
    format!("({})", plain(title))
}

pub(super) fn chip(title: &str) -> String {
    format!("[{}]", plain(title))
}

/// A text as it would stand in a script.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{}\"", plain(&escaped))
}

/// Without what a terminal would obey, and on one line.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { shown.extend(letter.escape_default()) } else { shown.push(letter) }
    }
    shown
}

fn titles<'a>(offers: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    offers.filter_map(|offer| offer["title"].as_str()).collect()
}

fn buttons_of_cards(payload: &Value) -> impl Iterator<Item = &Value> {
    list(&payload["elements"]).flat_map(|card| list(&card["buttons"]))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
