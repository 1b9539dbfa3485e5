//! `graph.*`: where Meta's Graph API is.

use std::time::Duration;

use super::reader::Reader;
use super::value::BaseUrl;

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
            url: reader.required::<BaseUrl>("graph.url").0,
            instagram_url: reader.required::<BaseUrl>("graph.instagram_url").0,
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

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}
