//! The spans under which log lines stand: one for each try of an event, one for each try of a send.
//!
//! A line inside a span repeats none of its fields. `account` is the name in the settings, `account_id` is Meta's id.

use tracing::Span;
use tracing::field::display;

use crate::id::{EventId, SendId};
use crate::trace::Trace;

/// Lets the spans through a filter: one that leaves them out would take their fields from the lines inside. They stand at the
/// level of errors for the same reason.
pub(super) const DIRECTIVE: &str = "rejoinder::telemetry::spans=error";

/// The span of one event with its handler.
pub fn event(event: EventId, account: &str, kind: &str, attempt: u32, trace: Trace) -> Span {
    tracing::error_span!("event", account, %event, kind, attempt, %trace)
}

/// The span of one send on its way to Meta, or of a look for what became of it. `cause` is the event whose handler said it.
pub fn send(send: SendId, account: &str, attempt: u32, cause: Option<(EventId, Option<Trace>)>) -> Span {
    let event = cause.map(|(event, _)| display(event));
    let trace = cause.and_then(|(_, trace)| trace).map(display);
    tracing::error_span!("send", account, %send, attempt, event, trace)
}
