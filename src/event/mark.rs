//! What a server of this kind writes into the `metadata` of its sends, by which it knows their echoes.

use crate::id::SendId;

const PREFIX: &str = "rejoinder:";

/// Meta takes less than this many characters of metadata.
const LIMIT: usize = 1000;

/// Whose send it was, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the store that planned it.
    pub store: String,
    /// The send.
    pub send: SendId,
    /// The start of the server under which it left; `None` in marks that older releases wrote.
    pub epoch: Option<String>,
}

impl Mark {
    /// `rejoinder:<store>:<send>.<epoch>`, and the author's own metadata behind another colon where both fit.
    pub fn write(&self, authors: Option<&str>) -> String {
        let mut mark = format!("{PREFIX}{}:{}", self.store, self.send);
        if let Some(epoch) = &self.epoch {
            mark.push('.');
            mark.push_str(epoch);
        }
        match authors {
            Some(authors) if mark.len() + 1 + authors.chars().count() < LIMIT => format!("{mark}:{authors}"),
            _ => mark,
        }
    }

    /// Takes the mark off, where there is one: what is left is the author's.
    pub fn take(metadata: &mut Option<String>) -> Option<Mark> {
        let text = metadata.as_deref()?.strip_prefix(PREFIX)?;
        let mut parts = text.splitn(3, ':');
        let (store, send) = (parts.next()?, parts.next()?);
        let (send, epoch) = send.split_once('.').map_or((send, None), |(send, epoch)| (send, Some(epoch)));
        let mark = Mark { store: store.to_owned(), send: send.parse().ok()?, epoch: epoch.map(str::to_owned) };
        *metadata = parts.next().map(str::to_owned);
        Some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_gets_back_what_the_author_wrote() {
        let mark = Mark { store: "7f3a".into(), send: SendId(18), epoch: Some("c0ffee11".into()) };
        let older = Mark { epoch: None, ..mark.clone() };
        for authors in [None, Some("ticket=9"), Some("a:b:c"), Some("1.2:3")] {
            for mark in [&mark, &older] {
                let mut metadata = Some(mark.write(authors));
                assert_eq!(Mark::take(&mut metadata).as_ref(), Some(mark));
                assert_eq!(metadata.as_deref(), authors);
            }
        }
        assert_eq!(mark.write(Some("x")), "rejoinder:7f3a:18.c0ffee11:x");
        assert_eq!(older.write(Some("x")), "rejoinder:7f3a:18:x");
        assert!(mark.write(Some(&"x".repeat(999))).len() < LIMIT);
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in ["ticket=9", "rejoinder:", "rejoinder:7f3a", "rejoinder:7f3a:x", ""] {
            let mut metadata = Some(text.to_owned());
            assert_eq!(Mark::take(&mut metadata), None);
            assert_eq!(metadata.as_deref(), Some(text));
        }
    }
}
