//! Images that were written since `conversation` was last brought forward, and how it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use rusqlite::{Connection, params};

use crate::conversation::live::ConversationId;

/// The numbers of the images that are not in `conversation` yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images(Arc<Mutex<HashMap<ConversationId, i64>>>);

impl Images {
    pub(crate) fn of(images: HashMap<ConversationId, i64>) -> Images {
        Images(Arc::new(Mutex::new(images)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These are in `conversation` from now on, unless a later one was written meanwhile.
    pub(crate) fn were_brought_forward(&self, images: &[(ConversationId, i64)]) {
        let mut waiting = self.lock();
        for (conversation, number) in images {
            if waiting.get(conversation) == Some(number) {
                waiting.remove(conversation);
            }
        }
    }

    pub(crate) fn get(&self, conversation: ConversationId) -> Option<i64> {
        self.lock().get(&conversation).copied()
    }
}

/// Whether an image of a conversation was brought forward.
pub(crate) fn is_known(db: &Connection, conversation: ConversationId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM conversation WHERE id = ?1")?.exists([conversation.0])
}

/// Brings rows of `conversation` forward to these images.
pub(crate) fn bring_forward(db: &Connection, numbers: &[i64]) -> rusqlite::Result<()> {
    let mut bring = db.prepare_cached(
        "INSERT OR REPLACE INTO conversation (id, account, thread, name, last_event_at, image)
         SELECT conversation, account, thread, name, last_event_at, image FROM image WHERE number = ?1",
    )?;
    numbers.iter().try_for_each(|number| bring.execute([number]).map(drop))
}

/// Deletes some of the images up to this number. True when there are more.
pub(crate) fn forget_images(db: &Connection, newest: i64) -> rusqlite::Result<bool> {
    const STEP: usize = 500;
    let sql =
        "DELETE FROM image WHERE number IN (SELECT number FROM image WHERE number <= ?1 ORDER BY number LIMIT ?2)";
    Ok(db.prepare_cached(sql)?.execute(params![newest, STEP])? == STEP)
}
