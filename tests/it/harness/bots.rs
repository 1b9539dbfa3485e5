//! Handlers for tests.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use rejoinder::{Context, Event, Handler, Observation};

/// Does as it is told: `fail`, `fail: ` with the words of its error, `panic`, `never`, `block`, `count`; to the rest it says `ok`.
#[derive(Clone, Default)]
pub struct Obedient {
    pub gate: Arc<Gate>,
    pub seen: Arc<Mutex<Vec<String>>>,
}

impl Handler for Obedient {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let Event::Message(message) = event else { return Ok(()) };
        let text = message.text().unwrap_or_default().to_owned();
        self.seen.lock().expect("a list").push(format!("{text} {}", ctx.attempt()));
        match text.as_str() {
            "fail" => {
                ctx.reply("never said");
                anyhow::bail!("told to");
            }
            "fail once" if ctx.attempt() == 1 => anyhow::bail!("told to"),
            text if text.starts_with("fail: ") => anyhow::bail!("{text}"),
            "panic" => panic!("told to"),
            "never" => std::future::pending().await,
            "block" => self.gate.wait(),
            "count" => {
                let count = ctx.state::<u32>()?.unwrap_or(0) + 1;
                ctx.set_state(&count)?;
                ctx.reply(count.to_string());
                return Ok(());
            }
            _ => {}
        }
        ctx.reply("ok");
        Ok(())
    }

    async fn observe(&self, ctx: &mut Observation, event: &Event) -> anyhow::Result<()> {
        let person = ctx.person().map(ToString::to_string).unwrap_or_default();
        self.seen.lock().expect("a list").push(format!("observed {} of {person}", event.kind()));
        Ok(())
    }
}

/// Holds threads until it is opened.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn open(&self) {
        *self.open.lock().expect("a gate") = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        let mut open = self.open.lock().expect("a gate");
        while !*open {
            open = self.opened.wait(open).expect("a gate");
        }
    }
}

/// Answers with what came before in the conversation, to show order.
#[derive(Default)]
pub struct Memory {
    pub said: Mutex<HashMap<String, Vec<String>>>,
}

impl Handler for Memory {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let Event::Message(message) = event else { return Ok(()) };
        let person = ctx.person().map(ToString::to_string).unwrap_or_default();
        let text = message.text().unwrap_or_default().to_owned();
        self.said.lock().expect("a map").entry(person).or_default().push(text.clone());
        ctx.reply(format!("{text}.1"));
        ctx.typing();
        ctx.reply(format!("{text}.2"));
        Ok(())
    }
}
