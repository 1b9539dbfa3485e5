//! What may never stand in a log, a metric or an error: tokens, secrets, signatures, what people write.
//!
//! Every test of this binary watches its log at TRACE; here one server is made to say all it has to say.

use std::time::Duration;

use rejoinder::Handlers;
use rejoinder::signature;
use serde_json::json;

use crate::harness::bots::Obedient;
use crate::harness::logs::{self, CANARY, TEXT};
use crate::harness::{ADA, Rig, RigOptions, delivery, message, world};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_people_and_no_secret_is_logged_or_counted() {
    let before = logs::traces();
    let handlers = Handlers::new().with("bot", Obedient::default());
    let rig = Rig::with(RigOptions { handler: "bot", handlers, ..RigOptions::default() }).await;
    rig.says("Ada", "shop", TEXT).await;
    rig.says("Ada", "shop_ig", TEXT).await;
    rig.sends_are("sent", 2).await;
    for fault in ["temporary", "rate_limit", "token_expired", "lost_answer", "blocked"] {
        rig.fault(json!({"send": fault, "times": 1})).await;
        rig.says("Ben", "shop_ig", TEXT).await;
        rig.events_are("pending", 0).await;
        rig.clock.advance(Duration::from_secs(2));
    }
    rig.says("Ada", "shop", "panic").await;
    rig.says("Ben", "shop", "fail once").await;
    rig.says("Ben", "shop", &format!("fail: {TEXT}")).await;
    let junk = format!("junk {CANARY}");
    let header = signature::sign(&world().app.secret, junk.as_bytes());
    rig.post_webhook(&[(signature::HEADER, &header)], junk.clone().into_bytes()).await;
    rig.post_webhook(&[(signature::HEADER, &header)], b"other".to_vec()).await;
    rig.deliver(&delivery(&[json!(TEXT), message(ADA, CANARY, TEXT, rig.now())])).await;
    let url = rig.public(&format!("/webhook?hub.mode=subscribe&hub.verify_token={CANARY}&hub.challenge=1"));
    rig.http.get(url).send().await.expect("an answer");
    let metrics = rig.metrics().await;
    assert!(!logs::is_forbidden(&metrics), "{metrics}");
    let kept = rig.events_are("quarantined", 2).await;
    assert!(kept.iter().all(|event| !logs::is_forbidden(&event.to_string())), "{kept:#?}");
    assert!(logs::traces() > before + 20, "the log is watched at TRACE: {}", logs::traces());
    rig.stop_and_end().await;
}
