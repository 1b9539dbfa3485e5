//! The server behind the callback, as the page is told of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock::{Clock, Timestamp};

use super::{Bench, HOUR, START};

/// A server's `/api`, with what it answers to `/api/events` and `/api/sends`.
struct Api {
    url: Url,
    events: Arc<Mutex<String>>,
    sends: Arc<Mutex<String>>,
}

impl Api {
    async fn start(bench: &Bench) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (events, sends) = (Arc::default(), Arc::default());
        let api = Api { url: url.parse().expect("an address"), events, sends };
        let (events, sends, stop) = (api.events.clone(), api.sends.clone(), bench.stop.clone());
        let router = Router::new().fallback(async move |uri: Uri| match uri.path() {
            "/api/events" => events.lock().expect("nobody panics").clone(),
            _ => sends.lock().expect("nobody panics").clone(),
        });
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router).into_future() => served.expect("the server serves"),
                () = stop.cancelled() => {}
            }
        });
        api.lists(&[]);
        api
    }

    /// An event and a send at each of these times of the server's.
    fn lists(&self, times: &[Timestamp]) {
        let list = |key: &str| times.iter().map(|at| json!({key: at.to_string()})).collect::<Value>();
        *self.events.lock().expect("nobody panics") = json!({"events": list("received_at")}).to_string();
        *self.sends.lock().expect("nobody panics") = json!({"sends": list("at")}).to_string();
    }
}

/// When the listed events and sends happened, by the emulator's clock, and since when they count.
async fn shown(bench: &Bench) -> (Vec<String>, i64) {
    let shown = bench.get("/emulator/server").await;
    let times = |list: &str, key: &str| {
        let list = shown[list].as_array().expect("a list").iter();
        list.map(|one| one[key].as_str().expect("a time").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(times("events", "received_at"), times("sends", "at"));
    (times("events", "received_at"), shown["since"].as_i64().expect("a time"))
}

#[tokio::test]
async fn the_times_of_a_server_with_another_clock_are_those_of_the_emulators() {
    let (bench, second) = (Bench::new().await, Duration::from_secs(1));
    let (api, clock) = (Api::start(&bench).await, Clock::standing(Timestamp(START)));
    bench.emulator.shows_server(api.url.clone(), None, clock.clone());
    let both_go_on = || [&clock, &bench.clock].map(|clock| clock.advance(second));
    let before = clock.now();
    both_go_on();
    bench.control("/emulator/clock", json!({"advance": "25h"})).await;
    both_go_on();
    let after = clock.now();
    api.lists(&[after, before]);
    let at = |ms: i64| Timestamp(ms).to_string();
    assert_eq!(shown(&bench).await, (vec![at(START + 25 * HOUR + 2_000), at(START)], START));

    both_go_on();
    bench.control("/emulator/reset", json!({})).await;
    both_go_on();
    api.lists(&[clock.now(), after, before]);
    let (times, since) = shown(&bench).await;
    assert_eq!((&times[0], since), (&at(START + 25 * HOUR + 4_000), START + 25 * HOUR + 3_000));
    bench.end().await;
}

#[tokio::test]
async fn the_times_of_a_server_with_the_same_clock_stay_as_they_are() {
    let bench = Bench::new().await;
    let api = Api::start(&bench).await;
    bench.emulator.shows_server(api.url.clone(), None, bench.clock.clone());
    bench.control("/emulator/clock", json!({"advance": "25h"})).await;
    api.lists(&[bench.clock.now()]);
    assert_eq!(shown(&bench).await.0, [bench.clock.now().to_string()]);
    bench.end().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_no_list_is_not_passed_on() {
    let bench = Bench::new().await;
    let api = Api::start(&bench).await;
    bench.emulator.shows_server(api.url.clone(), None, bench.clock.clone());
    for (body, problem) in [
        (" ".repeat(9 * 1024 * 1024) + r#"{"events":[]}"#, "answers more than 8 MiB"),
        ("[]".to_owned(), "answers without a list"),
    ] {
        *api.events.lock().expect("nobody panics") = body;
        let (status, answer) = bench.request(bench.http.get(format!("{}/emulator/server", bench.url))).await;
        assert_eq!(status, 502, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|said| said.ends_with(problem)), "{answer}");
    }
    bench.end().await;
}
