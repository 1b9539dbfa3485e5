//! Who is tested, and how to know that nothing more comes.

use std::time::{Duration, Instant};

use crate::emulator::Emulator;
use crate::testkit::Stage;

use super::control::{Control, Lost};
use super::said::plain;
use super::script::ConversationName;

/// How often a foreign bot is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The least and the most steps in which the time of a stage passes while something is waited for.
const SHORTEST_STEP: Duration = Duration::from_secs(1);
const STEPS: u32 = 60;

/// A bot and the time it lives by.
pub(crate) enum Bot {
    /// Any server at any address. The emulator's clock runs with the machine's, as the bot's own does, and nobody can tell
    /// a bot that is thinking from one that has nothing to say.
    Foreign(Foreign),
    /// A handler of this process. The clock stands, everything that is due is known, and time passes when all is done.
    Staged(Box<Stage>),
}

/// What is known of a foreign bot.
pub(crate) struct Foreign {
    /// The Meta it talks to.
    pub(crate) emulator: Emulator,
    /// For how long it has to be silent to have nothing more to say.
    pub(crate) settle: Duration,
}

impl Bot {
    /// Lets what can happen now happen. Returns false when it does not come to an end within `patience`.
    pub(super) async fn breathe(&self, patience: Duration) -> bool {
        match self {
            Bot::Foreign(_) => true,
            Bot::Staged(stage) => stage.rests_within(patience).await,
        }
    }

    /// Lets some time pass while something is waited for, of which `left` is left of `within`.
    pub(super) async fn wait(&self, control: &Control, left: Duration, within: Duration) -> Result<(), Lost> {
        match self {
            Bot::Foreign(_) => tokio::time::sleep(LOOK_EVERY).await,
            Bot::Staged(_) => {
                let step = (within / STEPS).max(SHORTEST_STEP).min(left);
                control.advance(step).await?.expect("the clock can be moved by what a script can ask for");
            }
        }
        Ok(())
    }

    /// Waits until nothing more comes by itself: for a foreign bot as long as it is busy on the wire, shows that it is
    /// typing, or has not been silent for long enough, but no longer than `patience`. Returns false when it has not come to
    /// that.
    pub(super) async fn rest(
        &self,
        control: &Control,
        talk: &ConversationName,
        patience: Duration,
    ) -> Result<bool, Lost> {
        let foreign = match self {
            Bot::Foreign(foreign) => foreign,
            Bot::Staged(stage) => return Ok(stage.rests_within(patience).await),
        };
        let started = Instant::now();
        let (mut silent_since, mut last) = (started, last_exchange(control).await?);
        while started.elapsed() < patience {
            tokio::time::sleep(LOOK_EVERY).await;
            let newest = last_exchange(control).await?;
            if newest != last || !foreign.emulator.is_at_rest() || control.chat(talk).await?.typing {
                (last, silent_since) = (newest, Instant::now());
            } else if silent_since.elapsed() >= foreign.settle {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What its server could not do, and the wire does not show, a line each. Nothing is known of a foreign bot.
    pub(super) async fn troubles(&self) -> Vec<String> {
        match self {
            Bot::Foreign(_) => Vec::new(),
            Bot::Staged(stage) => {
                let troubles = stage.known_troubles().await.into_iter().filter(|trouble| !trouble.is_on_wire);
                troubles.map(|trouble| plain(&trouble.line)).collect()
            }
        }
    }

    /// Whether the machine's time counts for it.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self, Bot::Foreign(_))
    }
}

async fn last_exchange(control: &Control) -> Result<Option<u64>, Lost> {
    Ok(control.exchanges(1).await?.last().map(|exchange| exchange.id))
}
