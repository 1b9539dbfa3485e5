//! An answer that is lost: the connection is closed without a byte, which a handler of the router cannot do.

use axum::body::Body;
use axum::http::Response;

/// The mark on a response that is not to be sent.
#[derive(Clone, Debug)]
pub struct NoAnswer(());

impl NoAnswer {
    /// Closes the connection instead of sending `response`.
    pub fn instead_of(mut response: Response<Body>) -> Response<Body> {
        response.extensions_mut().insert(NoAnswer(()));
        response
    }
}

/// Why the connection is closed.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost, as was asked for")]
pub(super) struct Lost;

/// The response, unless it is not to be sent.
pub(super) fn checked(response: Response<Body>) -> Result<Response<Body>, Lost> {
    if response.extensions().get::<NoAnswer>().is_some() { Err(Lost) } else { Ok(response) }
}
