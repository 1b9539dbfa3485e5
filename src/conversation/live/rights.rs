//! The rights that people give beside the window: by a comment or a post, by agreeing to notifications. A right is taken by the
//! send that is planned on it, by that send alone, and given back by a send that definitely did not happen.

use std::time::Duration;

use super::account::AccountValue;
use super::grant::{Grant, RightKey, Source};
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::event::{Comment, CommentVerb, Envelope, Event, NotificationStatus, Optin};
use crate::id::{EventId, SendId};
use crate::message::{Recipient, Request};
use crate::policy::{self, Facts, Intent, LastSent, Origin, Refusal, Right};

/// For how long a token for marketing messages of which Meta has not told the end is known, stopped or not, after the last
/// news or use of it. Meta's own live for a year; the day is for clocks that differ.
const TOKEN: Duration = Duration::from_secs((365 + 1) * 24 * 3600);

/// How many rights a conversation has at the most.
const MOST: usize = 1_000;

impl Conversation {
    /// The facts with the right that `recipient` names.
    pub(crate) fn facts_for(&self, account: &AccountValue, recipient: &Recipient) -> Facts {
        let right = RightKey::of_recipient(recipient).and_then(|key| self.right(account, &key));
        Facts { right, ..self.facts(account) }
    }

    /// What was given under this key.
    pub(super) fn grant(&self, key: &RightKey) -> Option<&Grant> {
        self.rights.get(key)
    }

    /// Forgets the rights that were over before `time`: what is kept of them is deleted too.
    pub(crate) fn forget_rights_before(&mut self, time: Timestamp) -> Vec<RightKey> {
        let is_over = |grant: &Grant| grant.forget_at < time;
        let over: Vec<_> = self.rights.iter().filter(|(_, grant)| is_over(grant)).map(|(key, _)| *key).collect();
        self.rights.retain(|_, grant| !is_over(grant));
        over
    }

    /// What was given here.
    pub(crate) fn rights(&self) -> impl Iterator<Item = &RightKey> {
        self.rights.keys()
    }

    /// Whether it was given here.
    pub(crate) fn has_right(&self, key: &RightKey) -> bool {
        self.rights.contains_key(key)
    }

    /// What a right is worth: nothing, when the comment is removed or the broadcast over.
    pub(crate) fn right(&self, account: &AccountValue, key: &RightKey) -> Option<Right> {
        let given = self.rights.get(key)?;
        match key.source {
            Source::Comment | Source::Post => {
                let is_over = given.broadcast.as_deref().is_some_and(|broadcast| account.is_over(broadcast));
                let (at, live, taken_by) = (given.at, given.broadcast.is_some(), given.taken_by);
                (!given.is_gone && !is_over).then_some(Right::PrivateReply { at, live, taken_by })
            }
            Source::OneTime => Some(Right::OneTime { created_at: given.at, taken_by: given.taken_by }),
            Source::Marketing => Some(Right::Marketing {
                last_sent: given.last_sent(),
                last_sent_by: given.taken_by,
                expires_at: given.expires_at,
                stopped: given.is_gone,
            }),
        }
    }

    /// News of a right that was given here comes with an event of another conversation: the author of a comment is not named any
    /// more, or a token is told of under another person.
    pub(crate) fn hear_of_right(&mut self, envelope: &Envelope, id: EventId, now: Timestamp) {
        match &envelope.event {
            Event::Comment(comment) => self.written(envelope, comment, id, now),
            Event::Optin(optin) => self.agreed(envelope, optin, id, now),
            _ => {}
        }
    }

    /// A comment or post is written: it gives one private reply, once, whatever is changed about it later. One that is removed
    /// gives none any more, even if the news of it comes before that of the comment.
    pub(super) fn written(&mut self, envelope: &Envelope, comment: &Comment, id: EventId, now: Timestamp) {
        let (Some(key), Some(at)) = (RightKey::of_comment(comment), envelope.at) else { return };
        let at = at.min(now);
        let is_gone = match comment.verb {
            CommentVerb::Add if comment.is_act() => false,
            CommentVerb::Remove if !comment.is_own => true,
            _ => return,
        };
        let media = comment.media.as_ref().and_then(|media| media.id.as_ref());
        let broadcast = comment.is_live.then(|| media.map_or(String::new(), ToString::to_string));
        let new = Grant {
            at,
            told_at: at,
            told_by: Some(id),
            is_gone,
            broadcast,
            expires_at: None,
            taken_by: None,
            settled_at: None,
            used_at: None,
            forget_at: at + policy::SEVEN_DAYS,
        };
        self.rights.entry(key).and_modify(|given| given.is_gone |= is_gone).or_insert(new);
        self.changes.rights.insert(key);
        self.forget_rights(key);
    }

