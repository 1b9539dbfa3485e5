//! The version of the Graph API.

/// The one that answers where a path names none, and by which webhooks are built.
pub(super) const VERSION: &str = "v26.0";
