//! An outage of the relay, or an event that it cannot take.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rejoinder::clock::Timestamp;
use rejoinder::emulator::{Person, World};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::harness::{Rig, RigOptions, delivery, logs, message, request, world};

const SECOND: Duration = Duration::from_secs(1);

/// What a relay does with an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Answers,
    Says(u16),
    Closes,
    Hangs,
}

type Rule = Box<dyn Fn(&Value) -> Does + Send>;

/// A relay that decides by what it is asked. It answers with the text that it was told, or with `ok`.
struct Relay {
    url: String,
    does: Mutex<Rule>,
    asked: Mutex<Vec<Value>>,
    /// One permit for each answer that may leave.
    answers: Semaphore,
}

impl Relay {
    async fn new(does: impl Fn(&Value) -> Does + Send + 'static) -> Arc<Relay> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/bot", listener.local_addr().expect("an address"));
        let (does, answers) = (Mutex::new(Box::new(does) as Rule), Semaphore::new(Semaphore::MAX_PERMITS));
        let relay = Arc::new(Relay { url, does, asked: Mutex::default(), answers });
        relay.listen(listener);
        relay
    }

    fn listen(self: &Arc<Relay>, listener: TcpListener) {
        let relay = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let relay = Arc::clone(&relay);
                tokio::spawn(async move { relay.serve(stream).await });
            }
        });
    }

    /// One request on each connection.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let asked = request::json(&mut stream).await?;
        let does = self.does.lock().expect("a rule")(&asked);
        let text = asked["event"]["message"]["text"].as_str().unwrap_or("ok").to_owned();
        self.asked.lock().expect("a list").push(asked);
        self.answers.acquire().await.expect("never closed").forget();
        let (status, body) = match does {
            Does::Answers => (200, json!({"replies": [{"message": {"text": text}}]}).to_string()),
            Does::Says(status) => (status, String::new()),
            Does::Closes => return None,
            Does::Hangs => std::future::pending().await,
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.ok()
    }

    fn now_does(&self, does: impl Fn(&Value) -> Does + Send + 'static) {
        *self.does.lock().expect("a rule") = Box::new(does);
    }

    fn calls(&self) -> usize {
        self.asked.lock().expect("a list").len()
    }

    /// The texts of one person, in the order in which they were answered.
    fn texts_of(&self, number: usize) -> Vec<String> {
        let asked = self.asked.lock().expect("a list");
        let of_person = asked.iter().filter(|asked| asked["person"] == id(number).as_str());
        of_person.map(|asked| asked["event"]["message"]["text"].as_str().unwrap_or("").to_owned()).collect()
    }
}

/// A relay that does so with pictures, and answers everything else.
fn with_pictures(does: Does) -> impl Fn(&Value) -> Does + Send + 'static {
    move |asked| if asked["event"]["message"]["attachments"].is_array() { does } else { Does::Answers }
}

fn id(number: usize) -> String {
    format!("73700000{number:08}")
}

fn person(number: usize) -> String {
    format!("person{number}")
}

fn crowd(size: usize) -> World {
    let person = |number| Person { name: person(number), ids: [("shop".to_owned(), id(number))].into() };
    World { people: (0..size).map(person).collect(), ..world() }
}

