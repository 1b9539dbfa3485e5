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
    let all = all_events(&meta, &admin, &format!("person={ADA}")).await;
    assert_eq!(all.len(), messages);
    for pair in all.windows(2) {
        assert_eq!(pair[0]["waits_for"], pair[1]["id"], "{pair:#?}");
        assert_eq!(pair[0]["status"], "pending", "{pair:#?}");
    }
    let pending = all_events(&meta, &admin, "status=pending").await;
    assert!(pending.len() >= messages - 1, "{}", pending.len());
    assert_eq!(pending[..messages - 1], all[..messages - 1]);

    server.kill();
    let started = std::time::Instant::now();
    let mut back = settings(&meta.url, "rejoinder.db", "echo");
    back.push(("sender.texts_per_second".to_owned(), "100000".to_owned()));
    let mut server = Binary::start(folder.path(), &["serve"], &environment(&back));
    let (public, _) = server.addresses();
    println!("ready again after {:?}; memory {} KiB", started.elapsed(), server.resident());
    meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    let mut answered = 0;
    while answered < messages {
        answered = until(|| async {
            let now = meta.answers("Ada", "shop").await.len();
            if now > answered { Ok(now) } else { Err(format!("{now} of {messages}")) }
        })
        .await;
    }
    println!("all answered after {:?}; memory {} KiB", started.elapsed(), server.resident());
    let answers = meta.answers("Ada", "shop").await;
    let texts: Vec<_> = answers.iter().map(|answer| answer["text"].as_str().unwrap_or_default().to_owned()).collect();
    let expected: Vec<_> = (0..messages).map(|number| number.to_string()).collect();
    assert_eq!(texts, expected);
    assert!(server.terminate().success());
}

/// All events of a list, page by page.
async fn all_events(meta: &Meta, admin: &str, query: &str) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let page = meta.json(format!("http://{admin}/api/events?limit=500&{query}{after}")).await;
        events.extend(page["events"].as_array().expect("events").iter().cloned());
        let Some(next) = page["next"].as_str() else { return events };
        after = format!("&after={next}");
    }
}
