//! `none`: for accounts that people answer. Events are kept and shown, nothing is said.

use crate::{Context, Event, Handler, Interest};

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct None;

impl Handler for None {
    async fn handle(&self, _: &mut Context, _: &Event) -> anyhow::Result<()> {
        Ok(())
    }

    fn interest(&self) -> Interest {
        Interest::Nothing
    }
}
