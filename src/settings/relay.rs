//! `relay.*`, `accounts.<name>.relay.*`: a bot behind HTTP.

use super::reader::Reader;
use super::value::{Address, RawValue, Setting, words};
use crate::secret::Secret;

/// A bot behind HTTP, common to the accounts that name no other.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where it answers.
    pub url: Option<String>,
    /// What requests to it are signed with: `whsec_…`.
    pub secret: Option<Secret>,
    /// Which events it is told of.
    pub kinds: Option<RelayKinds>,
    /// The longest answer that is read, in bytes.
    pub max_answer: usize,
}

/// What an account says of a relay of its own.
#[derive(Clone, Debug, Default)]
pub struct OwnRelay {
    /// Where it answers.
    pub url: Option<String>,
    /// What requests to it are signed with: `whsec_…`.
    pub secret: Option<Secret>,
    /// Which events it is told of.
    pub kinds: Option<RelayKinds>,
}

/// Which events a relay is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayKinds {
    /// Those that may be answered.
    Acts,
    /// Every event.
    All,
}

words!(RelayKinds { "acts" => RelayKinds::Acts, "all" => RelayKinds::All });

impl Relay {
    pub(super) fn read(reader: &mut Reader) -> Relay {
        let OwnRelay { url, secret, kinds } = OwnRelay::read(reader, "relay");
        Relay { url, secret, kinds, max_answer: reader.required("relay.max_answer") }
    }
}

impl OwnRelay {
    pub(super) fn read(reader: &mut Reader, prefix: &str) -> OwnRelay {
        let relay = OwnRelay {
            url: reader.optional::<Address>(&format!("{prefix}.url")).map(|url| url.0),
            secret: reader.secret(&format!("{prefix}.secret")),
            kinds: reader.optional(&format!("{prefix}.kinds")),
        };
        if relay.secret.as_ref().is_some_and(|secret| !is_standard(secret)) {
            reader.fault(
                &format!("{prefix}.secret"),
                "is not a secret of the Standard Webhooks form",
                "it is whsec_ and the base64 of 24 to 64 random bytes",
            );
        }
        relay
    }
}

fn is_standard(secret: &Secret) -> bool {
    let secret = secret.expose();
    secret.starts_with("whsec_") && standardwebhooks::Webhook::new(secret).is_ok()
}
