//! What an account's bot says of its own accord: that it is a bot, and something where its handler has nothing to say.

use std::time::Duration;

use crate::conversations::Conversations;
use crate::message::{Message, Recipient, Request};
use crate::policy::{disclosure, responsiveness};
use crate::settings;
use crate::store::{AutomaticReplies, DisclosureMessage};

/// The words of one account, as far as its bot owes any.
#[derive(Debug)]
pub(super) struct AutomaticReplySettings {
    disclosure: Option<(String, Duration)>,
    fallback: Option<String>,
}

impl AutomaticReplySettings {
    pub(super) fn of(account: &settings::Account) -> AutomaticReplySettings {
        let settings::Disclosure { enabled, text, after } = &account.disclosure;
        let discloses = disclosure::applies(account.bot, *enabled);
        let answers = responsiveness::applies(account.bot);
        AutomaticReplySettings {
            disclosure: discloses.then(|| (text.clone(), *after)),
            fallback: answers.then(|| account.fallback.clone()),
        }
    }

    /// Whether the bot owes answers.
    pub(super) fn owes_answers(&self) -> bool {
        self.fallback.is_some()
    }

    /// The message by which the bot discloses itself to `recipient`. Its id comes before those of the words behind it.
    pub(super) fn disclosing(&self, recipient: &Recipient, store: &Conversations) -> Option<DisclosureMessage> {
        let (text, after) = self.disclosure.as_ref()?;
        let request = Request::message(recipient.clone(), Message::text(text));
        Some(DisclosureMessage { send: store.next_send_id(), request, after: *after })
    }

    /// The fallback to `recipient`.
    pub(super) fn fallback(
        &self,
        recipient: &Recipient,
        disclosing: Option<DisclosureMessage>,
        store: &Conversations,
    ) -> AutomaticReplies {
        let fallback = self
            .fallback
            .as_ref()
            .map(|text| (store.next_send_id(), Request::message(recipient.clone(), Message::text(text))));
        AutomaticReplies { disclosing, fallback }
    }
}
