//! `echo`: says back what it is told. For trying things out.

use crate::{Context, Event, Handler, Interest};

/// Says back the text; for a tap its title; for attachments, what came; to the rest, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Handler for Echo {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Message(message) => {
                if let Some(text) = message.text() {
                    ctx.reply(text);
                } else if !message.attachments().is_empty() {
                    let kinds: Vec<_> = message.attachments().iter().map(|one| one.kind.as_str()).collect();
                    ctx.reply(format!("I got: {}", kinds.join(", ")));
                }
            }
            Event::Postback(postback) if !postback.title.is_empty() => {
                ctx.reply(postback.title.as_str());
            }
            _ => {}
        }
        Ok(())
    }

    fn interest(&self) -> Interest {
        Interest::Acts
    }
}
