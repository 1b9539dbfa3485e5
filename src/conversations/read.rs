//! Events as they were read when they arrived, for the turns that follow at once.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::event::Envelope;
use crate::id::EventId;

/// How many are remembered, and how many bytes one may have: the others are read again.
const MOST: usize = 256;
const LARGEST: usize = 4096;

/// The last events that have arrived.
#[derive(Debug, Default)]
pub(super) struct LatelyRead {
    envelopes: HashMap<EventId, Envelope>,
    order: VecDeque<EventId>,
}

impl LatelyRead {
    pub(super) fn remember(&mut self, event: EventId, envelope: &Envelope) {
        // Whether an edit stands for its message is decided when it arrives.
        if envelope.first_version.is_some() || envelope.raw.get().len() > LARGEST {
            return;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.envelopes.remove(&oldest);
        }
        self.order.push_back(event);
        self.envelopes.insert(event, envelope.clone());
    }

    pub(super) fn take(&mut self, event: EventId) -> Option<Envelope> {
        self.envelopes.remove(&event)
    }
}
