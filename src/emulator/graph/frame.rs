//! What the limits of a message depend on besides the message.

use crate::clock::Timestamp;

use super::super::setup::Templates;
use super::super::uploads::Uploads;
use super::super::world::Platform;
use super::fields::File;

/// Where and how a message goes, as far as its form depends on it.
pub(super) struct Frame<'a> {
    pub(super) platform: Platform,
    /// The account, by its place in the world.
    pub(super) account: usize,
    /// What the account has uploaded.
    pub(super) uploads: &'a Uploads,
    /// The file that came with the message.
    pub(super) file: Option<&'a File>,
    /// The utility templates that Meta has approved.
    pub(super) templates: &'a Templates,
    /// It goes as a utility message.
    pub(super) is_utility: bool,
    /// Files can be fetched from this machine and its network.
    pub(super) local_media: bool,
    pub(super) now: Timestamp,
}
