//! The media that Meta keeps for an account, by the ids under which it can be sent again.
//!
//! Of the files themselves nothing is kept: whoever sends one again needs its id alone.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets>

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// How long an id can be used.
const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many ids are kept; the oldest makes room.
const KEPT: usize = 10_000;

/// Ids are decimal digits, in Meta's length.
const FIRST_ID: u64 = 1_857_777_774_821_032;

/// What has been handed out, oldest first.
#[derive(Default)]
pub(super) struct Uploads {
    kept: VecDeque<Upload>,
    handed_out: u64,
}

struct Upload {
    id: String,
    account: usize,
    kind: MediaKind,
    at: Timestamp,
}

/// What a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaKind {
    Image,
    Audio,
    Video,
    File,
}

impl MediaKind {
    /// The kind of this name, as `attachment.type` has it.
    pub(super) fn named(name: &str) -> Option<MediaKind> {
        Some(match name {
            "image" => MediaKind::Image,
            "audio" => MediaKind::Audio,
            "video" => MediaKind::Video,
            "file" => MediaKind::File,
            _ => return None,
        })
    }
}

impl Uploads {
    /// Keeps a file for the account (by its place in the world) and returns the id it can be sent by.
    pub(super) fn add(&mut self, account: usize, kind: MediaKind, now: Timestamp) -> String {
        let id = (FIRST_ID + self.handed_out).to_string();
        self.handed_out += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Upload { id: id.clone(), account, kind, at: now });
        id
    }

    /// Whether the account can send what has this id.
    pub(super) fn is_valid(&self, account: usize, id: &str, now: Timestamp) -> bool {
        self.find(account, id).is_some_and(|upload| now <= upload.at + LIFE)
    }

    /// What the file with this id is sent as.
    pub(super) fn kind(&self, account: usize, id: &str) -> Option<MediaKind> {
        self.find(account, id).map(|upload| upload.kind)
    }

    /// Forgets them all. No id is handed out twice.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    fn find(&self, account: usize, id: &str) -> Option<&Upload> {
        self.kept.iter().rev().find(|upload| upload.account == account && upload.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_accounts_own_and_lives_for_ninety_days() {
        let mut uploads = Uploads::default();
        let id = uploads.add(0, MediaKind::Image, Timestamp(0));
        let last = Timestamp(0) + LIFE;
        assert!(uploads.is_valid(0, &id, last));
        assert!(!uploads.is_valid(0, &id, last + Duration::from_secs(1)));
        assert!(!uploads.is_valid(1, &id, Timestamp(0)));
        assert_eq!(uploads.kind(0, &id), Some(MediaKind::Image));
        uploads.clear();
        assert!(!uploads.is_valid(0, &id, Timestamp(0)));
        assert_ne!(uploads.add(0, MediaKind::Image, Timestamp(0)), id);
    }

    #[test]
    fn the_oldest_id_makes_room() {
        let mut uploads = Uploads::default();
        let ids: Vec<String> = (0..=KEPT).map(|_| uploads.add(0, MediaKind::File, Timestamp(0))).collect();
        assert!(!uploads.is_valid(0, &ids[0], Timestamp(0)));
        assert!(uploads.is_valid(0, &ids[1], Timestamp(0)) && uploads.is_valid(0, &ids[KEPT], Timestamp(0)));
    }
}
