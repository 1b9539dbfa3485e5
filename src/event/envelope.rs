//! One item of a delivery: whose it is, when it happened, and the event in it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::change::Change;
use super::first_version::{self, FirstVersion};
use super::item::{Item, Party};
use super::usual::{self, Usual};
use super::{Comment, Event, Key, Kind, Object, Origin, Other, Raw, lenient};
use crate::clock::Timestamp;
use crate::id::{AccountId, ObjectId, PersonId, Thread};
use crate::json;

/// An event and what is written around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// The account it happened to: the `entry.id`.
    pub account: AccountId,
    /// What the delivery says its accounts are; `None` where it says nothing of the kind, and for an item that was kept.
    pub object: Option<Object>,
    /// The person of the conversation; `None` for what concerns the account as a whole, and where Meta does not name them.
    pub person: Option<PersonId>,
    /// Which of the conversations under the person's name.
    pub thread: Thread,
    /// Whether another app owned the conversation, so that this is only observed.
    pub standby: bool,
    /// The list of the entry that the item stood in, where Meta documents no such list.
    pub list: Option<String>,
    /// When it happened, by Meta's clock: the item's own time, else that of its entry.
    pub at: Option<Timestamp>,
    /// Whether the account itself did it.
    pub by_account: bool,
    /// Its identity.
    pub key: Key,
    /// The event.
    pub event: Event,
    /// Where the event is a message that came as its own edit: how to tell whether the message is known.
    pub first_version: Option<FirstVersion>,
    /// The item as Meta sent it; a change with its `field`.
    pub raw: Raw,
}

impl Envelope {
    /// Reads one item. What is no JSON object cannot be read, nor what gives a key twice; an object of an unknown shape is
    /// [`Event::Other`].
    pub fn read(origin: &Origin, raw: &RawValue) -> Option<Envelope> {
        Envelope::read_usual(origin, raw).or_else(|| Envelope::read_leniently(origin, raw))
    }

    /// The same for an item of the usual shape alone.
    pub(super) fn read_usual(origin: &Origin, raw: &RawValue) -> Option<Envelope> {
        if origin.list.is_some() {
            return None;
        }
        let Usual { person, timestamp, event } = usual::item(&origin.account, raw)?;
        Some(Envelope {
            account: origin.account.clone(),
            object: None,
            thread: Thread::Chat,
            standby: origin.standby,
            list: None,
            at: timestamp.or(origin.time),
            by_account: event.kind() == Kind::Echo,
            key: Key::of(&origin.account, person.as_str(), timestamp, &event, raw.get()),
            person: Some(person),
            event,
            first_version: None,
            raw: raw.into(),
        })
    }

    /// The same for an item of any shape. What this says of an item is what it means.
    pub(super) fn read_leniently(origin: &Origin, raw: &RawValue) -> Option<Envelope> {
        let account = &origin.account;
        let mended;
        let whole = match json::mended(raw.get()) {
            Cow::Borrowed(_) => raw,
            Cow::Owned(json) => {
                mended = RawValue::from_string(json).ok()?;
                &*mended
            }
        };
        let (change, content) = Change::of(whole)?;
        let item: Item<'_> = lenient::object(content)?;
        let event = match origin.list {
            None => change.event(account, content, &item),
            Some(_) => None,
        };
        let event = event.unwrap_or_else(|| Event::Other(Other::new(raw.into(), origin.list.clone())));
        let (person, thread) = person(&item, account, &event);
        let own_time = item.timestamp.or(item.created_time);
        let name = person.as_ref().map_or("", PersonId::as_str);
        let key = Key::of(account, name, own_time, &event, raw.get());
        let by_account = item.is_by(account) || event.kind() == Kind::Echo;
        let first_version = match (&person, by_account) {
            (Some(person), false) => first_version::of(account, person, &event, item.message_edit),
            _ => None,
        };
        let (event, first_version) = first_version.map_or((event, None), |(message, first)| (message, Some(first)));
        Some(Envelope {
            account: account.clone(),
            object: None,
            person,
            thread,
            standby: origin.standby || change.is_standby(),
            list: origin.list.clone(),
            at: own_time.or(origin.time),
            by_account,
            key,
            event,
            first_version,
            raw: raw.into(),
        })
    }

