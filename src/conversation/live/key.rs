//! Whose a conversation is, and the number under which it is kept.

use sha2::{Digest, Sha256};

use crate::id::{AccountId, PersonId, Thread};
use crate::message::Recipient;

/// Whose a conversation is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConversationKey {
    pub(crate) account: AccountId,
    pub(crate) thread: Thread,
    /// The person; of a comment whose author Meta does not name, the comment. Empty for what concerns the account as a whole.
    pub(crate) name: String,
}

/// The number of a conversation: eight bits of its partition and 56 of its own.
///
/// The partition is the same for all conversations that an account has with one name, so that a person's chat and comments are
/// always together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConversationId(pub(crate) i64);

impl ConversationKey {
    /// The person to whom something goes in this conversation. A comment whose author Meta does not name is a conversation of its
    /// own, whose name is the comment's.
    pub(crate) fn person(&self, recipient: &Recipient) -> Option<PersonId> {
        match recipient {
            Recipient::CommentId(comment) if *comment == self.name => None,
            _ => Some(self.name.as_str()).filter(|name| !name.is_empty()).map(PersonId::new),
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> ConversationId {
        let mut hasher = Sha256::new();
        hasher.update(self.account.as_str());
        hasher.update([0]);
        hasher.update(&self.name);
        let digest = hasher.finalize();
        let mut bytes = [digest[0]; 8];
        let own = 1 + 7 * self.thread as usize;
        bytes[1..].copy_from_slice(&digest[own..own + 7]);
        ConversationId(i64::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_of_a_person_share_a_partition_and_nothing_else() {
        let of =
            |thread, name: &str| ConversationKey { account: AccountId::new("1"), thread, name: name.to_owned() }.id();
        let ids = Thread::ALL.map(|thread| of(thread, "ada"));
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
        assert!(ids.iter().all(|id| id.0.to_be_bytes()[0] == ids[0].0.to_be_bytes()[0]), "{ids:?}");
        assert_ne!(of(Thread::Chat, "ada"), of(Thread::Chat, "bea"));
    }
}
