//! A store that was restored from a copy, while Meta still tells of what was said after the copy was made.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{ADA, Rig, SHOP, delivery};

const WORDS: [&str; 5] = ["one", "two", "three", "four", "five"];

async fn ada_writes(rig: &Rig) {
    for word in WORDS {
        rig.says("Ada", "shop", word).await;
    }
}

/// The metadata of every message that Meta was given.
async fn metadata(rig: &Rig) -> Vec<Value> {
    let exchanges = rig.json(&format!("{}/emulator/exchanges", rig.meta)).await;
    let bodies = exchanges["exchanges"].as_array().expect("exchanges").iter();
    bodies.filter_map(|exchange| exchange.pointer("/request/message/metadata").cloned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn late_echoes_from_before_a_restored_copy_settle_nothing_that_has_not_left() {
    let mut rig = Rig::start().await;
    rig.stop_app().await;
    let (file, copy) = (rig.folder.path().join("rejoinder.db"), rig.folder.path().join("copy.db"));
    std::fs::copy(&file, &copy).expect("a copy");
    rig.start_app().await;
    rig.subscribe().await;
    ada_writes(&rig).await;
    rig.sends_are("sent", 5).await;
    rig.comes_to_rest().await;
    let said = metadata(&rig).await;
    assert_eq!(said.len(), 5);
    rig.stop_app().await;
    std::fs::copy(&copy, &file).expect("restored");
    rig.start_app().await;
    rig.subscribe().await;

    // The new answers wait: the account was throttled.
    rig.fault(json!({"send": "rate_limit"})).await;
    ada_writes(&rig).await;
    rig.messages_are("done", 5).await;
    rig.sends_are("planned", 5).await;
    for (index, metadata) in said.iter().enumerate() {
        let message =
            json!({"mid": format!("m_late_{index}"), "is_echo": true, "text": WORDS[index], "metadata": metadata});
        let echo =
            json!({"sender": {"id": SHOP}, "recipient": {"id": ADA}, "timestamp": rig.now().0, "message": message});
        assert_eq!(rig.deliver(&delivery(&[echo])).await, 200);
    }
    rig.sends_are("planned", 5).await;
    rig.clock.advance(Duration::from_secs(1));
    rig.sends_are("sent", 5).await;
    let answers = rig.chat("shop", "Ada").await.into_iter().filter(|line| line.starts_with("business")).count();
    assert_eq!(answers, 10);
    rig.end().await;
}
