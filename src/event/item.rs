//! The order of recognition: which key makes an item which kind.
//!
//! Meta documents no precedence; this is the one that no real item contradicts. A key whose value has an unexpected shape
//! makes the item [`Event::Other`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::referral::Lead;
use super::{Echo, Event, Feedback, Handover, Mark, Referral, lenient};
use crate::clock::Timestamp;
use crate::id::{AccountId, PersonId};

/// An item of a `messaging` or `standby` list, or the value of a change: whom it concerns, and the keys that tell the kind.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(default)]
    pub(super) sender: Option<Party>,
    #[serde(default)]
    pub(super) recipient: Option<Party>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    pub(super) timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    pub(super) created_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_self: bool,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message_edit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    postback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    read: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delivery: Option<&'a RawValue>,
    #[serde(borrow, default)]
    optin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lead: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pass_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    take_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    app_roles: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "policy-enforcement")]
    policy_enforcement: Option<&'a RawValue>,
    #[serde(borrow, default)]
    account_linking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messaging_feedback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response_feedback: Option<&'a RawValue>,
    /// Who wrote a comment, among what a feed tells; who calls.
    #[serde(default)]
    pub(super) from: Option<Party>,
    /// Who is called.
    #[serde(default)]
    pub(super) to: Option<Party>,
    /// Whose label was changed.
    #[serde(default)]
    pub(super) user: Option<Party>,
    /// To whom a marketing message went.
    #[serde(default, deserialize_with = "lenient::person")]
    pub(super) recipient_id: Option<PersonId>,
}

/// Of a message, whether it says that it is an echo.
#[derive(Deserialize)]
pub(super) struct Flag {
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_echo: bool,
}

/// One end of an item: an object with its id, or the id alone.
pub(super) struct Party {
    pub(super) id: Option<PersonId>,
    pub(super) user_ref: Option<PersonId>,
}

impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Party, D::Error> {
        #[derive(Deserialize)]
        struct Object {
            #[serde(default, deserialize_with = "lenient::person")]
            id: Option<PersonId>,
            #[serde(default, deserialize_with = "lenient::or_absent")]
            user_ref: Option<PersonId>,
        }
        let raw = <&RawValue>::deserialize(input)?;
        match lenient::object(raw) {
            Some(Object { id, user_ref }) => Ok(Party { id, user_ref }),
            None => Ok(Party { id: lenient::person(raw).unwrap_or_default(), user_ref: None }),
        }
    }
}

impl Item<'_> {
    /// The event of an item as `messaging` and `standby` list them: the first of the keys that is there decides.
    pub(super) fn event(&self, account: &AccountId) -> Option<Event> {
        let keys: [(Option<&RawValue>, Reader<'_>); 16] = [
            (self.message, &|raw| self.message(account, raw)),
            (self.message_edit, &typed(Event::Edit)),
            (self.postback, &typed(Event::Postback)),
            (self.reaction, &typed(Event::Reaction)),
            (self.read, &typed(Event::Read)),
            (self.delivery, &typed(Event::Delivery)),
            (self.optin, &typed(Event::Optin)),
            (self.referral, &|raw| self.referral(raw)),
            (self.pass_thread_control, &typed(|control| Event::Handover(Handover::Pass(control)))),
            (self.take_thread_control, &typed(|control| Event::Handover(Handover::Take(control)))),
            (self.request_thread_control, &typed(|request| Event::Handover(Handover::Request(request)))),
            (self.app_roles, &typed(|roles| Event::Handover(Handover::Roles(roles)))),
            (self.policy_enforcement, &typed(Event::PolicyEnforcement)),
            (self.account_linking, &typed(Event::AccountLinking)),
            (self.messaging_feedback, &typed(|survey| Event::Feedback(Feedback::Survey(survey)))),
            (self.response_feedback, &typed(|response| Event::Feedback(Feedback::Response(response)))),
        ];
        let (raw, read) = keys.into_iter().find_map(|(raw, read)| Some((raw?, read)))?;
        read(raw)
    }

    fn message(&self, account: &AccountId, raw: &RawValue) -> Option<Event> {
        if self.is_echo(account, raw) {
            lenient::object(raw).map(|mut echo: Echo| {
                echo.mark = Mark::take(&mut echo.metadata);
                Event::Echo(echo)
            })
        } else {
            lenient::object(raw).map(Event::Message)
        }
    }

    /// Whether the account itself did it: to a person, or, on Instagram, to itself.
    pub(super) fn is_by(&self, account: &AccountId) -> bool {
        let sender = self.sender.as_ref().and_then(|sender| sender.id.as_ref());
        self.is_self || sender.is_some_and(|id| id.as_str() == account.as_str())
    }

    /// An echo says so; and what the account itself sent is one even if it does not.
    fn is_echo(&self, account: &AccountId, raw: &RawValue) -> bool {
        lenient::object(raw).is_some_and(|flag: Flag| flag.is_echo) || self.is_by(account)
    }

    fn referral(&self, raw: &RawValue) -> Option<Event> {
        let answers = self.lead.and_then(lenient::object).map_or_else(Vec::new, |lead: Lead| lead.data);
        lenient::object(raw).map(|referral| Event::Referral(Referral { answers, ..referral }))
    }
}

type Reader<'a> = &'a dyn Fn(&RawValue) -> Option<Event>;

fn typed<T: DeserializeOwned>(make: impl Fn(T) -> Event) -> impl Fn(&RawValue) -> Option<Event> {
    move |raw| lenient::object(raw).map(&make)
}
