//! What outlives the process, and what is forgotten.

use super::*;

pub async fn a_death_of_the_process_loses_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let action = Request::action(Recipient::Id(PersonId::new(ADA)), Action::TypingOn);
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.says(BEN, "b1").await;
    let typing = opened.answer(vec![action]).await[0];
    opened.says("7299", "c1").await;
    let planned = opened.answer(vec![text("3")]).await[0];
    opened.sending(sends[0]).await;
    opened.sending(typing).await;
    let metadata = opened.store().metadata(sends[0], None);
    opened.says(ADA, "a2").await;
    let running = opened.take_one().await;
    opened.die(NOW).await;
    assert_eq!(opened.take_one().await.id, running.id);
    let status = async |id| opened.send(id).await.status.as_str();
    assert_eq!(status(sends[0]).await, "in_doubt", "its bytes may have left");
    assert_eq!(status(sends[1]).await, "planned");
    assert_eq!(status(typing).await, "failed", "sender actions are never in doubt");
    assert_eq!(opened.sendable().await, [planned], "what is in doubt holds back what is behind it");
    opened.append(&echo("m_1", json!({"metadata": metadata, "app_id": 1})), NOW).await;
    assert_eq!(status(sends[0]).await, "sent", "what a send was marked with outlives the process");
}

pub async fn what_very_many_left_open_is_listed_at_once_and_handled_once(opened: &Opened) {
    let people: Vec<_> = (0..250).map(|number| format!("73{number:014}")).collect();
    for person in &people {
        opened.says(person, person).await;
    }
    opened.die(NOW).await;
    for person in people.iter().rev() {
        let query = EventQuery { person: Some(PersonId::new(person.as_str())), limit: 9, ..EventQuery::default() };
        assert_eq!(opened.store().events(query).await.expect("events").len(), 1, "{person}");
    }
    let mut handled = Vec::new();
    while handled.len() < people.len() {
        let taken = opened.take(9, NOW).await.items;
        for event in taken {
            opened.finish(event.id).await;
            handled.push(event.person.expect("a person").to_string());
        }
        tokio::task::yield_now().await;
    }
    handled.sort_unstable();
    assert_eq!(handled, people);
    assert!(opened.take(9, NOW).await.items.is_empty());
}

/// The first may go uncounted: that a handler has an event in hand is written with what is written next.
pub async fn the_fourth_death_with_an_event_in_hand_is_its_last(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let poison = opened.take_one().await.id;
    for _ in 0..3 {
        opened.die(NOW).await;
        assert_eq!(opened.take_one().await.id, poison);
    }
    opened.die(NOW).await;
    assert_eq!(opened.event_status(poison).await, "dead");
    assert_eq!(ids(&[opened.take_one().await]), [r#""a2""#]);
}

pub async fn what_was_cut_off_by_a_shutdown_does_not_count_as_a_death(opened: &Opened) {
    opened.says(ADA, "a1").await;
    for attempt in 1..=5 {
        assert_eq!(opened.take_one().await.attempt, attempt);
        opened.store().release().await.expect("released");
        opened.die(NOW).await;
    }
}

pub async fn what_has_outlived_its_time_is_forgotten_and_nothing_else(opened: &Opened) {
    let young = NOW + 50 * HOUR;
    for n in 0..250 {
        opened.append(&delivery(&[message("7299", &format!("o{n}"), "x", NOW)]), NOW).await;
    }
    let waiting = opened.take(1, NOW).await.items.remove(0);
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.append(&json!({"entry": [{"id": SHOP, "messaging": [1, 2, 3]}]}), NOW).await;
    opened.append(&delivery(&[message(BEN, "young", "x", young)]), young).await;
    let store = opened.store();
    let forget = async |events: Timestamp, keys: Timestamp| {
        store.prune(KeepSince { events, keys }, young + HOUR).await.expect("pruned");
    };
    forget(young, NOW).await;
    assert_eq!(opened.events().await.len(), 100, "more than a page of what is not done, and what is young");
    assert_eq!(opened.event_status(waiting.id).await, "running");
    assert_eq!(opened.send(send).await.status.as_str(), "planned", "a send that is not settled stays");
    let again = delivery(&[message(ADA, "a1", "x", NOW)]);
    assert_eq!(opened.append(&again, young).await.repeated, 1, "keys outlive their events");
    opened.sending(send).await;
    store.settle(send, sent("m_1"), NOW).await;
    forget(young, young).await;
    assert!(store.send(send).await.expect("read").is_none());
    assert_eq!(opened.append(&again, young).await.new, 1);
}

pub async fn what_a_clock_that_was_ahead_wrote_is_kept_until_what_is_later_is_old(opened: &Opened) {
    let (ahead, store) = (NOW + 100 * HOUR, opened.store());
    let prune = async |now: Timestamp| {
        store.prune(KeepSince { events: now - HOUR, keys: now - HOUR }, now).await.expect("pruned");
    };
    opened.append(&json!({"entry": [{"id": SHOP, "messaging": [1]}]}), ahead).await;
    prune(NOW).await;
    assert_eq!(opened.events().await.len(), 1, "the clock was set back, and nothing has come since");
    opened.append(&json!({"entry": [{"id": SHOP, "messaging": [2]}]}), NOW).await;
    prune(NOW).await;
    assert_eq!(opened.events().await.len(), 2, "what came later is not old");
    prune(NOW + 2 * HOUR).await;
    assert!(opened.events().await.is_empty(), "what came later is old");
}

pub async fn ids_are_never_given_twice(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, sent("m_1"), NOW).await;
    let event = opened.events().await[0].id;
    let later = NOW + 100 * HOUR;
    opened.store().prune(KeepSince { events: later, keys: later }, later + HOUR).await.expect("pruned");
    assert!(opened.events().await.is_empty());
    opened.die(later).await;
    opened.says(BEN, "b1").await;
    assert!(opened.events().await[0].id > event);
    assert!(opened.store().next_send_id() > send);
}
