//! What is our own: the note in `message.metadata` by which the echo of our send is recognised, and our app's ids.

use crate::id::{AppId, SendId};

/// Meta takes less than this many characters of metadata.
const LIMIT: usize = 1000;

/// Tells our own sends from those of others. The store's name is random, so that a new file beside old echoes takes none
/// of them for its own.
#[derive(Debug)]
pub(super) struct Own {
    prefix: String,
    apps: Vec<AppId>,
}

impl Own {
    pub(super) fn new(store: &str, apps: Vec<AppId>) -> Own {
        Own { prefix: format!("rejoinder:{store}:"), apps }
    }

    /// `rejoinder:<store>:<send>`, and the author's own metadata behind another colon where both fit.
    pub(super) fn metadata(&self, send: SendId, authors: Option<&str>) -> String {
        let marker = format!("{}{send}", self.prefix);
        match authors {
            Some(authors) if marker.len() + 1 + authors.chars().count() < LIMIT => format!("{marker}:{authors}"),
            _ => marker,
        }
    }

    /// The send that this metadata names, where it is one of ours.
    pub(super) fn send_of(&self, metadata: &str) -> Option<SendId> {
        metadata.strip_prefix(&self.prefix)?.split(':').next()?.parse().ok()
    }

    /// Whether an app is certainly not ours. Where our ids are not configured, no app is.
    pub(super) fn is_another_app(&self, app: &AppId) -> bool {
        !self.apps.is_empty() && !self.apps.contains(app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_recognises_its_own_marks_and_no_others() {
        let ours = Own::new("7f3a", Vec::new());
        let theirs = Own::new("90bc", Vec::new());
        for authors in [None, Some("ticket=9"), Some("a:b:c")] {
            assert_eq!(ours.send_of(&ours.metadata(SendId(18), authors)), Some(SendId(18)));
            assert_eq!(ours.send_of(&theirs.metadata(SendId(18), authors)), None);
        }
        assert_eq!(ours.send_of("ticket=9"), None);
        assert_eq!(ours.metadata(SendId(1), Some("x")), "rejoinder:7f3a:1:x");
        assert!(ours.metadata(SendId(1), Some(&"x".repeat(999))).len() < LIMIT);
    }

    #[test]
    fn another_app_is_one_that_is_not_configured() {
        let own = Own::new("7f3a", vec![AppId::new("555"), AppId::new("777")]);
        assert!(own.is_another_app(&AppId::new("263902037430900")));
        assert!(!own.is_another_app(&AppId::new("777")));
        assert!(!Own::new("7f3a", Vec::new()).is_another_app(&AppId::new("263902037430900")));
    }
}
