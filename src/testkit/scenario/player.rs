//! Plays a script: step by step, until one fails.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::clock::Timestamp;

use super::bot::Bot;
use super::control::{Chat, Control, Done, Lost};
use super::diff::{Line, compare};
use super::expected::Expected;
use super::report::{Failure, Report};
use super::said::{Offer, Said, quoted};
use super::script::{Script, ScriptAction, Step};
use super::verdict::{End, Waited, judge, still_at_work};
use super::wire::{Trouble, Wire};

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
    let mut player = Player::new(bot, control, patience);
    let mut report = Report::new(&script.file, script.steps.len());
    for (at, step) in script.steps.iter().enumerate() {
        let mut outcome = player.step(step).await?;
        if at + 1 == script.steps.len() && step.expect.is_none() && outcome.problem.is_none() {
            outcome = player.end(step).await?;
        }
        outcome.notes.extend(player.troubles().await);
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
    /// What was told of the server's troubles.
    told: HashSet<String>,
}

/// When a step began.
#[derive(Clone, Copy)]
struct Began {
    /// By the emulated Meta's clock.
    at: Timestamp,
    /// By the machine's.
    real: Instant,
}

/// What came of a step.
#[derive(Default)]
struct StepResult {
    problem: Option<String>,
    compared: Vec<Line>,
    notes: Vec<String>,
}

impl<'a> Player<'a> {
    fn new(bot: &'a Bot, control: &'a Control, patience: Duration) -> Player<'a> {
        Player { bot, control, patience, heard: HashMap::new(), wire: Wire::default(), told: HashSet::new() }
    }

    /// What the server could not do and was not told yet.
    async fn troubles(&mut self) -> Vec<String> {
        let troubles = self.bot.troubles().await.into_iter();
        troubles.filter(|line| self.told.insert(line.clone())).map(|line| format!("the server: {line}")).collect()
    }

    async fn step(&mut self, step: &Step) -> Result<StepResult, Lost> {
        let mut began = self.begins().await?;
        if let Err(problem) = self.happen(step, began).await? {
            let trouble = self.wire.trouble(self.control).await?;
            return Ok(StepResult { problem: Some(problem), notes: self.wire.told(trouble), ..StepResult::default() });
        }
        if let ScriptAction::Advance(_) = step.deed {
            // The time that the script lets pass is none that the bot has taken.
            began = self.begins().await?;
        }
        match &step.expect {
            Some(expected) => self.hear(step, began, expected).await,
            None => Ok(StepResult::default()),
        }
    }

    async fn begins(&self) -> Result<Began, Lost> {
        Ok(Began { at: self.control.now().await?, real: Instant::now() })
    }

    /// Lets happen what the step says. What cannot happen is told.
    async fn happen(&self, step: &Step, began: Began) -> Result<Done, Lost> {
        match &step.deed {
            ScriptAction::Act(act) => self.control.act(act.clone()).await,
            ScriptAction::Tap(title) => self.tap(step, began, title).await,
            ScriptAction::Fault(fault) => self.control.fault(fault.clone()).await,
            // What is under way belongs to the time before.
            ScriptAction::Advance(_) if !self.bot.rest(self.control, &step.talk, self.patience).await? => {
                Ok(Err(still_at_work(self.patience)))
            }
            ScriptAction::Advance(by) => self.control.advance(*by).await,
        }
    }

    /// Taps what is offered under this title, once it is: by an answer to what the person last said or tapped, as an older
    /// offer of the same title may be gone.
    async fn tap(&self, step: &Step, began: Began, title: &str) -> Result<Done, Lost> {
        let offered = |chat: &Chat| chat.answers().any(|said| said.offer(title).is_some());
        let (chat, _) = self.watch(step, began, offered).await?;
        let how = match chat.answers().find_map(|said| said.offer(title)) {
            Some(Offer::QuickReply(chip)) => json!({"do": "message", "text": title, "quick_reply": chip["payload"]}),
            Some(Offer::Button(button)) if button["type"] == "postback" => {
                json!({"do": "postback", "title": title, "payload": button["payload"]})
            }
            Some(Offer::Button(button)) => {
                return Ok(Err(format!("no webhook tells of the tap on a button of the type {}", button["type"])));
            }
            None => {
                let titles =
                    chat.answers().flat_map(|said| [said.buttons(), said.quick_replies()].concat().into_iter());
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
    async fn hear(&mut self, step: &Step, began: Began, expected: &[Expected]) -> Result<StepResult, Lost> {
        let enough = |chat: &Chat| {
            let fresh = self.fresh(chat);
            fresh.len() >= expected.len() || fresh.iter().zip(expected).any(|(said, wanted)| !wanted.is(said))
        };
        let (_, mut end) = self.watch(step, began, enough).await?;
        // One more word would be one too many; and where something else was said, all of it is shown.
        let (trouble, rests) = match end {
            End::Enough => self.settled(step, began).await?,
            _ => (self.wire.trouble(self.control).await?, true),
        };
        if !rests {
            end = End::Busy;
        }
        let chat = self.control.chat(&step.talk).await?;
        let fresh = self.fresh(&chat);
        let waited = Waited { end, began: began.at, within: step.within, patience: self.patience };
        let problem = judge(expected, &fresh, waited).or(trouble.untaken.clone());
        let compared = compare(expected, &fresh);
        if let Some(last) = fresh.last() {
            self.heard.insert((chat.account, chat.person), last.mid.clone());
        }
        Ok(StepResult { problem, compared, notes: self.wire.told(trouble) })
    }

    /// Judges what no step has asked about: that the bot comes to an end, and has taken what Meta had to tell.
    async fn end(&mut self, step: &Step) -> Result<StepResult, Lost> {
        let began = self.begins().await?;
        let (trouble, rests) = self.settled(step, began).await?;
        let busy = (!rests).then(|| still_at_work(self.patience));
        let problem = busy.or(trouble.untaken.clone());
        Ok(StepResult { problem, notes: self.wire.told(trouble), ..StepResult::default() })
    }

    /// What has gone wrong on the wire once nothing more comes, and whether it came to that. Meta tries again what the bot
    /// has not taken: as long as the step has time, it is waited for.
    async fn settled(&self, step: &Step, began: Began) -> Result<(Trouble, bool), Lost> {
        let deadline = began.at + step.within;
        loop {
            let rests = self.bot.rest(self.control, &step.talk, self.patience).await?;
            let trouble = self.wire.trouble(self.control).await?;
            let now = self.control.now().await?;
            let is_over = now >= deadline || began.real.elapsed() >= self.patience;
            if !rests || trouble.untaken.is_none() || is_over {
                return Ok((trouble, rests));
            }
            self.bot.wait(self.control, deadline.since(now), step.within).await?;
        }
    }

    /// Looks again and again until `enough`, or until the step's time is up.
    async fn watch(&self, step: &Step, began: Began, enough: impl Fn(&Chat) -> bool) -> Result<(Chat, End), Lost> {
        let deadline = began.at + step.within;
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
            if self.bot.is_foreign() && began.real.elapsed() >= self.patience {
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
