//! The fields of a log line and of its spans, without colours.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitFmt, VisitOutput};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

/// Writes fields as the default form of `tracing-subscriber` does where it has no colours. That form costs twice as much: it paints
/// each name with no colour, and a span is written for every event and every send, though few lines are logged in one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl<'writer> FormatFields<'writer> for Plain {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut written = Fields { usual: DefaultVisitor::new(writer, true), is_empty: true, result: Ok(()) };
        fields.record(&mut written);
        written.result.and(written.usual.finish())
    }
}

struct Fields<'writer> {
    usual: DefaultVisitor<'writer>,
    is_empty: bool,
    result: fmt::Result,
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name().starts_with("log.") {
            // Where a line of the crate `log` comes from. The line says so already.
        } else if field.name() == "message" {
            // The first field where there is one. What would steer a terminal is escaped in it.
            self.is_empty = false;
            self.usual.record_debug(field, value);
        } else {
            let is_first = std::mem::take(&mut self.is_empty);
            self.result = self.result.and_then(|()| written(self.usual.writer(), is_first, field.name(), value));
        }
    }
}

fn written(to: &mut dyn fmt::Write, is_first: bool, name: &str, value: &dyn fmt::Debug) -> fmt::Result {
    if !is_first {
        to.write_char(' ')?;
    }
    to.write_str(name.strip_prefix("r#").unwrap_or(name))?;
    to.write_char('=')?;
    write!(to, "{value:?}")
}
