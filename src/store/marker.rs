//! The note in `message.metadata` by which we recognise the echo of our own send.

use crate::id::SendId;

/// Meta takes less than this many characters of metadata.
const LIMIT: usize = 1000;

/// Names the sends of one store. The store's name is random, so that a new file beside old echoes takes none of them for
/// its own.
#[derive(Debug)]
pub(super) struct Marker {
    prefix: String,
}

impl Marker {
    pub(super) fn of_store(name: String) -> Marker {
        Marker { prefix: format!("rejoinder:{name}:") }
    }

    /// `rejoinder:<store>:<send>`, and the author's own metadata behind another colon where both fit.
    pub(super) fn write(&self, send: SendId, own: Option<&str>) -> String {
        let marker = format!("{}{send}", self.prefix);
        match own {
            Some(own) if marker.len() + 1 + own.chars().count() < LIMIT => format!("{marker}:{own}"),
            _ => marker,
        }
    }

    pub(super) fn read(&self, metadata: &str) -> Option<SendId> {
        metadata.strip_prefix(&self.prefix)?.split(':').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_recognises_its_own_marks_and_no_others() {
        let ours = Marker::of_store("7f3a".into());
        let theirs = Marker::of_store("90bc".into());
        for own in [None, Some("ticket=9"), Some("a:b:c")] {
            assert_eq!(ours.read(&ours.write(SendId(18), own)), Some(SendId(18)));
            assert_eq!(ours.read(&theirs.write(SendId(18), own)), None);
        }
        assert_eq!(ours.read("ticket=9"), None);
        assert_eq!(ours.write(SendId(1), Some("x")), "rejoinder:7f3a:1:x");
        assert!(ours.write(SendId(1), Some(&"x".repeat(999))).len() < LIMIT);
    }
}
