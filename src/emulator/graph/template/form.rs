//! The form that the templates share.

use super::super::error::GraphError;
use super::super::part::Part;

/// How long a title or a subtitle may be, where nothing else is said.
pub(super) const TITLE: usize = 80;

/// Refuses properties that a template of this kind does not have, besides those that all have.
pub(super) fn only(payload: &Part<'_>, known: &[&str]) -> Result<(), GraphError> {
    payload.only(&[&["template_type", "sharable"], known].concat())
}
