//! Events, from their arrival to their end.

use super::*;

pub async fn an_event_is_known_again_however_it_comes(opened: &Opened) {
    let one = message(ADA, "m1", "hi", NOW);
    let untimed = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "read": {"watermark": 7}});
    let both = [one.clone(), untimed.clone()];
    assert_eq!(opened.append(&delivery(&both), NOW).await, Appended { new: 2, ..Appended::default() });
    let late = NOW + 100 * HOUR;
    opened.die(late).await;
    let again = [untimed.clone(), one.clone(), one, untimed, message(ADA, "m2", "hi", NOW)];
    let appended = opened.append(&delivery(&again), late).await;
    assert_eq!(appended, Appended { new: 1, repeated: 4, ..Appended::default() });
}

pub async fn what_comes_after_standby_is_new_and_before_it_is_not(opened: &Opened) {
    let timed = message(ADA, "m1", "hi", NOW);
    let untimed = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "postback": {"title": "Go"}});
    for item in [timed, untimed] {
        let standby = json!({"object": "page", "entry": [{"id": SHOP, "standby": [item]}]});
        let ours = delivery(std::slice::from_ref(&item));
        for (body, new) in [(&standby, 1), (&standby, 0), (&ours, 1), (&ours, 0), (&standby, 0)] {
            assert_eq!(opened.append(body, NOW).await.new, new);
        }
    }
}

