//! Plays a script: step by step, until one fails.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::clock::Timestamp;

use super::bot::Bot;
use super::control::{Chat, Control, Done, Lost};
use super::diff::{Line, compare};
use super::expected::Expected;
use super::report::{Failure, Report};
use super::said::{Offer, Said, quoted};
use super::script::{Deed, Script, Step};
use super::verdict::{End, Waited, judge};
use super::wire::Wire;

/// Plays `script` from a world in which nothing has happened, against `bot`, for which the machine's time is `patience` at
/// each step.
///
/// # Errors
///
/// Fails when the emulator does not answer. That the bot does not do as it should is a result.
pub(crate) async fn play(script: &Script, bot: &Bot, control: &Control, patience: Duration) -> Result<Report, Lost> {
    if let Some(first) = script.steps.first() {
        // What an earlier script has left comes to its end before it is forgotten.
        bot.rest(control, &first.talk, patience).await?;
    }
    control.reset().await?;
    let mut player = Player { bot, control, patience, heard: HashMap::new(), wire: Wire::default() };
    let mut report = Report::new(&script.file, script.steps.len());
    for (at, step) in script.steps.iter().enumerate() {
        let outcome = player.step(step).await?;
        report.notes.extend(outcome.notes.into_iter().map(|line| format!("step {}: {line}", at + 1)));
        if let Some(problem) = outcome.problem {
            let (step, line, deed) = (at + 1, step.line, step.to_string());
            report.failure = Some(Failure { step, line, deed, problem, compared: outcome.compared });
            break;
        }
    }
    Ok(report)
}

struct Player<'a> {
    bot: &'a Bot,
    control: &'a Control,
    patience: Duration,
    /// The last message that was looked at, by the names of account and person.
    heard: HashMap<(String, String), String>,
    wire: Wire,
}

/// What came of a step.
#[derive(Default)]
struct Outcome {
    problem: Option<String>,
    compared: Vec<Line>,
    notes: Vec<String>,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> Result<Outcome, Lost> {
        if let Err(problem) = self.happen(step).await? {
            let notes = self.wire.trouble(self.control).await?.lines;
            return Ok(Outcome { problem: Some(problem), notes, ..Outcome::default() });
        }
        match &step.expect {
            Some(expected) => self.hear(step, expected).await,
            None => Ok(Outcome::default()),
        }
    }

    /// Lets happen what the step says. What cannot happen is told.
    async fn happen(&self, step: &Step) -> Result<Done, Lost> {
        match &step.deed {
            Deed::Act(act) => self.control.act(act.clone()).await,
            Deed::Tap(title) => self.tap(step, title).await,
            Deed::Fault(fault) => self.control.fault(fault.clone()).await,
            Deed::Advance(by) => {
                // What is under way belongs to the time before.
                self.bot.rest(self.control, &step.talk, self.patience).await?;
                self.control.advance(*by).await
            }
        }
    }

    /// Taps what is offered under this title, once it is.
    async fn tap(&self, step: &Step, title: &str) -> Result<Done, Lost> {
        let began = self.control.now().await?;
        let offered = |chat: &Chat| chat.said().any(|said| said.offer(title).is_some());
        let (chat, _) = self.watch(step, began, offered).await?;
        let how = match chat.said().rev().find_map(|said| said.offer(title)) {
            Some(Offer::QuickReply(chip)) => json!({"do": "message", "text": title, "quick_reply": chip["payload"]}),
            Some(Offer::Button(button)) if button["type"] == "postback" => {
                json!({"do": "postback", "title": title, "payload": button["payload"]})
            }
            Some(Offer::Button(button)) => {
                return Ok(Err(format!("no webhook tells of the tap on a button of the type {}", button["type"])));
            }
            None => {
                let titles = chat.said().flat_map(|said| [said.buttons(), said.quick_replies()].concat().into_iter());
                let titles: Vec<_> = titles.map(quoted).collect();
                let offered =
                    if titles.is_empty() { "nothing is".to_owned() } else { format!("there is {}", titles.join(", ")) };
                return Ok(Err(format!("{} is not offered; {offered}", quoted(title))));
            }
        };
        let ends = [("account", &step.talk.account), ("person", &step.talk.person)];
        let mut act: Map<_, _> = ends.into_iter().map(|(key, name)| (key.to_owned(), json!(name))).collect();
        act.extend(how.as_object().cloned().unwrap_or_default());
        self.control.act(act).await
    }

    /// Waits for what must be said, and compares.
    async fn hear(&mut self, step: &Step, expected: &[Expected]) -> Result<Outcome, Lost> {
        let began = self.control.now().await?;
        let enough = |chat: &Chat| {
            let fresh = self.fresh(chat);
            fresh.len() >= expected.len() || fresh.iter().zip(expected).any(|(said, wanted)| !wanted.is(said))
        };
        let (_, mut end) = self.watch(step, began, enough).await?;
        // One more word would be one too many; and where something else was said, all of it is shown.
        if end == End::Enough && !self.bot.rest(self.control, &step.talk, self.patience).await? {
            end = End::Busy;
        }
        let chat = self.control.chat(&step.talk).await?;
        let fresh = self.fresh(&chat);
        let trouble = self.wire.trouble(self.control).await?;
        let waited = Waited { end, began, within: step.within, patience: self.patience };
        let problem = judge(expected, &fresh, waited).or(trouble.untaken);
        let compared = compare(expected, &fresh);
        if let Some(last) = fresh.last() {
            self.heard.insert((chat.account, chat.person), last.mid.clone());
        }
        Ok(Outcome { problem, compared, notes: trouble.lines })
    }

    /// Looks again and again until `enough`, or until the step's time is up.
    async fn watch(&self, step: &Step, began: Timestamp, enough: impl Fn(&Chat) -> bool) -> Result<(Chat, End), Lost> {
        let (started, deadline) = (Instant::now(), began + step.within);
        loop {
            let has_ended = self.bot.breathe(self.patience).await;
            // The time before the look: what is said until then is seen.
            let now = self.control.now().await?;
            let chat = self.control.chat(&step.talk).await?;
            if enough(&chat) {
                return Ok((chat, End::Enough));
            }
            if !has_ended {
                return Ok((chat, End::Busy));
            }
            if now >= deadline {
                return Ok((chat, End::Deadline));
            }
            if self.bot.is_foreign() && started.elapsed() >= self.patience {
                return Ok((chat, End::Patience));
            }
            self.bot.wait(self.control, deadline.since(now), step.within).await?;
        }
    }

    /// What was said since the last look.
    fn fresh(&self, chat: &Chat) -> Vec<Said> {
        let said: Vec<_> = chat.said().cloned().collect();
        let last = self.heard.get(&(chat.account.clone(), chat.person.clone()));
        let seen = last.and_then(|last| said.iter().position(|said| said.mid == *last)).map_or(0, |at| at + 1);
        said.into_iter().skip(seen).collect()
    }
}
