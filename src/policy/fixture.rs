//! One send to be decided, for tables: Ada wrote at [`OPENED`], the account has every feature, the bot answers.

use serde_json::{Value, json};

use super::{Facts, Intent, LastSent, Origin, Refusal, Right, Standing, Window, check, check_parts, may_take};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{PersonId, SendId};
use crate::message::Request;
use crate::settings::{Feature, Platform};

pub(super) const OPENED: Timestamp = Timestamp(1_790_000_000_000);
pub(super) const SECOND: i64 = 1000;
pub(super) const HOUR: i64 = 3600 * SECOND;
pub(super) const DAY: i64 = 24 * HOUR;

const ADA: &str = "7200000000000011";

#[derive(Clone)]
pub(super) struct Case {
    standing: Standing,
    facts: Facts,
    origin: Origin,
    send: Option<SendId>,
    request: Request,
}

impl Case {
    /// A request with these fields; where they name no recipient, to Ada, and where they say nothing, a text.
    pub(super) fn of(fields: Value) -> Case {
        let mut fields = fields.as_object().expect("the fields of a request").clone();
        fields.entry("recipient").or_insert_with(|| json!({"id": ADA}));
        if !fields.contains_key("sender_action") {
            fields.entry("message").or_insert_with(|| json!({"text": "hello"}));
        }
        let features =
            [Feature::HumanAgent, Feature::News, Feature::OneTimeNotification, Feature::Marketing, Feature::Utility];
        Case {
            standing: Standing { platform: Platform::Messenger, features: features.to_vec() },
            facts: Facts {
                person: Some(PersonId::new(ADA)),
                window: Some(Window { opened_at: OPENED, opened_by: Kind::Message }),
                last_message_at: Some(OPENED),
                ..Facts::default()
            },
            origin: Origin::Bot,
            send: None,
            request: Request::try_from(fields).expect("a request"),
        }
    }

    pub(super) fn on_instagram(mut self) -> Case {
        self.standing.platform = Platform::Instagram;
        self
    }

    pub(super) fn without(mut self, feature: Feature) -> Case {
        self.standing.features.retain(|granted| *granted != feature);
        self
    }

    pub(super) fn by_agent(mut self) -> Case {
        self.origin = Origin::Agent;
        self
    }

    pub(super) fn sent_as(mut self, send: i64) -> Case {
        self.send = Some(SendId(send));
        self
    }

    pub(super) fn right(self, right: Right) -> Case {
        self.facts(|facts| facts.right = Some(right))
    }

    pub(super) fn never_opened(self) -> Case {
        self.facts(|facts| (facts.window, facts.last_message_at) = (None, None))
    }

    pub(super) fn facts(mut self, change: impl FnOnce(&mut Facts)) -> Case {
        change(&mut self.facts);
        self
    }

    /// Decides it so many milliseconds after Ada wrote.
    #[track_caller]
    pub(super) fn is(&self, millis: i64, expected: Option<&str>) {
        assert_eq!(self.refusal(millis).map(|refusal| refusal.rule), expected, "{:?}", self.request);
    }

    /// The words in which it is refused then.
    #[track_caller]
    pub(super) fn says(&self, millis: i64, expected: &str) {
        assert_eq!(self.refusal(millis).map(|refusal| refusal.reason), Some(expected), "{:?}", self.request);
    }

    fn refusal(&self, millis: i64) -> Option<Refusal> {
        let intent = Intent { send: self.send, origin: self.origin, request: &self.request };
        check(&self.standing, &self.facts, intent, Timestamp(OPENED.0 + millis)).err()
    }
}

impl Case {
    /// Decides so many parts of it together, a minute after Ada wrote. The sends count from 1.
    pub(super) fn parts(&self, count: i64) -> Option<&'static str> {
        let parts: Vec<_> = (1..=count).map(|send| (SendId(send), self.request.clone())).collect();
        let now = Timestamp(OPENED.0 + 60 * SECOND);
        check_parts(&self.standing, self.facts.clone(), self.origin, &parts, now).err().map(|refusal| refusal.rule)
    }

    /// Whether it may take its right when it is planned, so many milliseconds after Ada wrote.
    pub(super) fn takes(&self, millis: i64) -> Option<&'static str> {
        let intent = Intent { send: self.send, origin: self.origin, request: &self.request };
        may_take(&self.standing, &self.facts, intent, Timestamp(OPENED.0 + millis)).err().map(|refusal| refusal.rule)
    }
}

/// The fields of a request that sends a template.
pub(super) fn template(kind: &str) -> Value {
    json!({"message": {"attachment": {"type": "template", "payload": {"template_type": kind}}}})
}

/// Rights of the two kinds of tokens, unused.
pub(super) fn right_of_a_token() -> (Right, Right) {
    let marketing =
        Right::Marketing { last_sent: LastSent::Never, last_sent_by: None, expires_at: None, stopped: false };
    (Right::OneTime { created_at: OPENED, taken_by: None }, marketing)
}
