//! One person writes much while the bot is away: the server holds the first of it in memory, and the rest on disk.
//!
//! A few hundred messages here; `LONG_QUEUE=50000 cargo test long_queue` for more.

use rejoinder::clock::Clock;
use serde_json::{Value, json};

use crate::harness::binary::Binary;
use crate::harness::meta::Meta;
use crate::harness::{ADA, SHOP, environment, settings, until, vacant};

const PER_DELIVERY: usize = 100;

fn count() -> usize {
    std::env::var("LONG_QUEUE").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

#[expect(clippy::print_stdout, reason = "what was measured is for whoever asked for more")]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_outlives_a_kill_and_is_answered_in_order() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut away = settings(&meta.url, "rejoinder.db", "relay");
    let (_port, nowhere) = vacant();
    away.push(("relay.url".to_owned(), format!("http://{nowhere}")));
    let mut server = Binary::start(folder.path(), &["serve"], &environment(&away));
    let (public, admin) = server.addresses();
    // Meta must know that the person has written, else it refuses the answers.
    meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    meta.says("Ada", "shop", "0").await;
    until(|| async {
        let list = meta.json(format!("http://{admin}/api/events?person={ADA}")).await;
        if list["events"].as_array().expect("events").is_empty() { Err(format!("{list}")) } else { Ok(()) }
    })
    .await;
    let (messages, started) = (count(), std::time::Instant::now());
    let numbers: Vec<_> = (1..messages).collect();
    for some in numbers.chunks(PER_DELIVERY) {
        let items: Vec<_> = some
            .iter()
            .map(|number| {
                json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": Clock::system().now().0,
                    "message": {"mid": format!("m_{number}"), "text": number.to_string()}})
            })
            .collect();
        assert_eq!(meta.deliver_all(&public, SHOP, &items).await, 200);
    }
    println!("{messages} messages arrived in {:?}; memory {} KiB", started.elapsed(), server.resident());

    // Where each of them waits can be seen, the newest first.
    let events = all(&meta, &admin, "events", &format!("person={ADA}")).await;
    assert_eq!(events.len(), messages);
    for pair in events.windows(2) {
        assert_eq!(pair[0]["waits_for"], pair[1]["id"], "{pair:#?}");
        assert_eq!(pair[0]["status"], "pending", "{pair:#?}");
    }
    let pending = all(&meta, &admin, "events", "status=pending").await;
    assert!(pending.len() >= messages - 1, "{}", pending.len());
    assert_eq!(pending[..messages - 1], events[..messages - 1]);

    server.kill();
    let started = std::time::Instant::now();
    let mut back = settings(&meta.url, "rejoinder.db", "echo");
    back.push(("sender.texts_per_second".to_owned(), "100000".to_owned()));
    let mut server = Binary::start(folder.path(), &["serve"], &environment(&back));
    let (public, admin) = server.addresses();
    println!("ready again after {:?}; memory {} KiB", started.elapsed(), server.resident());
    meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    let mut answered = Value::Null;
    while answered != events[0]["id"] {
        answered = until(|| async {
            let newest = meta.json(format!("http://{admin}/api/sends?status=sent&limit=1")).await;
            let event = newest["sends"][0]["event_id"].clone();
            if event == answered { Err(event.to_string()) } else { Ok(event) }
        })
        .await;
    }
    println!("all answered after {:?}; memory {} KiB", started.elapsed(), server.resident());
    let sends = all(&meta, &admin, "sends", &format!("person={ADA}")).await;
    assert!(sends.iter().map(|send| &send["event_id"]).eq(events.iter().map(|event| &event["id"])), "{sends:#?}");
    assert!(sends.iter().all(|send| send["status"] == "sent" && send["repeats"] == 0), "{sends:#?}");
    // Meta shows the last of a chat.
    let answers = meta.answers("Ada", "shop").await;
    let texts: Vec<_> = answers.iter().map(|answer| answer["text"].as_str().unwrap_or_default().to_owned()).collect();
    let expected: Vec<_> = (0..messages).map(|number| number.to_string()).collect();
    assert!(!texts.is_empty() && expected.ends_with(&texts), "{texts:#?}");
    assert!(server.terminate().success());
}

/// All of a list, page by page.
async fn all(meta: &Meta, admin: &str, what: &str, query: &str) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = meta.json(format!("http://{admin}/api/{what}?limit=500&{query}{after}")).await;
        rows.extend(page[what].as_array().expect("a list").iter().cloned());
        let Some(next) = page["next"].as_str() else { return rows };
        after = format!("&after={next}");
    }
}
