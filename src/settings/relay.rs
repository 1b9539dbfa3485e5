//! `relay.*`, `accounts.<name>.relay.*`: a bot behind HTTP.

use super::reader::Reader;
use super::value::{BaseUrl, Given, Setting, words};
use crate::secret::Secret;

/// A bot behind HTTP.
#[derive(Clone, Debug, Default)]
pub struct Relay {
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
    pub(super) fn read(reader: &mut Reader, prefix: &str) -> Relay {
        let relay = Relay {
            url: reader.optional::<BaseUrl>(&format!("{prefix}.url")).map(|url| url.0),
            secret: reader.secret(&format!("{prefix}.secret")),
            kinds: reader.optional(&format!("{prefix}.kinds")),
        };
        if relay.secret.as_ref().is_some_and(|secret| !secret.expose().starts_with("whsec_")) {
            reader.fault(
                &format!("{prefix}.secret"),
                "is not a secret of the Standard Webhooks form",
                "it is whsec_ and the base64 of 24 to 64 random bytes",
            );
        }
        relay
    }
}
