//! `dispatch.*`, `sender.*`: how much at a time, how fast, how long.

use std::time::Duration;

use super::reader::Reader;
use super::retry::Retry;

/// How events are handled.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// How long an event whose handler fails is tried again.
    pub retry_for: Duration,
    /// The waits between its tries.
    pub retry: Retry,
    /// The most handlers that run at a time for one account.
    pub slots_per_account: usize,
    /// The most sends that a handler may plan for one event.
    pub max_sends: usize,
    /// The most bytes that a handler may remember of a conversation.
    pub max_state: usize,
}

impl Dispatch {
    pub(super) fn read(reader: &mut Reader) -> Dispatch {
        Dispatch {
            retry_for: reader.required("dispatch.retry_for"),
            retry: Retry::read(reader, "dispatch"),
            slots_per_account: reader.required("dispatch.slots_per_account"),
            max_sends: reader.required("dispatch.max_sends"),
            max_state: reader.required("dispatch.max_state"),
        }
    }
}

/// How sends leave.
#[derive(Clone, Debug)]
pub struct Sender {
    /// How long a send without an answer waits for its echo.
    pub echo_wait: Duration,
    /// How long a send in doubt waits for evidence.
    pub give_up_after: Duration,
    /// How often a send is tried that Meta neither takes nor refuses.
    pub attempts: u32,
    /// The waits before a send that could not leave is tried again.
    pub retry: Retry,
    /// The most sends in flight at a time for one account.
    pub slots_per_account: usize,
    /// Texts, templates and sender actions a second, for one Page.
    pub texts_per_second: usize,
    /// The same for one Instagram account.
    pub instagram_texts_per_second: usize,
    /// Sounds and videos a second, for one account.
    pub media_per_second: usize,
}

impl Sender {
    pub(super) fn read(reader: &mut Reader) -> Sender {
        Sender {
            echo_wait: reader.required("sender.echo_wait"),
            give_up_after: reader.required("sender.give_up_after"),
            attempts: u32::try_from(reader.required::<usize>("sender.attempts")).unwrap_or(u32::MAX),
            retry: Retry::read(reader, "sender"),
            slots_per_account: reader.required("sender.slots_per_account"),
            texts_per_second: reader.required("sender.texts_per_second"),
            instagram_texts_per_second: reader.required("sender.instagram_texts_per_second"),
            media_per_second: reader.required("sender.media_per_second"),
        }
    }
}
