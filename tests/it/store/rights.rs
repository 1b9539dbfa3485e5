//! Rights of which there is one: taken with the plan, by one send alone, and given back by what did not happen.

use rejoinder::policy::{Enforcement, Right, Signal, Standing};
use rejoinder::store::{Post, Posted};

use super::*;

const RACES: usize = 1000;

/// Somebody comments on a post of the Page.
pub(super) fn comment(id: &str, verb: &str, at: Timestamp) -> Value {
    json!({"object": "page", "entry": [{"id": SHOP, "time": at.0, "changes": [{"field": "feed", "value": {
        "item": "comment", "verb": verb, "comment_id": id, "post_id": "104_9", "message": "Is it blue?",
        "from": {"id": "7200000000000099", "name": "Ada"}, "created_time": at.0 / 1000}}]}]})
}

pub(super) fn reply(id: &str) -> Request {
    Request::message(Recipient::CommentId(id.to_owned()), Message::text("In private"))
}

fn post(opened: &Opened, request: Request) -> Post {
    Post {
        account: AccountId::new(SHOP),
        standing: Standing { platform: settings::Platform::Messenger, features: Vec::new() },
        recipient: request.recipient.clone(),
        person: PersonId::new(""),
        sends: vec![(opened.store().next_send_id(), request)],
        agent: None,
        key: None,
        now: NOW,
    }
}

/// Who has the right to answer a comment; `None` where there is no right.
async fn taken_by(opened: &Opened, id: &str) -> Option<Option<SendId>> {
    let recipient = Recipient::CommentId(id.to_owned());
    let facts = opened.store().facts(AccountId::new(SHOP), PersonId::new(""), recipient).await.expect("facts");
    facts.right.map(|right| match right {
        Right::PrivateReply { taken_by, .. } => taken_by,
        other => panic!("{other:?}"),
    })
}

pub(super) async fn planned(opened: &Opened, id: &str) -> SendId {
    match opened.store().post(post(opened, reply(id))).await.expect("decided") {
        Posted::Planned(ids) => ids[0],
        other => panic!("{other:?}"),
    }
}

async fn refused(opened: &Opened, id: &str) -> &'static str {
    match opened.store().post(post(opened, reply(id))).await.expect("decided") {
        Posted::Refused(refusal) => refusal.rule,
        other => panic!("{other:?}"),
    }
}

/// A handler's turn and a poster, at the same moment, each on a thread of its own.
pub async fn of_two_who_race_for_one_private_reply_one_wins_each_time(opened: &Opened) {
    let store = opened.store();
    for race in 0..RACES {
        let id = format!("9_{race}");
        opened.append(&comment(&id, "add", NOW), NOW).await;
        let event = opened.take_one().await;
        let (own, request) = (store.next_send_id(), reply(&id));
        let sends = vec![(own, request)];
        let finish = Finish {
            event: event.id,
            effects: saying(sends),
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        };
        let posted = post(opened, reply(&id));
        let start = std::sync::Barrier::new(2);
        let runtime = tokio::runtime::Handle::current();
        let posted = std::thread::scope(|scope| {
            let turn = scope.spawn(|| {
                start.wait();
                runtime.block_on(store.finish(&finish));
            });
            let poster = scope.spawn(|| {
                start.wait();
                runtime.block_on(store.post(posted)).expect("decided")
            });
            turn.join().expect("the turn ends");
            poster.join().expect("the poster ends")
        });
        let of_the_turn = opened.send(own).await;
        let winner = match (&posted, of_the_turn.status.as_str()) {
            (Posted::Planned(ids), "refused") => {
                assert_eq!(of_the_turn.rule.as_deref(), Some("P4.1"));
                ids[0]
            }
            (Posted::Refused(refusal), "planned") => {
                assert_eq!(refusal.rule, "P4.1");
                own
            }
            both => panic!("race {race}: {both:?}"),
        };
        assert_eq!(taken_by(opened, &id).await, Some(Some(winner)));
        assert_eq!(opened.leave_one_by_one().await, [winner]);
        // Where the turn has lost, its handler is told so.
        for outcome in opened.take(9, NOW).await.items {
            opened.finish(outcome.id).await;
        }
    }
}