async fn rig(url: &str, people: usize, more: &[(&'static str, &str)]) -> Rig {
    let mut settings = vec![("relay.url", url.to_owned())];
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    Rig::with(RigOptions { handler: "relay", settings, world: crowd(people), ..RigOptions::default() }).await
}

async fn sends_a_picture(rig: &Rig, number: usize) {
    let picture = json!([{"type": "image", "payload": {"url": "https://cdn.example/i.jpg"}}]);
    rig.act(json!({"person": person(number), "account": "shop", "do": "message", "attachments": picture})).await;
}

/// The clock goes on in steps of a second.
async fn pass(rig: &Rig, seconds: u64) {
    for _ in 0..seconds {
        rig.comes_to_rest().await;
        rig.clock.advance(SECOND);
    }
    rig.comes_to_rest().await;
}

/// A person writes, and is answered within five seconds.
async fn is_answered(rig: &Rig, number: usize) {
    rig.says(&person(number), "shop", "hello").await;
    let expected = ["person: hello", "business: hello"];
    for _ in 0..=5 {
        rig.comes_to_rest().await;
        if rig.chat("shop", &person(number)).await.ends_with(&expected.map(str::to_owned)) {
            return;
        }
        rig.clock.advance(SECOND);
    }
    panic!("not answered within 5 s: {:#?}", rig.events(&format!("person={}", id(number))).await);
}

async fn count(rig: &Rig, status: &str) -> usize {
    rig.events(&format!("kind=message&status={status}")).await.len()
}

/// After messenger-ruby#39.
#[tokio::test(flavor = "multi_thread")]
async fn messenger_ruby_39_pictures_of_some_keep_nobody_else_waiting_and_die() {
    let relay = Relay::new(with_pictures(Does::Says(500))).await;
    let rig = rig(&relay.url, 32, &[]).await;
    for number in 0..12 {
        sends_a_picture(&rig, number).await;
    }
    pass(&rig, 12).await;
    for number in 12..20 {
        let wrote_at = rig.now();
        is_answered(&rig, number).await;
        pass(&rig, 15 - rig.now().since(wrote_at).as_secs()).await;
        if number == 18 {
            assert_eq!(count(&rig, "dead").await, 0, "they are tried for two minutes, without the time of the outage");
        }
    }
    // They are tried for two minutes from the first answer, and the last wait is 30 s.
    pass(&rig, 30).await;
    assert_eq!(count(&rig, "dead").await, 12);
    // Those who sent a picture go on.
    is_answered(&rig, 3).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_pictures_wait_a_text_does_not() {
    let relay = Relay::new(with_pictures(Does::Says(500))).await;
    let rig = rig(&relay.url, 104, &[("dispatch.slots_per_account", "8"), ("dispatch.retry_for", "20s")]).await;
    for round in 0..2 {
        for number in 50 * round..50 * (round + 1) {
            sends_a_picture(&rig, number).await;
        }
        is_answered(&rig, 100 + round).await;
        pass(&rig, 7).await;
    }
    // Pictures that came in after the last text may have taken the relay down once more.
    is_answered(&rig, 102).await;
    pass(&rig, 60).await;
    assert_eq!(count(&rig, "dead").await, 100);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_closes_the_connection_on_one_event_loses_that_alone() {
    let hates = |asked: &Value| if asked["event"]["message"]["text"] == "bad" { Does::Closes } else { Does::Answers };
    let relay = Relay::new(hates).await;
    let rig = rig(&relay.url, 8, &[]).await;
    rig.says(&person(0), "shop", "bad").await;
    rig.says(&person(0), "shop", "good").await;
    for number in 1..8 {
        is_answered(&rig, number).await;
        pass(&rig, 20).await;
    }
    let dead = rig.events("kind=message&status=dead").await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0]["error"].as_str().is_some_and(|error| error.starts_with("the connection broke: ")), "{dead:#?}");
    assert_eq!(rig.chat("shop", "person0").await, ["person: bad", "person: good", "business: good"]);
    rig.end().await;
}

/// The bot crashes on a picture, and the proxy before it says 502.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_takes_the_relay_down_again_and_again_dies() {
    let relay = Relay::new(with_pictures(Does::Says(502))).await;
    let rig = rig(&relay.url, 4, &[]).await;
    sends_a_picture(&rig, 0).await;
    rig.says(&person(0), "shop", "and then").await;
    let sent_at = rig.now();
    for round in 0..60 {
        let wrote_at = rig.now();
        is_answered(&rig, 1 + round % 3).await;
        pass(&rig, 10 - rig.now().since(wrote_at).as_secs()).await;
        if count(&rig, "dead").await > 0 {
            break;
        }
    }
    let lasted = rig.now().since(sent_at).as_secs();
    assert!((120..=360).contains(&lasted), "dead after {lasted} s");
    pass(&rig, 2).await;
    assert_eq!(rig.chat("shop", "person0").await[1..], ["person: and then", "business: and then"]);
    assert_eq!((count(&rig, "dead").await, count(&rig, "pending").await), (1, 0));
    rig.end().await;
}

/// Waits for so many pictures to be with the relay, whose clock stands meanwhile.
async fn are_with_the_relay(rig: &Rig, relay: &Relay, pictures: usize) {
    rig.until(|| async {
        let (calls, running) = (relay.calls(), count(rig, "running").await);
        if running == pictures { Ok(()) } else { Err(format!("{running} running after {calls} calls")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_a_relay_never_answers_holds_up_no_text() {
    const PICTURES: usize = 12;
    let relay = Relay::new(with_pictures(Does::Hangs)).await;
    let rig = rig(&relay.url, PICTURES + 6, &[]).await;
    let writes = async |number: usize| {
        rig.says(&person(number), "shop", "hello").await;
        rig.chat_reads("shop", &person(number), &["person: hello", "business: hello"]).await;
    };
    for number in 0..PICTURES {
        sends_a_picture(&rig, number).await;
    }
    for round in 0..3 {
        are_with_the_relay(&rig, &relay, PICTURES).await;
        writes(PICTURES + 2 * round).await;
        are_with_the_relay(&rig, &relay, PICTURES).await;
        // By their deadline all have failed: that is an outage the first time, in which one of them is tried at a time.
        rig.clock.advance(20 * SECOND);
        are_with_the_relay(&rig, &relay, 0).await;
        if round == 0 {
            rig.clock.advance(2 * SECOND);
            are_with_the_relay(&rig, &relay, 1).await;
        }
        writes(PICTURES + 2 * round + 1).await;
        rig.clock.advance(10 * SECOND);
    }
    are_with_the_relay(&rig, &relay, PICTURES).await;
    relay.now_does(|_| Does::Answers);
    rig.clock.advance(20 * SECOND);
    are_with_the_relay(&rig, &relay, 0).await;
    pass(&rig, 40).await;
    assert_eq!((count(&rig, "dead").await, count(&rig, "done").await), (0, PICTURES + 6));
    rig.end().await;
}

/// The relay restarts just when the pictures of some come, on which it hangs.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_hang_in_an_outage_hold_up_no_text_for_long() {
    const PICTURES: usize = 3;
    let relay = Relay::new(|_| Does::Says(503)).await;
    let rig = rig(&relay.url, PICTURES + 2, &[]).await;
    rig.says(&person(PICTURES), "shop", "hello").await;
    pass(&rig, 0).await;
    relay.now_does(with_pictures(Does::Hangs));
    for number in 0..PICTURES {
        sends_a_picture(&rig, number).await;
    }
    rig.says(&person(PICTURES + 1), "shop", "hello").await;
    rig.clock.advance(SECOND);
    for hanging in 1..=PICTURES {
        are_with_the_relay(&rig, &relay, hanging).await;
        rig.clock.advance(2 * SECOND);
    }
    for number in [PICTURES + 1, PICTURES] {
        rig.chat_reads("shop", &person(number), &["person: hello", "business: hello"]).await;
    }
    are_with_the_relay(&rig, &relay, PICTURES).await;
    relay.now_does(|_| Does::Answers);
    rig.clock.advance(20 * SECOND);
    are_with_the_relay(&rig, &relay, 0).await;
    pass(&rig, 40).await;
    assert_eq!((count(&rig, "dead").await, count(&rig, "done").await), (0, PICTURES + 2));
    rig.end().await;
}

/// Ten minutes without a usable answer, of every kind, and a `retry_for` that is shorter than a wait.
async fn waits_out(does: Does) {
    let relay = Relay::new(move |_| does).await;
    let rig = rig(&relay.url, 4, &[("dispatch.retry_for", "3s")]).await;
    for text in ["one", "two"] {
        for number in 0..4 {
            rig.says(&person(number), "shop", text).await;
        }
    }
    for _ in 0..60 {
        rig.comes_to_rest().await;
        rig.clock.advance(10 * SECOND);
    }
    rig.comes_to_rest().await;
    assert_eq!((count(&rig, "pending").await, count(&rig, "dead").await), (8, 0));
    let before = relay.calls();
    relay.now_does(|_| Does::Answers);
    pass(&rig, 40).await;
    assert_eq!((count(&rig, "done").await, count(&rig, "dead").await), (8, 0));
    for number in 0..4 {
        let texts = relay.texts_of(number);
        assert_eq!(texts[texts.len() - 2..], ["one", "two"], "in order");
        assert!(texts[..texts.len() - 1].iter().all(|text| text == "one"));
    }
    assert_eq!(relay.calls(), before + 8);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_dies_of_an_outage_however_short_retry_for_is() {
    for does in [Does::Says(503), Does::Says(502), Does::Says(504), Does::Says(500), Does::Says(404), Does::Closes] {
        waits_out(does).await;
    }
}

/// How many events run when the relay has been called so often; `None` where the server comes to rest before.
async fn running_at_call(rig: &Rig, relay: &Relay, calls: usize) -> Option<usize> {
    rig.until(|| async {
        let (rests, seen) = (rig.is_at_rest().await, relay.calls());
        match count(rig, "running").await {
            running if seen >= calls => Ok(Some(running)),
            _ if rests => Ok(None),
            running => Err(format!("{running} running after {seen} calls")),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_ten_thousand_wait_a_relay_that_is_down_is_called_now_and_then_and_once_at_a_time() {
    const PEOPLE: usize = 10_000;
    let relay = Relay::new(|_| Does::Says(503)).await;
    let rig = rig(&relay.url, 1, &[("store.queue", "20000")]).await;
    rig.says("person0", "shop", "hello").await;
    pass(&rig, 0).await;
    let write = |number: usize| message(&id(number), &format!("m_{number}"), "hello", rig.now());
    for first in (1..PEOPLE).step_by(500) {
        let items: Vec<_> = (first..PEOPLE.min(first + 500)).map(write).collect();
        assert_eq!(rig.deliver(&delivery(&items)).await, 200);
    }
    assert_eq!(relay.calls(), 1);
    relay.answers.forget_permits(Semaphore::MAX_PERMITS);
    let mut calls = 0;
    for _ in 0..60 {
        rig.clock.advance(SECOND);
        // It is at rest, or its one call waits for an answer, and no other comes beside it.
        while let Some(running) = running_at_call(&rig, &relay, 2 + calls).await {
            assert_eq!(running, 1);
            calls += 1;
            relay.answers.add_permits(1);
        }
    }
    relay.answers.add_permits(Semaphore::MAX_PERMITS >> 1);
    assert!((25..=31).contains(&calls), "{calls} calls in a minute");
    let asked: Vec<_> = relay.asked.lock().expect("a list").iter().map(|asked| asked["person"].to_string()).collect();
    let people: std::collections::HashSet<_> = asked.iter().collect();
    assert_eq!(people.len(), asked.len(), "each call takes an event that has not failed before");
    assert_eq!((count(&rig, "dead").await, count(&rig, "running").await), (0, 0));
    rig.stop_and_end().await;
}

const QUIET: &str = "quiet_shop";
const QUIET_ID: &str = "104000000000777";

/// A rig with an account more, whose name stands in no other test's log.
async fn quiet_rig(url: &str) -> Rig {
    let own = [
        ("accounts.quiet_shop.platform", "messenger"),
        ("accounts.quiet_shop.id", QUIET_ID),
        ("accounts.quiet_shop.access_token", "EAAQuiet"),
        ("accounts.quiet_shop.handler", "relay"),
        ("accounts.quiet_shop.bot", "hybrid"),
        ("accounts.quiet_shop.relay.url", url),
    ];
    rig("http://127.0.0.1:9/unused", 1, &own).await
}

async fn writes_to_the_quiet_shop(rig: &Rig, number: usize, at: Timestamp) {
    let mut item = message(&id(number), &format!("m_{number}"), logs::TEXT, at);
    item["recipient"]["id"] = json!(QUIET_ID);
    let body = json!({"object": "page", "entry": [{"id": QUIET_ID, "time": 1, "messaging": [item]}]});
    assert_eq!(rig.deliver(&body).await, 200);
    rig.comes_to_rest().await;
}

/// What `/readyz` and `/metrics` say of the relay.
async fn shown(rig: &Rig) -> (Value, String) {
    let ready = rig.http.get(rig.admin("/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 200, "a relay that is down keeps no delivery out");
    let ready: Value = serde_json::from_slice(&ready.bytes().await.expect("a body")).expect("JSON");
    let metrics = rig.metrics().await;
    let start = format!("rejoinder_relay_up{{account=\"{QUIET}\"}} ");
    let up = metrics.lines().find_map(|line| line.strip_prefix(&start)).expect("a gauge").to_owned();
    (ready["relays"][QUIET].clone(), up)
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_relay_goes_down_and_returns_is_told_once_each() {
    let relay = Relay::new(|_| Does::Says(500)).await;
    let rig = quiet_rig(&relay.url).await;
    assert_eq!(shown(&rig).await, (json!({"up": true, "since": null}), "1".to_owned()));
    for number in 0..2 {
        writes_to_the_quiet_shop(&rig, number, rig.now()).await;
    }
    assert_eq!((shown(&rig).await.1, logs::of_relay(QUIET).len()), ("1".to_owned(), 0));
    let since = rig.now();
    for number in 2..9 {
        writes_to_the_quiet_shop(&rig, number, rig.now()).await;
    }
    pass(&rig, 75).await;
    assert_eq!(shown(&rig).await, (json!({"up": false, "since": since.to_string()}), "0".to_owned()));
    let lines = logs::of_relay(QUIET);
    assert!(lines.len() == 1 && lines[0].contains("the relay is down"), "{lines:#?}");
    relay.now_does(|_| Does::Says(204));
    pass(&rig, 30).await;
    assert_eq!(shown(&rig).await, (json!({"up": true, "since": null}), "1".to_owned()));
    let lines = logs::of_relay(QUIET);
    let is_up = lines.len() == 2 && lines[1].contains("the relay is up again") && lines[1].contains("down_for=1m");
    assert!(is_up, "{lines:#?}");
    rig.end().await;
}
