//! What the server does beside deliveries, handlers and sends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::dispatch::Audience;
use crate::settings;
use crate::store::KeepSince;
use crate::telemetry::Metrics;

/// Often, so that each time there is little to delete.
const PRUNE_EVERY: Duration = Duration::from_secs(10);

/// A server that is restarted again and again does not spend Meta's allowance on its tokens.
const INSPECT_AFTER: Duration = Duration::from_secs(1);

/// Returns when the store's writer ends before it should.
pub(super) async fn watch(store: Conversations, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = store.ended() => tracing::error!("the store's writer has ended"),
    }
}

/// Tells the store when the machine's clock is set back, until `stop`.
pub(super) async fn follow(clock: Clock, store: Conversations, stop: CancellationToken) {
    let mut set_backs = clock.set_backs();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            by = set_backs.next() => {
                tracing::warn!(seconds = by.as_secs(), "the machine's clock was set back; waits go on as they were");
                store.clock_was_set_back(by, clock.now()).await;
            }
        }
    }
}

/// Tells the operator once of each access token that is dead or expires soon. The tokens of invented people are the emulator's.
pub(super) async fn inspect(audience: Audience, accounts: Accounts, clock: Clock, stop: CancellationToken) {
    let inspect = async {
        clock.sleep(INSPECT_AFTER).await;
        accounts.inspect_tokens().await;
    };
    if audience == Audience::Real {
        stop.run_until_cancelled(inspect).await;
    }
    stop.cancelled().await;
}

/// Forgets what has outlived its keeping time, in small steps, until `stop`.
pub(super) async fn prune(
    store: Conversations,
    settings: settings::Store,
    clock: Clock,
    metrics: Metrics,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(PRUNE_EVERY) => {}
        }
        metrics.upkeep();
        let now = clock.now();
        let before = KeepSince { events: now - settings.keep_events, keys: now - settings.keep_keys };
        // What a stop leaves is deleted after the next start.
        if let Some(Err(error)) = stop.run_until_cancelled(store.prune(before, now)).await {
            tracing::warn!(%error, "old events could not be deleted yet");
        }
    }
}
