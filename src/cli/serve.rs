//! `rejoinder serve`: the server, from settings.

use anyhow::ensure;

use super::settings_args::SettingsArgs;
use super::signals::Shutdown;
use crate::app::App;
use crate::bot::Handlers;
use crate::clock::Clock;
use crate::settings::Settings;

pub(super) async fn run(args: &SettingsArgs, handlers: Handlers) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen()?;
    let settings = Settings::load(&args.sources(), &handlers.names())?;
    if settings.accounts.is_empty() {
        tracing::warn!("no account is configured: events are kept, and nobody answers them");
    }
    let app = tokio::select! {
        app = App::start(settings, &handlers, Clock::system()) => app?,
        () = shutdown.requested() => return Ok(()),
    };
    let failed = tokio::select! {
        () = shutdown.requested() => false,
        () = app.failed() => true,
    };
    app.stop().await;
    ensure!(!failed, "a part of the server has ended unexpectedly");
    Ok(())
}
