//! A Meta that is down for long and comes back: what waited is said once and in order, and soon.
//!
//! A few conversations here; `OUTAGE_PEOPLE=10000 OUTAGE_MESSAGES=100000 cargo test outage` for more.

use std::time::{Duration, Instant};

use rejoinder::emulator::{Person, World};
use rejoinder::{Context, Event, Handler, Handlers};
use serde_json::{Value, json};

use crate::harness::wall::{Lets, Wall};
use crate::harness::{PATIENCE, Rig, RigOptions, delivery, message, resident, world};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// How many, where nobody asks for more.
fn count(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

fn id(number: usize) -> String {
    format!("72000000001{number:05}")
}

fn crowd(size: usize) -> World {
    let person = |number| Person { name: format!("person{number}"), ids: [("shop".to_owned(), id(number))].into() };
    World { people: (0..size).map(person).collect(), ..world() }
}

/// Repeats what it hears, and shows itself typing first.
struct Parrot;

impl Handler for Parrot {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        if let Event::Message(message) = event {
            ctx.typing();
            ctx.reply(message.text().unwrap_or_default());
        }
        Ok(())
    }
}

async fn behind_a_wall(people: usize) -> (Rig, Wall) {
    let wall = Wall::new(Lets::Nothing).await;
    let settings = vec![("graph.url", wall.url.clone()), ("sender.texts_per_second", "1000000".to_owned())];
    let handlers = Handlers::new().with("parrot", Parrot);
    let rig =
        Rig::with(RigOptions { handler: "parrot", handlers, settings, world: crowd(people), ..RigOptions::default() })
            .await;
    wall.stands_before(&rig.meta);
    (rig, wall)
}

async fn is_empty(rig: &Rig, list: &str) -> bool {
    let answer = rig.json(&rig.admin(&format!("/api/{list}&limit=1"))).await;
    answer.as_object().expect("a list").values().all(|rows| rows.as_array().is_none_or(Vec::is_empty))
}

/// Waits until no handler runs and no send is in the air, for so long as the server makes headway.
async fn calm(rig: &Rig) {
    let (mut seen, mut since) = (String::new(), Instant::now());
    'again: loop {
        let counted = rig.metrics().await;
        let counted: String = counted.lines().filter(|line| line.contains("_total ")).collect();
        if counted != seen {
            (seen, since) = (counted, Instant::now());
        }
        for list in ["events?status=pending", "events?status=running", "sends?status=sending"] {
            if !is_empty(rig, list).await {
                assert!(since.elapsed() < PATIENCE, "{list} for ever");
                continue 'again;
            }
        }
        return;
    }
}

/// Waits until no send is in doubt, for so long as that makes headway: Meta lets a server look twice a second, by its own clock.
async fn doubts_are_looked_at(rig: &Rig) -> bool {
    let (mut left, mut since) = (usize::MAX, Instant::now());
    loop {
        match rig.sends("status=in_doubt").await.len() {
            0 => return true,
            fewer if fewer < left => (left, since) = (fewer, Instant::now()),
            _ if since.elapsed() > 3 * SECOND => return false,
            _ => tokio::task::yield_now().await,
        }
    }
}

/// The clock goes on until everything is said; returns how long that took.
async fn until_all_is_said(rig: &Rig) -> Duration {
    let healed_at = rig.now();
    loop {
        calm(rig).await;
        let known = doubts_are_looked_at(rig).await;
        if known && is_empty(rig, "sends?status=planned").await {
            return rig.now().since(healed_at);
        }
        assert!(rig.now().since(healed_at) < 10 * MINUTE, "{:#?}", rig.sends("status=in_doubt").await);
        // What was looked at in vain is looked at again after a while.
        rig.clock.advance(if known { SECOND } else { 5 * SECOND });
    }
}

#[expect(clippy::print_stdout, reason = "what was measured is for whoever asked for more")]
#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_of_errors_repeat_nothing_and_lose_nothing() {
    let people = count("OUTAGE_PEOPLE", 200);
    let (rig, wall) = behind_a_wall(people).await;
    let started_at = rig.now();
    for number in 0..people {
        rig.says(&format!("person{number}"), "shop", "hello").await;
        if number % (people / 100).max(1) == 0 && rig.now().since(started_at) < 10 * MINUTE {
            calm(&rig).await;
            rig.clock.advance(6 * SECOND);
        }
    }
    while rig.now().since(started_at) < 10 * MINUTE {
        calm(&rig).await;
        rig.clock.advance(6 * SECOND);
    }
    calm(&rig).await;
    let doubts = rig.sends("status=in_doubt").await.len();
    assert!((1..60).contains(&doubts), "an outage is probed by a few sends: {doubts}");
    assert_eq!(rig.sends("status=held").await, Vec::<Value>::new());

    wall.lets(Lets::Everything);
    // Who hears something after the last attempt knows that the intake is alive.
    rig.clock.advance(SECOND);
    rig.says("person0", "shop", "are you there?").await;
    let took = until_all_is_said(&rig).await;
    println!("{people} conversations, {doubts} sends in doubt, all said {} s after the end", took.as_secs());
    assert!(took < 5 * MINUTE, "{took:?}");
    for number in 0..people {
        let chat = rig.chat("shop", &format!("person{number}")).await;
        let mut expected = vec!["person: hello", "business: hello"];
        if number == 0 {
            expected = vec!["person: hello", "person: are you there?", "business: hello", "business: are you there?"];
        }
        assert_eq!(chat, expected, "person{number}");
    }
    rig.stop_and_end().await;
}

#[expect(clippy::print_stdout, reason = "what was measured is for whoever asked for more")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_the_business_during_an_outage_waits_in_the_store() {
    let (messages, each) = (count("OUTAGE_MESSAGES", 1_000), 20);
    let people = messages / each;
    let (rig, wall) = behind_a_wall(people).await;
    for number in 0..people {
        // Whoever never wrote is not written to.
        rig.act(json!({"person": format!("person{number}"), "account": "shop", "do": "message", "text": "0"})).await;
    }
    // Meta tells of it in its own time: before that, what is delivered past it would come first.
    rig.comes_to_rest().await;
    let before = resident("self");
    for turn in 1..each {
        let all: Vec<_> = (0..people)
            .map(|number| message(&id(number), &format!("m_{number}_{turn}"), &turn.to_string(), rig.now()))
            .collect();
        for some in all.chunks(500) {
            assert_eq!(rig.deliver(&delivery(some)).await, 200);
            calm(&rig).await;
        }
    }
    calm(&rig).await;
    let grown = resident("self").saturating_sub(before);
    assert!(grown < 100 * 1024, "what waits stands in the store, and not in {grown} KiB of memory");
    // Nothing is paced here, so Meta may find it too much.
    rig.expect_refusals();
    wall.lets(Lets::Everything);
    rig.clock.advance(30 * SECOND);
    rig.act(json!({"person": "person0", "account": "shop", "do": "message", "text": each.to_string()})).await;
    let took = until_all_is_said(&rig).await;
    println!("{messages} messages, {grown} KiB more in memory, all answered {} s after the end", took.as_secs());
    for number in 0..people {
        let chat = rig.chat("shop", &format!("person{number}")).await;
        let answers: Vec<_> = chat.iter().filter_map(|line| line.strip_prefix("business: ")).collect();
        let expected: Vec<_> = (0..each + usize::from(number == 0)).map(|turn| turn.to_string()).collect();
        assert_eq!(answers, expected, "person{number}");
    }
    rig.stop_and_end().await;
}
