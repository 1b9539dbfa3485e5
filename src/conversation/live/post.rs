//! Sends that do not come from a handler.

use super::outbox::Planned;
use super::value::{Conversation, Scene};
use crate::id::SendId;
use crate::message::{Recipient, Request};
use crate::policy::{self, Origin, Refusal, Standing};
use crate::trace::Trace;

/// What is posted.
#[derive(Clone, Debug)]
pub(crate) struct PostedSends {
    /// To whom all of it goes.
    pub(crate) recipient: Recipient,
    /// The parts, in order.
    pub(crate) sends: Vec<(SendId, Request)>,
    /// What the settings say of the account to policy.
    pub(crate) standing: Standing,
    pub(crate) trace: Trace,
    /// The person who wrote it, where a person did.
    pub(crate) agent: Option<String>,
}

impl Conversation {
    /// Plans a post, unless policy forbids one of its parts: then none is planned.
    pub(crate) fn post(&mut self, scene: &mut Scene<'_>, post: PostedSends) -> Result<(), Refusal> {
        let origin = if post.agent.is_some() { Origin::Agent } else { Origin::Bot };
        let facts = self.facts_for(scene.account, &post.recipient);
        policy::check_parts(&post.standing, facts, origin, &post.sends, scene.now)?;
        let words = post.sends.iter().find(|(_, request)| request.as_message().is_some()).map(|(id, _)| *id);
        let by_agent = post.agent.is_some();
        self.plan(scene, &Planned::posted(post.trace, post.agent), post.sends);
        if let Some(words) = words.filter(|_| by_agent) {
            self.others_spoke(Some(words), scene.now);
        }
        Ok(())
    }
}
