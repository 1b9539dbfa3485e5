//! What the test kit says of a test that fails: why nothing was heard.

use std::process::Command;

use rejoinder::testkit::Stage;
use rejoinder::{Context, Event, Handler, Message};
use serde_json::json;

/// Set for the process in which the tests below fail.
const FAILS: &str = "REJOINDER_TEST_OF_A_TEST_THAT_FAILS";

/// Fails at `fail`, answers `cup`, and to the rest it says what Instagram does not have.
struct Clumsy;

impl Handler for Clumsy {
    async fn handle(&self, ctx: &mut Context, event: &Event) -> anyhow::Result<()> {
        let Event::Message(message) = event else { return Ok(()) };
        match message.text() {
            Some("fail") => return Err(anyhow::anyhow!("the shelf is empty").context("no cup was found")),
            Some("cup") => ctx.reply("A cup, then."),
            _ => ctx.reply(offer()),
        };
        Ok(())
    }
}

fn offer() -> Message {
    Message::template(json!({"template_type": "one_time_notif_req", "title": "Back soon", "payload": "P"}))
}

/// What `cargo test` shows of one of the tests below, which fails there.
fn shown_of(test: &str) -> String {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args(["--exact", test]).env(FAILS, "1").output().expect("it runs");
    let shown = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{shown}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_hears_nothing() {
    if std::env::var_os(FAILS).is_none() {
        return;
    }
    let stage = Stage::with(Clumsy).await;
    let mut ada = stage.person("Ada").on("shop_ig");
    ada.says("hello").await;
    ada.says("fail").await;
    assert_eq!(ada.hears().await, ["Back soon"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_taps_what_is_not_there() {
    if std::env::var_os(FAILS).is_none() {
        return;
    }
    let stage = Stage::with(Clumsy).await;
    let ada = stage.person("Ada").on("shop_ig");
    ada.says("fail").await;
    ada.taps("Small").await;
}

#[test]
fn a_test_that_hears_nothing_shows_what_was_refused_and_what_failed() {
    let shown = shown_of("stage::a_test_that_hears_nothing");
    let refused = "was refused by P5.5: there are no one-time notifications on Instagram";
    for words in [refused, "(message): attempt 1 failed: no cup was found: the shelf is empty"] {
        let lines = shown.lines().filter(|line| line.starts_with("on the stage: ") && line.ends_with(words));
        assert_eq!(lines.count(), 1, "{words:?} in {shown}");
    }
}

#[test]
fn a_test_that_taps_what_is_not_there_shows_what_failed() {
    let shown = shown_of("stage::a_test_that_taps_what_is_not_there");
    assert!(shown.contains(r#""Small" is not offered; there are []; event "#), "{shown}");
    assert!(shown.contains("attempt 1 failed: no cup was found: the shelf is empty"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_can_be_asked_for() {
    let stage = Stage::with(Clumsy).await;
    assert_eq!(stage.troubles().await, Vec::<String>::new());
    let mut ada = stage.person("Ada").on("shop_ig");
    ada.says("cup").await;
    assert_eq!(ada.hears().await, ["A cup, then."]);
    assert_eq!(stage.troubles().await, Vec::<String>::new());
    ada.says("hello").await;
    let troubles = stage.troubles().await;
    assert!(troubles.len() == 1 && troubles[0].contains("was refused by P5.5"), "{troubles:?}");
    stage.end().await;
}
