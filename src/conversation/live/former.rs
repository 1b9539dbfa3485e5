//! A conversation as an older release kept it, made an image.

use std::time::Duration;

use super::disclosure::Said;
use super::heard::Heard;
use super::image::{Image, SendImage};
use super::owner::Owner;
use super::send::MessageHash;
use super::wait::Wait;
use crate::clock::Timestamp;
use crate::id::{AppId, EventId, SendId};

/// What an older release kept of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Former {
    pub(crate) last_event: Option<i64>,
    pub(crate) last_send: Option<i64>,
    pub(crate) last_event_at: Option<Timestamp>,
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) window: Option<(Timestamp, String)>,
    pub(crate) owner: Option<String>,
    pub(crate) owner_at: Option<Timestamp>,
    pub(crate) said_at: Option<Timestamp>,
    pub(crate) disclosed_by: Option<i64>,
    pub(crate) disclosed_at: Option<Timestamp>,
    pub(crate) silence: Duration,
    pub(crate) others_spoke: bool,
    pub(crate) has_state: bool,
    pub(crate) has_messages: bool,
    pub(crate) last_foreign_echo: Option<i64>,
    /// In the order of their plan.
    pub(crate) sends: Vec<FormerSend>,
    pub(crate) queue: Vec<i64>,
    pub(crate) held: Vec<Vec<i64>>,
    pub(crate) waits: Vec<FormerWait>,
}

/// A send of it.
#[derive(Clone, Debug)]
pub(crate) struct FormerSend {
    pub(crate) id: i64,
    /// Whether a row says the rest.
    pub(crate) is_whole: bool,
    pub(crate) event: Option<i64>,
    pub(crate) turn: i64,
    pub(crate) is_by_agent: bool,
    pub(crate) is_said: bool,
    pub(crate) message: Option<MessageHash>,
}

/// A wait for an answer in it, which is not as it was when it began.
#[derive(Clone, Debug)]
pub(crate) struct FormerWait {
    pub(crate) event: i64,
    pub(crate) happened_at: Timestamp,
    pub(crate) by: Option<Timestamp>,
    pub(crate) was_by: Option<Timestamp>,
    pub(crate) answered_by: Option<i64>,
    pub(crate) is_restored: bool,
    /// Whether the event has ended, and well.
    pub(crate) ended_well: Option<bool>,
}

impl Former {
    /// Its image.
    pub(crate) fn image(self) -> Image {
        let sends = self.sends.into_iter().map(|send| match send.is_whole {
            true => SendImage::Whole(send.id),
            false => {
                SendImage::Past(send.id, send.event, send.turn, send.is_by_agent, send.is_said, send.message, None)
            }
        });
        let waits = self.waits.into_iter().map(|wait| {
            let FormerWait { event, happened_at, by, was_by, answered_by, is_restored, ended_well } = wait;
            Wait::former(EventId(event), happened_at, (by, was_by), answered_by.map(SendId), is_restored, ended_well)
        });
        Image {
            arrived_until: self.last_event,
            last_event: self.last_event,
            last_send: self.last_send,
            last_event_at: self.last_event_at,
            last_message_at: self.last_message_at,
            window: self.window,
            sends: sends.collect(),
            queue: self.queue,
            held: self.held,
            waits: waits.collect(),
            heard: Heard::former(self.last_foreign_echo.map(EventId), self.has_messages),
            said: Said {
                at: self.said_at,
                disclosed_by: self.disclosed_by.map(SendId),
                disclosed_at: self.disclosed_at,
                silence: self.silence,
                others_spoke: self.others_spoke,
            },
            owner: Owner { app: self.owner.map(AppId::new), at: self.owner_at },
            has_state: self.has_state,
            ..Image::default()
        }
    }
}
