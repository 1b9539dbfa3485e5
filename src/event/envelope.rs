//! One item of a delivery: whose it is, when it happened, and the event in it.

use serde_json::value::RawValue;

use super::change::Change;
use super::item::Item;
use super::{Event, Key, Kind, Other, Raw, lenient, wire};
use crate::clock::Timestamp;
use crate::id::{AccountId, PersonId, Thread};

/// An event and what is written around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// The account it happened to: the `entry.id`.
    pub account: AccountId,
    /// The person of the conversation; `None` for what concerns the account as a whole.
    pub person: Option<PersonId>,
    /// Which of the conversations under the person's name.
    pub thread: Thread,
    /// Whether another app owned the conversation, so that this is only observed.
    pub standby: bool,
    /// When it happened, by Meta's clock: the item's own time, else that of its entry.
    pub at: Option<Timestamp>,
    /// Whether the account itself did it.
    pub by_account: bool,
    /// Its identity.
    pub key: Key,
    /// The event.
    pub event: Event,
    /// The item as Meta sent it; a change with its `field`.
    pub raw: Raw,
}

/// What stands around an item.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The account: the `entry.id`.
    pub account: AccountId,
    /// Whether the item stood in a `standby` list.
    pub standby: bool,
    /// The `entry.time`.
    pub time: Option<Timestamp>,
}

impl Envelope {
    /// Reads one item. What is no JSON object cannot be read, nor what gives a key twice; an object of an unknown shape is
    /// [`Event::Other`].
    pub fn read(origin: &Origin, raw: &RawValue) -> Option<Envelope> {
        let account = &origin.account;
        let json = wire::mended(raw.get());
        let whole: &RawValue = serde_json::from_str(&json).ok()?;
        let (change, content) = Change::of(whole)?;
        let item: Item<'_> = lenient::object(content)?;
        let event = change.event(account, content, &item).unwrap_or_else(|| Event::Other(Other(raw.into())));
        let (person, thread) = person(&item, account, &event);
        let own_time = item.timestamp.or(item.created_time);
        let key = Key::of(account, person.as_ref().map_or("", PersonId::as_str), own_time, &event, raw.get());
        Some(Envelope {
            account: account.clone(),
            person,
            thread,
            standby: origin.standby || change.is_standby(),
            at: own_time.or(origin.time),
            by_account: item.is_by(account),
            key,
            event,
            raw: raw.into(),
        })
    }

    /// Reads an item that was kept as `kind`: outcomes are ours and not of Meta's shape.
    pub fn read_kept(origin: &Origin, person: Option<&PersonId>, kind: &str, raw: &RawValue) -> Option<Envelope> {
        let mut envelope = Envelope::read(origin, raw)?;
        if kind == Kind::Outcome.as_str() {
            envelope.event = Event::Outcome(lenient::object(raw)?);
            envelope.person = person.cloned();
        }
        Some(envelope)
    }

    /// The event's kind.
    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// Whether it goes to `Handler::handle`, which may answer; all else goes to `observe`.
    pub fn is_act(&self) -> bool {
        let answerable = self.thread != Thread::Comments || self.kind() == Kind::Comment;
        self.event.is_act() && answerable && !self.standby && !self.by_account && self.person.is_some()
    }

    /// When it opens, or renews, the standard messaging window: at the item's own time. That of its entry is when Meta told of
    /// it, which may be hours later.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.key.time.filter(|_| self.event.opens() && !self.by_account)
    }
}

/// The person, who is not the account, and what the name stands for.
fn person(item: &Item<'_>, account: &AccountId, event: &Event) -> (Option<PersonId>, Thread) {
    match event {
        Event::Comment(comment) => {
            let author = comment.author.as_ref().filter(|_| !comment.is_own).map(|author| author.id.clone());
            return (author, Thread::Comments);
        }
        Event::Mention(mention) => return (mention.sender_id.clone(), Thread::Comments),
        _ => {}
    }
    let ends = [&item.sender, &item.recipient, &item.user].into_iter().flatten();
    let named = ends.flat_map(|end| [(&end.id, Thread::Chat), (&end.user_ref, Thread::UserRef)]);
    let user_ref = match event {
        Event::Optin(optin) => &optin.user_ref,
        _ => &None,
    };
    let author = item.from.as_ref().map_or(&None, |from| &from.id);
    let also = [(user_ref, Thread::UserRef), (&item.recipient_id, Thread::Chat), (author, Thread::Comments)];
    let person = named
        .chain(also)
        .filter_map(|(name, thread)| Some((name.clone()?, thread)))
        .find(|(name, _)| name.as_str() != account.as_str());
    match person {
        Some((name, thread)) => (Some(name), thread),
        None => (None, Thread::Chat),
    }
}
