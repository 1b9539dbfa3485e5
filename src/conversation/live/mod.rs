//! A conversation that is in use: one value, and a function on it for each thing that can happen.
//!
//! - **Events** that are not done stand in [`events`](Conversation::events), the oldest in front. Only the front one is given to a
//!   handler; the others wait for it, and where they are many, on disk (`on_disk`).
//! - **Sends** stand in [`sends`](Conversation::sends), in the order in which they were planned, with the last of those that have
//!   ended. [`queue`](Conversation::queue) says in which order the open ones leave: that order is another one after a held send was
//!   released.
//! - What policy asks for (the window, the owner, the rights) and what the bot owes (disclosure, answers) stands beside them.
//!
//! A function takes a happening and the [`Scene`] and changes the value. What is to be written is collected on the way
//! ([`Changes`]) and taken once for each happening.

mod account;
mod answer;
mod arrival;
mod disclosure;
mod doubt;
mod echo;
mod ending;
mod events;
mod first_version;
mod former;
mod grant;
mod heard;
mod held;
mod image;
mod item;
mod key;
mod load;
mod on_disk;
mod outbox;
mod outcome;
mod owner;
mod post;
mod private_reply;
mod record;
mod recovery;
mod rights;
mod send;
mod set_back;
mod turn;
mod value;
mod wait;
mod weight;

pub(crate) use account::{AccountImage, AccountValue, ReplyImage};
pub(crate) use former::{Former, FormerSend, FormerWait};
pub(crate) use grant::{Grant, RightKey, Source};
pub(crate) use heard::Recognised;
pub(crate) use image::Image;
pub(crate) use item::{Arrival, Care, Item, KeptEvent, OnDisk, Place, QueuedEvent};
pub(crate) use key::{ConversationId, ConversationKey};
pub(crate) use load::Rows;
pub(crate) use on_disk::IN_MEMORY;
pub(crate) use post::PostedSends;
pub(crate) use record::{Arrived, Changes, EventRow, Record};
pub(crate) use send::{Send, SendState};
pub(crate) use turn::Failed;
pub(crate) use value::{Conversation, Scene};