pub async fn a_right_is_taken_when_the_send_is_planned_and_given_back_when_it_did_not_happen(opened: &Opened) {
    assert_eq!(refused(opened, "9_1").await, "P4.1");
    opened.append(&comment("9_1", "add", NOW), NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, Some(None));
    let over = [
        SendOutcome::Refused { rule: "P16.1".into(), reason: "blocked".into() },
        SendOutcome::Failed { reason: "error 190".into() },
    ];
    for outcome in over {
        let send = planned(opened, "9_1").await;
        assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)));
        assert_eq!(refused(opened, "9_1").await, "P4.1");
        opened.sending(send).await;
        let later = SendOutcome::Later { at: NOW, reason: "error 613".into() };
        opened.store().settle(send, later, NOW).await;
        assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)), "it is still to leave");
        opened.store().settle(send, outcome, NOW).await;
        assert_eq!(taken_by(opened, "9_1").await, Some(None));
    }
    let send = planned(opened, "9_1").await;
    opened.sending(send).await;
    opened.store().settle(send, sent("m_1"), NOW).await;
    opened.die(NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)), "over a restart");
}

pub async fn one_that_was_ever_in_doubt_keeps_its_right(opened: &Opened) {
    opened.append(&comment("9_1", "add", NOW), NOW).await;
    let send = planned(opened, "9_1").await;
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    opened.store().settle(send, SendOutcome::Later { at: NOW, reason: "again".into() }, NOW).await;
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 100".into() }, NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)));
}

pub async fn an_echo_takes_the_right_of_a_send_that_seemed_refused(opened: &Opened) {
    opened.append(&comment("9_1", "add", NOW), NOW).await;
    let send = planned(opened, "9_1").await;
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 100".into() }, NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, Some(None));
    let metadata = opened.store().metadata(send, None);
    opened.append(&echo("m_1", json!({"metadata": metadata, "app_id": 555, "text": "In private"})), NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
    assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)));
}

pub async fn what_is_told_late_or_again_gives_nothing_back(opened: &Opened) {
    opened.append(&comment("9_1", "add", NOW), NOW).await;
    let send = planned(opened, "9_1").await;
    for verb in ["add", "edited"] {
        opened.append(&comment("9_1", verb, NOW + HOUR), NOW + HOUR).await;
        assert_eq!(taken_by(opened, "9_1").await, Some(Some(send)), "{verb}");
    }
    // News of a removal may come before that of the comment.
    opened.append(&comment("9_2", "remove", NOW), NOW).await;
    opened.append(&comment("9_2", "add", NOW - HOUR), NOW).await;
    assert_eq!(taken_by(opened, "9_2").await, None);
    assert_eq!(refused(opened, "9_2").await, "P4.1");
    // A time in the future counts as now.
    opened.append(&comment("9_3", "add", NOW + 24 * HOUR), NOW).await;
    let recipient = Recipient::CommentId("9_3".into());
    let facts = opened.store().facts(AccountId::new(SHOP), PersonId::new(""), recipient).await.expect("facts");
    assert_eq!(facts.right, Some(Right::PrivateReply { at: NOW, live: false, taken_by: None }));
}

async fn blocked(opened: &Opened) -> Option<(Timestamp, Signal)> {
    let ada = PersonId::new(ADA);
    let facts = opened.store().facts(AccountId::new(SHOP), ada.clone(), Recipient::Id(ada)).await.expect("facts");
    facts.blocked.map(|Enforcement { since, signal }| (since, signal))
}

