//! A conversation as a whole, small enough to be written with each turn: all that its rows do not say.

use serde::{Deserialize, Serialize};

use super::disclosure::Said;
use super::heard::Heard;
use super::owner::Owner;
use super::send::{MessageHash, PastSend, Remembered};
use super::wait::Wait;
use crate::clock::Timestamp;
use crate::id::SendId;

/// All of a conversation that its rows do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(super) arrived_until: Option<i64>,
    pub(super) last_event: Option<i64>,
    pub(super) last_send: Option<i64>,
    pub(super) last_event_at: Option<Timestamp>,
    pub(super) last_message_at: Option<Timestamp>,
    /// When the window was opened, and by what.
    pub(super) window: Option<(Timestamp, String)>,
    /// Open events of which only their arrival is kept, each with the event before it, where that is not the open one before it.
    pub(super) previous: Vec<(i64, Option<i64>)>,
    pub(super) sends: Vec<SendImage>,
    pub(super) queue: Vec<i64>,
    pub(super) held: Vec<Vec<i64>>,
    pub(super) waits: Vec<Wait>,
    pub(super) heard: Heard,
    pub(super) said: Said,
    pub(super) owner: Owner,
    pub(super) has_state: bool,
    /// Where events wait on disk: the place of the last one in memory. The waits for answers to those on disk all stand in `waits`.
    #[serde(default)]
    pub(super) in_memory_until: Option<(i64, u32)>,
}

/// A send that the conversation remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SendImage {
    /// A row says the rest.
    Whole(i64),
    /// Its id, event and turn, whether an agent wrote it, whether Meta took it as a message, which that became, and under which start
    /// of the server it left.
    Past(i64, Option<i64>, i64, bool, bool, Option<MessageHash>, Option<u32>),
}

impl Image {
    /// The sends whose rows are needed to load it.
    pub(crate) fn named_sends(&self) -> impl Iterator<Item = SendId> {
        self.sends.iter().filter_map(|send| match send {
            SendImage::Whole(id) => Some(SendId(*id)),
            SendImage::Past(..) => None,
        })
    }

    /// Whether its handler remembers something.
    pub(crate) fn has_state(&self) -> bool {
        self.has_state
    }

    /// When something last happened in the conversation.
    pub(crate) fn last_event_at(&self) -> Option<Timestamp> {
        self.last_event_at
    }
}

impl From<&Remembered> for SendImage {
    fn from(send: &Remembered) -> SendImage {
        match send {
            Remembered::Whole(send) => SendImage::Whole(send.id.0),
            Remembered::Past(past) => {
                let PastSend { id, event, turn, is_by_agent, is_said, message, epoch } = past;
                SendImage::Past(id.0, event.map(|event| event.0), turn.0, *is_by_agent, *is_said, *message, *epoch)
            }
        }
    }
}
