//! Sends that the operator decides about, and what was planned together with them.
//!
//! A held send takes the rest of its turn with it, out of the conversation's queue: later turns go on. Once it is released,
//! dropped, or an echo settles it after all, the rest stands at the queue's end.

use super::super::{Decided, SendOutcome, SendStatus};
use super::value::{Conversation, Scene};
use crate::clock::Timestamp;
use crate::id::SendId;

/// Why a send waits that stands behind a held one.
pub(super) fn behind(held: SendId) -> String {
    format!("behind {held}, which is held")
}

impl Conversation {
    /// The last chain of held sends of the turn that began with this send: what the turn says later is held too.
    pub(super) fn chain_of(&self, turn: SendId) -> Option<usize> {
        let is_of_turn = |id: &SendId| self.send(*id).is_some_and(|send| send.turn == turn);
        let last = self.held.iter().filter_map(|chain| chain.last()).filter(|last| is_of_turn(last)).max()?;
        self.held.iter().position(|chain| chain.last() == Some(last))
    }

    /// Takes a held send and the rest of its turn out of the queue, and lets the next turn come forward.
    pub(super) fn hold(&mut self, scene: &mut Scene<'_>, held: SendId) {
        let turn = self.send(held).map(|send| send.turn);
        let place = self.queue.iter().position(|queued| *queued == held).unwrap_or(self.queue.len());
        let behind_it = self.queue.split_off(place);
        let is_of_turn = |id: &SendId| *id == held || self.send(*id).map(|send| send.turn) == turn;
        let (chain, others): (Vec<_>, Vec<_>) = behind_it.into_iter().partition(is_of_turn);
        self.queue.extend(others);
        for id in chain.iter().copied().filter(|id| *id != held) {
            if let Some(send) = self.change(id) {
                send.state.status = SendStatus::Held;
                send.state.at = scene.now;
                send.state.reason = Some(behind(held));
            }
            self.tell(scene, id);
        }
        let chain = if chain.is_empty() { vec![held] } else { chain };
        self.held.push(chain);
        self.changes.image = true;
        self.come_forward(scene.now);
    }

    /// A held send has ended. The rest of its turn goes on, unless something before it is held.
    pub(super) fn leave_chain(&mut self, send: SendId, now: Timestamp) {
        let Some((chain, place)) = self.place_in_chain(send) else { return };
        self.held[chain].remove(place);
        if place == 0 {
            let rest = self.held.remove(chain);
            self.resume(rest, now);
        }
        self.changes.image = true;
    }

    /// Puts sends that were held at the end of the queue.
    fn resume(&mut self, sends: Vec<SendId>, now: Timestamp) {
        for id in sends {
            let status = if self.queue.is_empty() { SendStatus::Ready } else { SendStatus::Waiting };
            if let Some(send) = self.change(id) {
                (send.state.status, send.state.due, send.state.at, send.state.reason) = (status, now, now, None);
            }
            self.queue.push_back(id);
        }
    }

    /// Sends it again, and the rest of its turn after it. What of its turn is held before it stays so.
    pub(crate) fn release(&mut self, send: SendId, now: Timestamp) -> Decided {
        if let Some(refused) = self.not_held(send) {
            return refused;
        }
        let Some((chain, place)) = self.place_in_chain(send) else { return Decided::NotHeld };
        let rest = self.held[chain].split_off(place);
        if place == 0 {
            self.held.remove(chain);
        }
        self.resume(rest, now);
        self.changes.image = true;
        Decided::Done
    }

    /// Gives it up: it has failed. The rest of its turn goes on, unless something before it is held.
    pub(crate) fn discard(&mut self, scene: &mut Scene<'_>, send: SendId) -> Decided {
        if let Some(refused) = self.not_held(send) {
            return refused;
        }
        self.was_dropped(send);
        self.settle(scene, send, &SendOutcome::Failed { reason: "dropped by the operator".into() });
        // Whoever says the same from now on says it on their own account.
        if let Some(send) = self.change(send) {
            send.state.doubted_since = None;
        }
        Decided::Done
    }

    fn not_held(&self, send: SendId) -> Option<Decided> {
        match self.send(send) {
            None => Some(Decided::Unknown),
            Some(send) if send.state.status != SendStatus::Held => Some(Decided::NotHeld),
            Some(_) => None,
        }
    }

    fn place_in_chain(&self, send: SendId) -> Option<(usize, usize)> {
        self.held
            .iter()
            .enumerate()
            .find_map(|(chain, sends)| sends.iter().position(|held| *held == send).map(|place| (chain, place)))
    }
}
