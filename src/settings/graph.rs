//! `graph.*`: where Meta's Graph API is.

use std::time::Duration;

use super::reader::Reader;
use super::value::{BaseUrl, RawValue, Setting};
use crate::host;

/// Meta's Graph API.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The host for Pages and for Instagram accounts linked to one; no closing slash.
    pub url: String,
    /// The host for Instagram accounts logged in by themselves; no closing slash.
    pub instagram_url: String,
    /// The version of the API: `v26.0`.
    pub version: String,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a call may take in all.
    pub timeout: Duration,
}

impl Graph {
    pub(super) fn read(reader: &mut Reader) -> Graph {
        let graph = Graph {
            url: reader.required::<GraphUrl>("graph.url").0,
            instagram_url: reader.required::<GraphUrl>("graph.instagram_url").0,
            version: reader.required("graph.version"),
            connect_timeout: reader.required("graph.connect_timeout"),
            timeout: reader.required("graph.timeout"),
        };
        if !is_version(&graph.version) {
            reader.fault("graph.version", format!("{:?} is not a version", graph.version), "write it as v26.0");
        }
        graph
    }
}

/// The base of a URL that tokens are sent to. Plain http stays on this machine: on the way they could be read.
struct GraphUrl(String);

impl Setting for GraphUrl {
    fn read(given: &RawValue) -> Result<GraphUrl, String> {
        let BaseUrl(url) = BaseUrl::read(given)?;
        let parsed = reqwest::Url::parse(&url).map_err(|error| error.to_string())?;
        if parsed.scheme() == "http" && !host::is_loopback(parsed.host_str().unwrap_or_default()) {
            return Err(
                "is plain http to another machine, which would carry tokens in clear: write https://".to_owned()
            );
        }
        Ok(GraphUrl(url))
    }

    fn placeholder() -> GraphUrl {
        GraphUrl(String::new())
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}