    /// Reads an item that was kept as `kind`. Outcomes are ours and not of Meta's shape; and whether an edit stands for its
    /// message was decided when it came.
    pub fn read_kept(origin: &Origin, person: Option<&PersonId>, kind: &str, raw: &RawValue) -> Option<Envelope> {
        let mut envelope = Envelope::read(origin, raw)?;
        if kind == Kind::Outcome.as_str() {
            envelope.event = Event::Outcome(lenient::object(raw)?);
            envelope.person = person.cloned();
        }
        if envelope.first_version.is_none() {
            return Some(envelope);
        }
        match kind == Kind::Message.as_str() {
            true => Some(Envelope { raw: first_version::as_message(raw).unwrap_or(envelope.raw), ..envelope }),
            false => Some(envelope.beside_its_message()),
        }
    }

    /// The same where the message is known: no more than the edit as which it came.
    pub fn beside_its_message(mut self) -> Envelope {
        if let Some(FirstVersion { edit, .. }) = self.first_version.take() {
            self.event = Event::Edit(edit);
        }
        self
    }

    /// The event's kind.
    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// The name of its conversation among those of the account and thread: the person. A comment whose author is not named has a
    /// conversation of its own, under its id. Empty for what concerns the account as a whole.
    pub fn conversation(&self) -> &str {
        match (&self.person, &self.event) {
            (Some(person), _) => person.as_str(),
            (None, Event::Comment(comment)) if comment.author.is_none() => {
                comment.target().map_or("", ObjectId::as_str)
            }
            (None, _) => "",
        }
    }

    /// Whether it goes to `Handler::handle`, which may answer; all else goes to `observe`.
    pub fn is_act(&self) -> bool {
        let can_be_answered = match &self.event {
            Event::Comment(_) => true,
            _ => self.thread != Thread::Comments && self.person.is_some(),
        };
        self.event.is_act() && can_be_answered && !self.standby && !self.by_account
    }

    /// When it opens, or renews, the standard messaging window: at the item's own time. That of its entry is when Meta told of
    /// it, which may be hours later.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.key.time.filter(|_| self.event.opens() && !self.by_account && self.person.is_some())
    }
}

/// The person, who is not the account, and what the name stands for.
fn person(item: &Item<'_>, account: &AccountId, event: &Event) -> (Option<PersonId>, Thread) {
    let ends = [&item.sender, &item.recipient, &item.user];
    let addressee = (item.recipient_id.as_ref(), Thread::Chat);
    let writer = (item.from.as_ref().and_then(|from| from.id.as_ref()), Thread::Comments);
    match event {
        Event::Comment(comment) => (author(comment), Thread::Comments),
        Event::Mention(mention) => (mention.sender_id.clone(), Thread::Comments),
        // An Instagram account has two ids, and its echoes may come under either.
        Event::Echo(_) => first(&[&item.recipient], &[], account),
        Event::Optin(optin) => {
            let user_ref = (optin.user_ref.as_ref(), Thread::UserRef);
            first(&ends, &[user_ref, addressee, writer], account)
        }
        // Of a product of which nothing is known but that it is no feed: `from` and `to` are ends like the others.
        Event::Other(other) if other.list().is_some() => {
            first(&[&item.sender, &item.recipient, &item.user, &item.from, &item.to], &[addressee], account)
        }
        Event::Message(_)
        | Event::Edit(_)
        | Event::Postback(_)
        | Event::Referral(_)
        | Event::Reaction(_)
        | Event::AccountLinking(_)
        | Event::Feedback(_)
        | Event::Read(_)
        | Event::Delivery(_)
        | Event::Handover(_)
        | Event::PolicyEnforcement(_)
        | Event::Outcome(_)
        | Event::Other(_) => first(&ends, &[addressee, writer], account),
    }
}

fn author(comment: &Comment) -> Option<PersonId> {
    comment.author.as_ref().filter(|_| !comment.is_own).map(|author| author.id.clone())
}

/// The first of these names that is not the account's: of the ends of an item, then of the others.
fn first(
    ends: &[&Option<Party>],
    others: &[(Option<&PersonId>, Thread)],
    account: &AccountId,
) -> (Option<PersonId>, Thread) {
    let ends = ends.iter().filter_map(|end| end.as_ref());
    let ends = ends.flat_map(|end| [(end.id.as_ref(), Thread::Chat), (end.user_ref.as_ref(), Thread::UserRef)]);
    let mut names = ends.chain(others.iter().copied()).filter_map(|(name, thread)| Some((name?, thread)));
    match names.find(|(name, _)| name.as_str() != account.as_str()) {
        Some((name, thread)) => (Some(name.clone()), thread),
        None => (None, Thread::Chat),
    }
}
