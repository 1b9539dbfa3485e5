//! The id of an earlier upload, in place of a file.

use super::super::uploads::MediaKind;
use super::error::GraphError;
use super::frame::Frame;
use super::part::Part;

/// Refuses an id that was not handed out to the account for this kind of file.
pub(super) fn check_id(id: &Part<'_>, kind: MediaKind, frame: &Frame<'_>) -> Result<(), GraphError> {
    let given = id.name()?;
    if !frame.uploads.is_valid(frame.account, &given, frame.now) {
        let message = "The attachment does not exist, has expired, or belongs to another account";
        return Err(id.refuse(format!("is invalid: {message}")).with(2_018_074));
    }
    if frame.uploads.kind(frame.account, &given) != Some(kind) {
        return Err(mismatch(id));
    }
    Ok(())
}

/// The refusal of a file of another kind than it is sent as.
pub(super) fn mismatch(at: &Part<'_>) -> GraphError {
    let message = format!("Upload attachment failure: the type of the file in {} does not match", at.at);
    GraphError::parameter(message).with(2_018_047)
}