pub async fn events_of_a_conversation_are_taken_one_after_the_other(opened: &Opened) {
    for (person, mid) in [(ADA, "a1"), (ADA, "a2"), (BEN, "b1"), (ADA, "a3")] {
        opened.says(person, mid).await;
    }
    let mut seen = Vec::new();
    loop {
        let taken = opened.take(9, NOW).await.items;
        if taken.is_empty() {
            break;
        }
        seen.push(ids(&taken));
        for event in taken {
            opened
                .store()
                .finish(&Finish {
                    event: event.id,
                    effects: Effects::default(),
                    owed: AutomaticReplies::default(),
                    leaves_at_once: false,
                    now: NOW,
                })
                .await;
        }
    }
    assert_eq!(seen, [vec![r#""a1""#, r#""b1""#], vec![r#""a2""#], vec![r#""a3""#]]);
}

pub async fn there_is_no_more_taken_than_there_is_room(opened: &Opened) {
    for n in 0..5 {
        opened.says(&format!("72{n}"), &format!("m{n}")).await;
    }
    assert_eq!(opened.take(3, NOW).await.items.len(), 3);
    assert_eq!(opened.take(9, NOW).await.items.len(), 2);
    let nobody = vec![EventDemand { account: AccountId::new("999"), slots: 9, takes: Takes::InOrder }];
    assert!(opened.store().take(nobody, NOW).await.expect("taken").items.is_empty());
}

pub async fn a_failed_event_waits_for_its_time_and_holds_back_its_conversation(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await;
    assert_eq!((event.attempt, event.first_failed_at), (1, None));
    let later = NOW + HOUR;
    let failure = Failure {
        event: event.id,
        error: "told to".into(),
        next: Next::Retry(later),
        counts: true,
        owed: AutomaticReplies::default(),
        now: NOW,
    };
    opened.store().fail(failure).await;
    let waiting = opened.take(9, NOW).await;
    assert_eq!((waiting.items.len(), waiting.next_due), (0, Some(later)));
    let again = opened.take(9, later).await.items.remove(0);
    assert_eq!((again.id, again.attempt, again.first_failed_at), (event.id, 2, Some(NOW)));
}

pub async fn one_that_has_not_failed_is_found_among_any_number_that_have(opened: &Opened) {
    const FAILED: usize = 2_500;
    let take = async |takes, now| {
        let room = vec![EventDemand { account: AccountId::new(SHOP), slots: 1, takes }];
        ids(&opened.store().take(room, now).await.expect("taken").items)
    };
    let items: Vec<_> = (0..FAILED).map(|n| message(&format!("72{n}"), &format!("failed {n}"), "x", NOW)).collect();
    opened.append(&delivery(&items), NOW).await;
    let taken = opened.take(FAILED, NOW).await.items;
    let store = opened.store();
    // A failure that does not count against the event is one all the same.
    let failures = taken.into_iter().map(|event| {
        let (error, next, owed) = ("told to".into(), Next::Retry(NOW), AutomaticReplies::default());
        store.fail(Failure { event: event.id, error, next, counts: false, owed, now: NOW })
    });
    futures_util::future::join_all(failures).await;
    assert_eq!(take(Takes::FreshOnly, NOW).await, [""; 0]);
    let later = NOW + HOUR;
    opened.append(&delivery(&[message(ADA, "fresh", "x", NOW)]), later).await;
    assert_eq!(take(Takes::FreshOnly, NOW).await, [""; 0], "it is not due yet");
    assert_eq!(take(Takes::FreshFirst, later).await, [r#""fresh""#]);
    assert_eq!(take(Takes::FreshOnly, later).await, [""; 0], "it is taken once");
    assert_eq!(take(Takes::FreshFirst, later).await, [r#""failed 0""#], "where there is none, any");
    assert_eq!(take(Takes::InOrder, later).await, [r#""failed 1""#]);
    let fresh: Vec<_> = (0..2).map(|n| message(&format!("73{n}"), &format!("fresh {n}"), "x", NOW)).collect();
    opened.append(&delivery(&fresh), later).await;
    let room = vec![EventDemand { account: AccountId::new(SHOP), slots: 9, takes: Takes::FreshFirst }];
    let mut taken = ids(&opened.store().take(room, later).await.expect("taken").items);
    taken.sort();
    let expected = [r#""failed 2""#, r#""fresh 0""#, r#""fresh 1""#];
    assert_eq!(taken, expected, "all that have not failed, and one that has");
}

pub async fn a_failure_that_does_not_count_leaves_the_first_one_that_did(opened: &Opened) {
    opened.says(ADA, "a1").await;
    for (counts, first) in
        [(false, None), (true, Some(NOW + HOUR)), (false, Some(NOW + HOUR)), (true, Some(NOW + HOUR))]
    {
        let event = opened.take(1, NOW + HOUR).await.items.remove(0);
        let (error, next, owed, now) = ("told to".into(), Next::Retry(NOW), AutomaticReplies::default(), NOW + HOUR);
        opened.store().fail(Failure { event: event.id, error, next, counts, owed, now }).await;
        let again = opened.take(1, NOW + HOUR).await.items.remove(0);
        assert_eq!((again.has_failed, again.first_failed_at), (true, first));
        let (error, next, owed) = ("told to".into(), Next::Retry(NOW), AutomaticReplies::default());
        opened.store().fail(Failure { event: event.id, error, next, counts: false, owed, now }).await;
    }
}

pub async fn a_dead_event_lets_its_conversation_go_on(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await.id;
    opened
        .store()
        .fail(Failure {
            event,
            error: "told to".into(),
            next: Next::Dead,
            counts: true,
            owed: AutomaticReplies::default(),
            now: NOW,
        })
        .await;
    assert_eq!(opened.event_status(event).await, "dead");
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""a2""#]);
}

pub async fn what_a_handler_did_is_kept_with_the_events_end(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await;
    assert_eq!(event.state, None);
    let send = opened.store().next_send_id();
    let memory = Memory::Set(r#"{"step":2}"#.into());
    let effects = saying_and_remembering([(send, text("hi"))], memory);
    opened
        .store()
        .finish(&Finish {
            event: event.id,
            effects,
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        })
        .await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.event, row.request), ("planned", Some(event.id), json!(text("hi"))));
    let next = opened.take_one().await;
    assert_eq!(next.state.as_deref(), Some(r#"{"step":2}"#));
    opened
        .store()
        .finish(&Finish {
            event: next.id,
            effects: saying_and_remembering([], Memory::Clear),
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        })
        .await;
    opened.says(ADA, "a3").await;
    assert_eq!(opened.take_one().await.state, None);
}

pub async fn a_trace_goes_from_the_delivery_to_its_events_and_what_is_said_to_them(opened: &Opened) {
    let body = delivery(&[message(ADA, "a1", "hi", NOW), message(BEN, "b1", "hi", NOW)]).to_string();
    let items = event::read(body.as_bytes()).into_iter().flatten().map(Intake::Handled).collect();
    let asked = WebhookBatch::new(NOW, items);
    let trace = asked.trace;
    opened.store().append(asked).await.expect("kept");
    opened.says("7200000000000013", "c1").await;
    let events = opened.take(9, NOW).await.items;
    let traces: Vec<_> = events.iter().map(|event| event.trace).collect();
    assert!(traces[0] == trace && traces[1] == trace && traces[2] != trace);
    let send = opened.store().next_send_id();
    let effects = saying([(send, text("hi"))]);
    opened
        .store()
        .finish(&Finish {
            event: events[0].id,
            effects,
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        })
        .await;
    let cause = Some(Cause { event: events[0].id, trace: Some(trace) });
    assert_eq!(opened.store().take_sends(send_room(9, &[]), NOW).await.expect("taken").items[0].cause, cause);
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::InDoubt { reason: "silence".into(), silent: false }, NOW).await;
    assert_eq!(opened.store().take_doubts(send_room(9, &[]), NOW).await.expect("taken").items[0].cause, cause);
    opened.store().settle(send, SendOutcome::Held { reason: "no evidence".into() }, NOW).await;
    let outcome = opened.take_one().await;
    assert_eq!((outcome.kind.as_str(), outcome.trace), ("outcome", trace));
}

pub async fn a_turn_that_was_over_changes_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let event = opened.take_one().await.id;
    let store = opened.store();
    store
        .fail(Failure {
            event,
            error: "late".into(),
            next: Next::Retry(NOW + HOUR),
            counts: true,
            owed: AutomaticReplies::default(),
            now: NOW,
        })
        .await;
    let send = store.next_send_id();
    store
        .finish(&Finish {
            event,
            effects: saying([(send, text("hi"))]),
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        })
        .await;
    assert_eq!(opened.event_status(event).await, "pending");
    assert!(store.send(send).await.expect("read").is_none());
}

pub async fn what_cannot_be_read_is_kept_and_not_handled(opened: &Opened) {
    let body = json!({"object": "page", "entry": [{"id": SHOP, "messaging": [7]}]});
    assert_eq!(opened.append(&body, NOW).await, Appended { quarantined: 1, ..Appended::default() });
    assert_eq!(opened.append(&body, NOW).await.repeated, 1);
    assert!(opened.take(9, NOW).await.items.is_empty());
    let events = opened.events().await;
    assert_eq!((events.len(), events[0].status.as_str()), (1, "quarantined"));
    let (_, raw) = opened.store().event(events[0].id).await.expect("read").expect("an event");
    assert_eq!(raw, b"7");
}

pub async fn what_could_not_be_read_comes_forward_once_it_can(opened: &Opened) {
    let origin = |standby| Some(Origin { account: AccountId::new(SHOP), standby, time: Some(NOW), list: None });
    let one = |mid: &str| message(ADA, mid, mid, NOW);
    // What an older release could not read, and this one can.
    let pieces = [
        (Piece::Item, origin(false), one("m_1")),
        (Piece::Item, origin(true), one("m_2")),
        (Piece::List, origin(true), json!([one("m_3"), one("m_4")])),
        (Piece::Entry, None, json!({"id": SHOP, "time": 1, "standby": [one("m_5")], "messaging": [one("m_6")]})),
        (Piece::Body, None, delivery(&[one("m_7"), one("m_1")])),
    ];
    for (number, (piece, origin, raw)) in pieces.into_iter().enumerate() {
        let key = Key { time: None, hash: [u8::try_from(number).expect("few"); 16] };
        let (reason, raw) = ("an older release could not read it", raw.to_string().into_bytes().into());
        let origin = origin.map(Box::new);
        let items = vec![Intake::Unreadable(Unreadable { piece, origin, reason, key, raw })];
        opened.store().append(WebhookBatch::new(NOW, items)).await.expect("kept");
    }
    let kept: Vec<_> = opened.events().await.iter().map(|event| event.id).rev().collect();
    for event in kept {
        let replayed = opened.store().replay(event, vec![AccountId::new(SHOP)], NOW).await.expect("replayed");
        assert_eq!((replayed, opened.event_status(event).await), (Replayed::Queued, "done"));
    }
    let mut events: Vec<_> = opened.events().await.into_iter().filter(|event| event.kind == "message").collect();
    events.reverse();
    let standby: Vec<_> = events.iter().map(|event| event.standby).collect();
    assert_eq!(standby, [false, true, true, true, false, true, false]);
    assert!(events.iter().all(|event| event.person == Some(PersonId::new(ADA))));
}

pub async fn conversations_under_one_name_are_kept_apart(opened: &Opened) {
    let comment = json!({"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "9_77", "post_id": "9",
        "created_time": NOW.0 / 1000, "from": {"id": ADA, "name": "Ada"}, "message": "Price?"}});
    let body = json!({"object": "page", "entry": [{"id": SHOP, "time": 1, "changes": [comment]}]});
    opened.append(&body, NOW).await;
    let optin = json!({"recipient": {"id": SHOP}, "timestamp": NOW.0, "optin": {"ref": "c", "user_ref": ADA}});
    opened.append(&delivery(&[optin]), NOW).await;
    assert_eq!(opened.opened_at().await, None, "nobody opens the window of somebody else");
    opened.says(ADA, "m_1").await;
    let taken = opened.take(9, NOW).await.items;
    assert_eq!(taken.len(), 3, "none of them waits for another");
    let query = EventQuery {
        accounts: vec![AccountId::new(SHOP)],
        person: Some(PersonId::new(ADA)),
        limit: 9,
        ..EventQuery::default()
    };
    let kinds = opened.store().events(query).await.expect("a list").into_iter().map(|event| event.kind);
    assert_eq!(kinds.collect::<Vec<_>>(), ["message", "optin", "comment"]);
    let window = opened.store().conversation(AccountId::new(SHOP), PersonId::new(ADA)).await.expect("a row").window;
    assert_eq!(window.map(|window| window.opened_by), Some(Kind::Message));
}

pub async fn a_window_opens_by_the_events_own_time_and_never_turns_back(opened: &Opened) {
    assert_eq!(opened.opened_at().await, None);
    let early = NOW - HOUR;
    for (item, expected) in [
        (json!({"timestamp": early.0, "delivery": {"watermark": 1}}), None),
        (json!({"message": {"mid": "no-time", "text": "x"}}), None),
        (json!({"timestamp": early.0, "postback": {"mid": "p", "title": "Go"}}), Some((early, Kind::Postback))),
        (json!({"timestamp": (early - HOUR).0, "message": {"mid": "old"}}), Some((early, Kind::Postback))),
        (json!({"timestamp": (NOW + HOUR).0, "message": {"mid": "ahead"}}), Some((NOW, Kind::Message))),
        (json!({"timestamp": NOW.0, "reaction": {"action": "unreact", "mid": "x"}}), Some((NOW, Kind::Message))),
    ] {
        let mut item = item;
        item["sender"] = json!({"id": ADA});
        item["recipient"] = json!({"id": SHOP});
        opened.append(&delivery(&[item]), NOW).await;
        assert_eq!(opened.opened_at().await, expected);
    }
    opened.die(NOW).await;
    assert_eq!(opened.opened_at().await, Some((NOW, Kind::Message)));
}
