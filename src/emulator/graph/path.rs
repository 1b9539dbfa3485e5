//! The path of a call: which version of the API answers, and what follows.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/guides/versioning>

use super::super::version::VERSION;

/// The versions that can be called, oldest first.
const USABLE: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", VERSION];

/// The version, and the segments after it. What looks like a version and is none stays a segment, where nothing is.
pub(super) fn read(path: &str) -> (&'static str, Vec<String>) {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let named = segments.peek().and_then(|first| version(first));
    if named.is_some() {
        segments.next();
    }
    (named.unwrap_or(VERSION), segments.map(str::to_owned).collect())
}

/// A version that has ended is answered by the oldest that has not.
fn version(named: &str) -> Option<&'static str> {
    let (major, minor) = named.strip_prefix('v')?.split_once('.')?;
    let (major, minor) = (major.parse::<u8>().ok()?, minor.parse::<u8>().ok()?);
    let usable = USABLE.into_iter().find(|usable| *usable == named);
    usable.or_else(|| (major < 21 && minor < 100).then_some(USABLE[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_version_or_not() {
        let check = |path: &str, version: &str, rest: &[&str]| {
            let (found, segments) = read(path);
            assert_eq!(
                (found, segments.iter().map(String::as_str).collect::<Vec<_>>()),
                (version, rest.to_vec()),
                "{path}"
            );
        };
        check("/v24.0/me/messages", "v24.0", &["me", "messages"]);
        check("/me/messages/", "v26.0", &["me", "messages"]);
        check("/v2.12/me", "v21.0", &["me"]);
        check("/v99.0/me", "v26.0", &["v99.0", "me"]);
        check("/v26.0/", "v26.0", &[]);
        check("/vat.0/me", "v26.0", &["vat.0", "me"]);
        check("/", "v26.0", &[]);
    }
}
