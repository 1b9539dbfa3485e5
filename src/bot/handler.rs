//! The trait that is a bot.

use std::future::Future;

use super::{Context, Interest, Observation};
use crate::event::Event;

/// A bot.
///
/// Events of one conversation come one after the other, in the order in which Meta delivered them; conversations run side
/// by side. Everything said through the context is kept and sent once the method has returned `Ok`. After an error, a panic
/// or the deadline nothing of it is, and the same event comes again.
///
/// ```
/// use rejoinder::{Context, Event, Handler};
///
/// pub struct Shop;
///
/// impl Handler for Shop {
///     async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
///         match event {
///             Event::Message(message) if message.text() == Some("hours") => ctx.reply("9 to 5, every day."),
///             Event::Postback(postback) if postback.payload == "GET_STARTED" => ctx.reply("Hello! Ask me for our hours."),
///             _ => ctx.reply("Sorry, I did not get that."),
///         };
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "implement `rejoinder::Handler` for it: one method, `async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()>`"
)]
pub trait Handler: Send + Sync + 'static {
    /// Answers what a person did.
    ///
    /// # Errors
    ///
    /// An error makes the event come again, with growing pauses, until it is given up as dead.
    fn handle(&self, ctx: &mut Context, event: &Event) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Observes what cannot be answered: echoes of others, receipts, what happens while another app owns the conversation.
    /// Does nothing unless overridden.
    ///
    /// # Errors
    ///
    /// As in [`handle`](Handler::handle).
    fn observe(&self, ctx: &mut Observation, event: &Event) -> impl Future<Output = anyhow::Result<()>> + Send {
        let _ = (ctx, event);
        async { Ok(()) }
    }

    /// Which events it is given. A handler that leaves [`observe`](Handler::observe) as it is says `Interest::Acts`: receipts and
    /// echoes then cost hardly anything.
    fn interest(&self) -> Interest {
        Interest::Everything
    }
}
