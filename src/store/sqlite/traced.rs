//! The trace of an event, and of what its handler said.

use rusqlite::Row;

use crate::id::EventId;
use crate::store::Cause;
use crate::trace::Trace;

/// The trace in a column; none where the event is older than traces.
pub(super) fn trace(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Trace>> {
    Ok(row.get::<_, Option<Vec<u8>>>(column)?.as_deref().and_then(Trace::from_bytes))
}

/// The columns of a send that [`cause`] reads.
pub(super) const CAUSE: &str = "event, (SELECT trace FROM event WHERE event.id = send.event)";

/// The event whose handler said something, from the columns [`CAUSE`], of which `column` is the first.
pub(super) fn cause(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Cause>> {
    let Some(event) = row.get::<_, Option<i64>>(column)? else { return Ok(None) };
    Ok(Some(Cause { event: EventId(event), trace: trace(row, column + 1)? }))
}