    /// A person agreed to notifications, stopped them, or lets them come again.
    pub(super) fn agreed(&mut self, envelope: &Envelope, optin: &Optin, id: EventId, now: Timestamp) {
        let (Some(key), Some(at)) = (RightKey::of_optin(optin), envelope.key.time) else { return };
        let at = at.min(now);
        let (expires_at, forget_at) = match key.source {
            Source::Marketing => (optin.token_expires_at, optin.token_expires_at.unwrap_or(at + TOKEN)),
            _ => (None, at + policy::YEAR),
        };
        let is_gone = !matches!(optin.notification_messages_status, None | Some(NotificationStatus::Resume));
        let new = Grant {
            at,
            told_at: at,
            told_by: Some(id),
            is_gone,
            broadcast: None,
            expires_at,
            taken_by: None,
            settled_at: None,
            used_at: None,
            forget_at,
        };
        let renew = |given: &mut Grant| {
            let is_news = (at, Some(id)) > (given.told_at, given.told_by);
            if key.source == Source::Marketing && is_news {
                (given.is_gone, given.told_at, given.told_by) = (is_gone, at, Some(id));
                given.expires_at = expires_at.or(given.expires_at);
                given.forget_at = given.expires_at.unwrap_or(given.forget_at.max(forget_at));
            }
        };
        self.rights.entry(key).and_modify(renew).or_insert(new);
        self.changes.rights.insert(key);
        self.forget_rights(key);
    }

    /// Takes the right that a planned send leans on. Why it does not get it, where it does not.
    pub(super) fn take_right(
        &mut self,
        scene: &Scene<'_>,
        send: SendId,
        origin: Origin,
        request: &Request,
    ) -> Option<Refusal> {
        let key = RightKey::of_message(request)?;
        let right = self.right(scene.account, &key);
        let intent = Intent { send: Some(send), origin, request };
        let facts = Facts { right, ..Facts::default() };
        if let Err(refusal) = policy::may_take(&scene.standing, &facts, intent, scene.now) {
            return Some(refusal);
        }
        let given = self.rights.get_mut(&key)?;
        (given.taken_by, given.settled_at) = (Some(send), None);
        given.used_at = match right {
            Some(Right::Marketing { last_sent: LastSent::At(at), .. }) => Some(at),
            Some(Right::Marketing { last_sent: LastSent::Unsettled, .. }) => Some(scene.now),
            _ => None,
        };
        if key.source == Source::Marketing && given.expires_at.is_none() {
            given.forget_at = given.forget_at.max(scene.now + TOKEN);
        }
        self.changes.rights.insert(key);
        None
    }

    /// A send was refused or has failed: what it has taken is free again. One that was ever in doubt has perhaps arrived, and
    /// keeps it.
    pub(super) fn give_right_back(&mut self, send: SendId) {
        match self.leans_on(send) {
            Some((key, false)) => {
                if let Some(given) = self.rights.get_mut(&key).filter(|given| given.taken_by == Some(send)) {
                    given.taken_by = None;
                    self.changes.rights.insert(key);
                }
            }
            Some((_, true)) => self.right_is_used(send),
            None => {}
        }
    }

    /// A send that was taken for lost has arrived after all: it has used its right, unless another took that meanwhile.
    pub(super) fn take_right_again(&mut self, send: SendId) {
        let Some((key, _)) = self.leans_on(send) else { return };
        if let Some(given) = self.rights.get_mut(&key).filter(|given| given.taken_by.is_none()) {
            given.taken_by = Some(send);
            self.changes.rights.insert(key);
        }
        self.right_is_used(send);
    }

    /// A send has come to its end, and has used its right or perhaps has.
    pub(super) fn right_is_used(&mut self, send: SendId) {
        let (Some((key, _)), Some(at)) = (self.leans_on(send), self.send(send).map(|send| send.state.at)) else {
            return;
        };
        if let Some(given) = self.rights.get_mut(&key).filter(|given| given.taken_by == Some(send)) {
            given.settled_at = Some(at);
            self.changes.rights.insert(key);
        }
    }

    /// Forgets the right that ends first, where the conversation has too many beside the newest.
    fn forget_rights(&mut self, newest: RightKey) {
        if self.rights.len() > MOST {
            let others = self.rights.iter().filter(|(key, _)| **key != newest);
            if let Some(key) = others.min_by_key(|(_, given)| given.forget_at).map(|(key, _)| *key) {
                self.rights.remove(&key);
                self.changes.rights.insert(key);
            }
        }
    }

    /// Meta has refused a message to this recipient because the person wants no more: so it stands since the message left, unless
    /// something later was told.
    pub(crate) fn stop(&mut self, recipient: &Recipient, left_at: Timestamp) {
        let Some(key) = RightKey::of_recipient(recipient) else { return };
        if let Some(given) = self.rights.get_mut(&key).filter(|given| given.told_at <= left_at) {
            (given.is_gone, given.told_at) = (true, left_at);
            self.changes.rights.insert(key);
        }
    }

    /// What a send leans on, and whether it was ever in doubt.
    fn leans_on(&self, send: SendId) -> Option<(RightKey, bool)> {
        let send = self.send(send)?;
        Some((RightKey::of_message(&send.request)?, send.was_in_doubt()))
    }
}
