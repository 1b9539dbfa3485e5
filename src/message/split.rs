//! A text longer than Meta takes, in parts.
//!
//! Meta refuses what is too long; it does not cut it. Messenger counts characters, Instagram bytes.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

use unicode_segmentation::GraphemeCursor;

/// How long a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextLimit {
    /// So many Unicode code points.
    Characters(usize),
    /// So many bytes of UTF-8.
    Bytes(usize),
}

impl TextLimit {
    /// Messenger's.
    pub const MESSENGER: TextLimit = TextLimit::Characters(2000);
    /// Instagram's.
    pub const INSTAGRAM: TextLimit = TextLimit::Bytes(1000);

    /// Whether all of `text` may be sent as one message.
    pub fn holds(self, text: &str) -> bool {
        self.end(text).is_none()
    }

    /// Where the longest beginning of `text` that may be sent ends; `None` when all of it may.
    fn end(self, text: &str) -> Option<usize> {
        match self {
            // No character takes less than a byte.
            TextLimit::Characters(most) if text.len() <= most => None,
            TextLimit::Characters(most) => text.char_indices().nth(most).map(|(end, _)| end),
            TextLimit::Bytes(most) => (text.len() > most).then(|| text.floor_char_boundary(most)),
        }
    }
}

/// The parts of `text`, each within the limit. Cut where a reader would pause: at the end of a paragraph, a line, a
/// sentence, a word; else between two characters as a person sees them.
pub(super) fn split(text: &str, limit: TextLimit) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(end) = limit.end(rest) {
        let (part, after) = rest.split_at(cut(rest, end));
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    parts.push(rest);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Where to cut, at or before `end`. A pause counts only in the second half: short parts read worse than a hard cut.
fn cut(text: &str, end: usize) -> usize {
    let (begin, half) = (&text[..end], end / 2);
    let after = |pause: &str| begin.rfind(pause).map(|at| at + pause.len()).filter(|at| *at > half);
    let pause = ["\n\n", "\n", ". ", "! ", "? ", " "].into_iter().find_map(after);
    pause.or_else(|| grapheme_boundary(text, end)).unwrap_or(end)
}

fn grapheme_boundary(text: &str, end: usize) -> Option<usize> {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    if cursor.is_boundary(text, 0).unwrap_or(true) {
        return Some(end);
    }
    cursor.prev_boundary(text, 0).ok().flatten().filter(|at| *at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, limit: TextLimit, expected: &[&str]) {
        assert_eq!(split(text, limit), expected);
    }

    #[test]
    fn texts_are_cut_where_a_reader_would_pause() {
        let ten = TextLimit::Characters(10);
        check("", ten, &[]);
        check("0123456789", ten, &["0123456789"]);
        check("0123456789a", ten, &["0123456789", "a"]);
        check("one two three four", ten, &["one two", "three four"]);
        check("First one. Second.", TextLimit::Characters(14), &["First one.", "Second."]);
        check("One two\n\nthree", ten, &["One two", "three"]);
        check("a bcdefghijklmn", ten, &["a bcdefghi", "jklmn"]);
        check("            ", ten, &[]);
    }

    #[test]
    fn what_a_person_sees_as_one_character_stays_whole() {
        check("äöüß", TextLimit::Bytes(5), &["äö", "üß"]);
        check("👩‍👩‍👧👩‍👩‍👧", TextLimit::Characters(8), &["👩‍👩‍👧", "👩‍👩‍👧"]);
        check("👩‍👩‍👧", TextLimit::Characters(3), &["👩‍👩", "\u{200d}👧"]);
    }

    #[test]
    fn every_part_is_within_the_limit_and_nothing_is_lost() {
        let text = "Grüße an alle 👩‍👩‍👧, und noch ein Satz. ".repeat(300);
        for limit in [TextLimit::MESSENGER, TextLimit::INSTAGRAM] {
            let parts = split(&text, limit);
            assert!(parts.iter().all(|part| limit.end(part).is_none() && !part.is_empty()));
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&parts.join(" ")), words(&text));
        }
    }
}
