//! A value that must not be seen: it has no way into a log line, an error or an answer.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// An app secret, an access token, a verify token. `Debug` prints a placeholder; there is no `Display`, no `Serialize`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the value out of sight.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(SecretString::from(value.into()))
    }

    /// The value itself, for the one place that signs, compares or sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

/// How many characters of a token are shown, and how long it must be for that.
const SHOWN: usize = 4;
const LONG: usize = 8;

/// A token as an operator may see it: its last four characters, by which two of them are told apart. Of a short one nothing is
/// shown.
pub fn masked(token: &str) -> String {
    let length = token.chars().count();
    let shown: String = if length < LONG { String::new() } else { token.chars().skip(length - SHOWN).collect() };
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some([secret])");
    }

    #[test]
    fn a_masked_token_shows_its_end_where_that_gives_nothing_away() {
        assert_eq!(masked("6012345678901a1b2"), "…a1b2");
        assert_eq!(masked("ööööööäß"), "…ööäß");
        assert_eq!(masked("hunter2"), "…");
    }
}
