//! What is kept, row by row. Nothing is decided here.

mod arrive;
mod away;
mod back;
mod file;
mod images;
mod job;
mod list;
mod load;
mod migrate;
mod on_disk;
mod posted;
mod prune;
mod queue;
mod recover;
mod row;
mod statements;
mod tables;
mod write;
mod writer;

pub(crate) use arrive::quarantined;
#[cfg(test)]
pub(crate) use arrive::{Arriving, remember};
pub(crate) use away::{Away, Due};
pub(crate) use back::Back;
pub(crate) use file::{Opening, Records};
pub(crate) use images::{Images, bring_forward, forget_images, is_known};
pub(crate) use job::{Fresh, Woken, Write};
pub(crate) use list::{
    Filter, ListedEvent, ListedSend, events, events_aside, listed, listed_one, raw, sends, sends_held,
};
#[cfg(test)]
pub(crate) use load::accounts;
pub(crate) use load::{event, giver, load, send};
pub(crate) use on_disk::from_disk;
pub(crate) use posted::{posted_before, probe};
pub(crate) use prune::{bounds, step};
#[cfg(test)]
pub(crate) use recover::{images, last_ids, left_open};
#[cfg(test)]
pub(crate) use statements::Statements;
#[cfg(test)]
pub(crate) use tables::{Marks, make};
pub(crate) use write::Aside;
#[cfg(test)]
pub(crate) use write::{Whose, account, record};
pub(crate) use writer::Happen;
