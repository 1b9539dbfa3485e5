//! What a script wants to hear.

use std::fmt;

use regex::Regex;

use super::said::{Said, button, card, chip, plain, quoted};

/// The keys of a message that is described by more than its text.
pub(super) const KEYS: &[&str] =
    &["text", "matches", "quick_replies", "template", "elements", "buttons", "attachment", "url"];

/// One message. What is not given is not looked at.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// The whole text, or that of the template.
    pub(super) text: Option<String>,
    /// Found in the text.
    pub(super) matches: Option<Regex>,
    /// All titles, in order.
    pub(super) quick_replies: Option<Vec<String>>,
    /// The template's type.
    pub(super) template: Option<String>,
    /// The titles of all cards, in order.
    pub(super) elements: Option<Vec<String>>,
    /// The titles of all buttons, in order.
    pub(super) buttons: Option<Vec<String>>,
    /// The type of an attachment.
    pub(super) attachment: Option<String>,
    /// Where an attachment comes from.
    pub(super) url: Option<String>,
}

impl Expected {
    /// A message of this text.
    pub(super) fn text(text: &str) -> Expected {
        Expected { text: Some(text.to_owned()), ..Expected::default() }
    }

    /// Whether a message is what is wanted.
    pub(super) fn is(&self, said: &Said) -> bool {
        fn holds<T: ?Sized>(wanted: Option<&T>, check: impl Fn(&T) -> bool) -> bool {
            wanted.is_none_or(check)
        }
        holds(self.text.as_ref(), |text| said.text() == Some(text))
            && holds(self.matches.as_ref(), |pattern| said.text().is_some_and(|text| pattern.is_match(text)))
            && holds(self.quick_replies.as_ref(), |titles| said.quick_replies() == *titles)
            && holds(self.template.as_ref(), |name| said.template() == Some(name))
            && holds(self.elements.as_ref(), |titles| said.elements() == *titles)
            && holds(self.buttons.as_ref(), |titles| said.buttons() == *titles)
            && holds(self.attachment.as_ref(), |kind| said.attachments().any(|had| had == kind))
            && holds(self.url.as_ref(), |url| said.urls().any(|had| had == url))
    }
}

/// In the words in which [`Said`] is shown, so that the two can be laid beside each other. `[]` is: no quick replies.
impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.attachment.as_deref().map(plain));
        words.extend(self.template.as_deref().map(|name| format!("template {}", plain(name))));
        words.extend(self.url.as_deref().map(plain));
        words.extend(self.text.as_deref().map(quoted));
        words.extend(self.matches.as_ref().map(|pattern| format!("/{}/", plain(pattern.as_str()))));
        words.extend(titles(self.elements.as_ref(), card));
        words.extend(titles(self.buttons.as_ref(), button));
        words.extend(titles(self.quick_replies.as_ref(), chip));
        out.write_str(&words.join(" "))
    }
}

fn titles(titles: Option<&Vec<String>>, shown: fn(&str) -> String) -> Option<String> {
    let titles = titles?;
    if titles.is_empty() {
        return Some(shown(""));
    }
    Some(titles.iter().map(|title| shown(title)).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(content: Value) -> Said {
        let mut message = json!({"mid": "m_1", "from": "business", "at": 0});
        for (key, value) in content.as_object().expect("an object") {
            message[key] = value.clone();
        }
        serde_json::from_value(message).expect("a message")
    }

    fn titles(titles: &[&str]) -> Option<Vec<String>> {
        Some(titles.iter().map(|&title| title.to_owned()).collect())
    }

    #[test]
    fn each_key_is_looked_at_by_itself() {
        let chips = said(json!({"text": "Which size?", "quick_replies": [{"title": "S"}, {"title": "L"}]}));
        let image = said(json!({"attachments": [{"type": "image", "payload": {"url": "https://a/b.png"}}]}));
        let buttons = said(json!({"attachments": [{"type": "template", "payload":
            {"template_type": "button", "text": "Pick", "buttons": [{"title": "A", "payload": "1"}]}}]}));
        let cards = said(json!({"attachments": [{"type": "template", "payload": {"template_type": "generic",
            "elements": [{"title": "Cup", "buttons": [{"title": "Buy"}]}, {"title": "Mug"}]}}]}));
        let all = [&chips, &image, &buttons, &cards];
        let any = Expected::default;
        let check = |expected: Expected, fits: &Said| {
            let fitting = all.iter().filter(|said| expected.is(said)).map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(fitting, [fits.to_string()], "{expected}");
        };
        let text = |text: &str| Expected::text(text);
        let pattern = |pattern: &str| Expected { matches: Some(Regex::new(pattern).expect("a pattern")), ..any() };
        check(text("Which size?"), &chips);
        check(text("Pick"), &buttons);
        check(pattern("^Which .*[?]$"), &chips);
        check(Expected { quick_replies: titles(&["S", "L"]), ..any() }, &chips);
        check(Expected { template: Some("generic".into()), ..any() }, &cards);
        check(Expected { elements: titles(&["Cup", "Mug"]), ..any() }, &cards);
        check(Expected { buttons: titles(&["A"]), ..any() }, &buttons);
        check(Expected { buttons: titles(&["Buy"]), ..any() }, &cards);
        check(Expected { attachment: Some("image".into()), ..any() }, &image);
        check(Expected { url: Some("https://a/b.png".into()), ..any() }, &image);
        for near in [
            text("Which size"),
            Expected { quick_replies: titles(&["S"]), ..any() },
            Expected { quick_replies: titles(&[]), ..text("Which size?") },
            Expected { template: Some("list".into()), ..any() },
        ] {
            assert!(!all.iter().any(|said| near.is(said)), "{near}");
        }
    }

    #[test]
    fn what_is_wanted_and_what_was_said_are_shown_alike() {
        let message = said(json!({"text": "Which \"size\"?\n\u{1b}[2J", "quick_replies": [{"title": "S"}]}));
        let expected = Expected { quick_replies: titles(&["S"]), ..Expected::text("Which \"size\"?\n\u{1b}[2J") };
        assert_eq!(message.to_string(), r#""Which \"size\"?\n\u{1b}[2J" [S]"#);
        assert_eq!(expected.to_string(), message.to_string());
        let cards = said(json!({"attachments": [{"type": "template", "payload": {"template_type": "generic",
            "elements": [{"title": "Cup", "buttons": [{"title": "Buy"}]}]}}]}));
        let expected = Expected {
            template: Some("generic".into()),
            elements: titles(&["Cup"]),
            buttons: titles(&["Buy"]),
            ..Expected::default()
        };
        assert_eq!(cards.to_string(), "template generic {Cup} (Buy)");
        assert_eq!(expected.to_string(), cards.to_string());
    }
}