pub async fn of_what_meta_enforces_the_latest_counts_and_a_webhook_more_than_an_answer(opened: &Opened) {
    let enforce = async |action: &str, at: Timestamp| {
        let enforcement = json!({"action": action, "reason": "Spam"});
        let item = json!({"recipient": {"id": SHOP}, "timestamp": at.0, "policy_enforcement": enforcement});
        opened.append(&delivery(&[item]), NOW + 24 * HOUR).await;
    };
    let (account, at) = (AccountId::new(SHOP), |hours: u32| NOW + hours * HOUR);
    enforce("warning", at(0)).await;
    assert_eq!(blocked(opened).await, None);
    opened.store().restrict(account.clone(), at(2)).await;
    assert_eq!(blocked(opened).await, Some((at(2), Signal::Answer)));
    enforce("unblock", at(1)).await;
    assert_eq!(blocked(opened).await, Some((at(2), Signal::Answer)), "of before");
    enforce("unblock", at(3)).await;
    assert_eq!(blocked(opened).await, None);
    opened.store().restrict(account.clone(), at(5)).await;
    // The send was refused because of it, and the news comes after.
    enforce("block", at(4)).await;
    assert_eq!(blocked(opened).await, Some((at(4), Signal::Webhook)));
    opened.store().restrict(account, at(6)).await;
    assert_eq!(blocked(opened).await, Some((at(4), Signal::Webhook)));
    enforce("unblock", at(3)).await;
    assert_eq!(blocked(opened).await, Some((at(4), Signal::Webhook)), "told before");
    enforce("unblock", at(7)).await;
    assert_eq!(blocked(opened).await, None);
    enforce("block", at(6)).await;
    assert_eq!(blocked(opened).await, None, "late");
    // A time in the future counts as now.
    enforce("block", at(500)).await;
    assert_eq!(blocked(opened).await, Some((at(24), Signal::Webhook)));
}

/// Somebody comments below a broadcast.
fn live(id: &str, media: Value) -> Value {
    let value = json!({"id": id, "text": "Is it blue?", "from": {"id": "9100000000000021"}, "media": media});
    json!({"object": "instagram", "entry": [{"id": SHOP, "time": NOW.0 / 1000,
        "changes": [{"field": "live_comments", "value": value}]}]})
}

pub async fn what_was_written_below_a_broadcast_is_over_with_the_next_where_meta_names_them(opened: &Opened) {
    opened.append(&live("9_1", json!({"id": "179"})), NOW).await;
    opened.append(&live("9_2", json!({"media_product_type": "LIVE"})), NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, Some(None));
    assert_eq!(taken_by(opened, "9_2").await, Some(None), "of a broadcast without a name nobody knows that it is over");
    opened.append(&live("9_3", json!({"id": "180"})), NOW).await;
    assert_eq!(taken_by(opened, "9_1").await, None);
    assert_eq!(taken_by(opened, "9_2").await, Some(None));
}

const TOKEN: &str = "8012";

/// Somebody agrees to marketing messages, without an end, or stops them.
async fn agrees(opened: &Opened, status: Option<&str>, at: Timestamp) {
    let optin = json!({"type": "notification_messages", "notification_messages_token": TOKEN, "payload": "NEWS",
        "notification_messages_status": status});
    let item = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": at.0, "optin": optin});
    opened.append(&delivery(&[item]), at).await;
}

/// Whether the token is known after everything has been forgotten that was over by `at`.
async fn is_known(opened: &Opened, at: Timestamp) -> bool {
    opened.store().prune(KeepSince { events: NOW, keys: at }, at + HOUR).await.expect("pruned");
    let recipient = Recipient::NotificationMessagesToken(TOKEN.into());
    let facts = opened.store().facts(AccountId::new(SHOP), PersonId::new(ADA), recipient).await.expect("facts");
    facts.right.is_some()
}

pub async fn a_token_without_an_end_is_forgotten_a_year_after_the_last_news_or_use_of_it(opened: &Opened) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let year_and_day = 366 * DAY;
    agrees(opened, None, NOW).await;
    let message = Request::message(Recipient::NotificationMessagesToken(TOKEN.into()), Message::text("Spring sale"));
    let mut used = post(opened, message);
    used.standing.features = vec![settings::Feature::Marketing];
    used.now = NOW + 100 * DAY;
    let used_at = used.now;
    assert!(matches!(opened.store().post(used).await.expect("decided"), Posted::Planned(_)));
    assert!(is_known(opened, NOW + year_and_day + HOUR).await, "it was used since");
    assert!(is_known(opened, used_at + year_and_day).await);
    agrees(opened, Some("STOP NOTIFICATIONS"), NOW + 200 * DAY).await;
    assert!(is_known(opened, used_at + year_and_day + HOUR).await, "it was told of since");
    assert!(!is_known(opened, NOW + 200 * DAY + year_and_day + HOUR).await, "stopped ones too");
}
