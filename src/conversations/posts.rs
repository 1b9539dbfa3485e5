//! Sends that did not come from a handler.

use std::sync::Arc;

use rusqlite::Connection;

use super::live::Live;
use crate::conversation::SendStatus;
use crate::conversation::live::{ConversationId, PostedSends, Record, Send, SendState};
use crate::store::records::Write;
use crate::store::{Post, Posted, RefusedPost, records};
use crate::trace::Trace;

impl Live {
    /// Plans sends that did not come from a handler, unless policy forbids one of them.
    pub(crate) fn post(&mut self, db: &Connection, post: &Post) -> rusqlite::Result<Posted> {
        if let Some(before) = self.posted_before(db, post)? {
            return Ok(before);
        }
        let id = self.conversation_for(db, &post.account, &post.person, &post.recipient)?;
        let (recipient, sends, agent) = (post.recipient.clone(), post.sends.clone(), post.agent.clone());
        let posted = PostedSends { recipient, sends, standing: post.standing.clone(), trace: Trace::random(), agent };
        Ok(match self.at(db, id, post.now, |one, scene| one.post(scene, posted))? {
            Ok(()) => {
                let sends: Vec<_> = post.sends.iter().map(|(id, _)| *id).collect();
                if let Some((key, body)) = &post.key {
                    let posted = (post.account.clone(), key.clone());
                    self.posted.insert(posted, (*body, sends.clone(), self.number() + 1));
                    self.write(Write::Posted {
                        account: post.account.clone(),
                        key: key.clone(),
                        body: *body,
                        sends: sends.clone(),
                        at: post.now,
                    });
                }
                Posted::Planned(sends)
            }
            Err(refusal) => {
                let refused = post.refused(refusal);
                self.list_refused(id, post, &refused);
                Posted::Refused(refused)
            }
        })
    }

    /// What was posted under the same key before.
    fn posted_before(&self, db: &Connection, post: &Post) -> rusqlite::Result<Option<Posted>> {
        let Some((key, body)) = &post.key else { return Ok(None) };
        let known = match self.posted.get(&(post.account.clone(), key.clone())) {
            Some((body, sends, _)) => Some((*body, sends.clone())),
            None => records::posted_before(db, &post.account, key)?,
        };
        Ok(known.map(|(known, sends)| if known == *body { Posted::Planned(sends) } else { Posted::Conflict }))
    }

    /// Keeps a refused post for the lists. It has no place in the queue, and is not linked into the conversation's list of sends:
    /// a poster who tries again every second must not make that long. No event tells of it: the poster has been answered.
    fn list_refused(&mut self, id: ConversationId, post: &Post, refused: &RefusedPost) {
        let previous = self.entries[&id].conversation.last_send;
        for (send, request) in &post.sends {
            let mut state = SendState::planned(SendStatus::Refused, post.now);
            (state.rule, state.reason) = (Some(refused.rule.to_owned()), Some(refused.reason.clone()));
            let send = Send {
                id: *send,
                event: None,
                on_outcome: false,
                turn: refused.id,
                previous,
                planned_at: post.now,
                trace: Trace::random(),
                agent: post.agent.clone(),
                request: Arc::new(request.clone()),
                state,
                kept: None,
            };
            self.record(id, Record::Planned(Box::new(send)));
        }
    }
}
