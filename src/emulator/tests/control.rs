//! The control routes, the stream and the page.

use serde_json::{Value, json};

use super::{Bench, HOUR, START};
use crate::clock::{Clock, Timestamp};
use crate::emulator::{App, Emulator, World};

#[tokio::test]
async fn the_same_acts_get_the_same_ids_from_a_seed_whatever_is_asked_in_between() {
    let mids = async |seed: u64, asked: usize, start: i64| {
        let clock = Clock::standing(Timestamp(start));
        let bench = Bench::of(Emulator::seeded(World::default(), clock.clone(), seed), clock).await;
        for _ in 0..asked {
            bench.emulator.subscribe(&bench.bot_url).await.expect("the bot is subscribed");
            bench.send_error(json!({"message": {"text": "too early"}})).await;
        }
        bench.act(json!({"do": "message", "text": "hi"})).await;
        let (_, answer) = bench.send(json!({"message": {"text": "Hello"}})).await;
        let mids = [bench.chat().await["messages"][0]["mid"].clone(), answer["message_id"].clone()];
        bench.end().await;
        mids
    };
    let first = mids(7, 0, START).await;
    assert_eq!(mids(7, 3, START + HOUR).await, first);
    assert_ne!(mids(8, 0, START).await, first);
}

#[tokio::test]
async fn the_world_is_shown_with_what_a_bot_needs() {
    let bench = Bench::new().await;
    let world = bench.get("/emulator/world").await;
    assert_eq!(world["app"]["id"], "555000000000001");
    assert!(world["app"]["secret"].is_string() && world["app"]["verify_token"].is_string());
    let [shop, shop_ig] = [&world["accounts"][0], &world["accounts"][1]];
    assert_eq!((&shop["name"], &shop["platform"]), (&json!("shop"), &json!("messenger")));
    assert_eq!((&shop_ig["page_id"], &shop_ig["platform"]), (&json!("104000000000001"), &json!("instagram")));
    assert!(shop["access_token"].as_str().is_some_and(|token| token.starts_with("EAA")));
    let ids = json!({"shop": "7200000000000011", "shop_ig": "9100000000000021"});
    assert_eq!(world["people"][0], json!({"name": "Ada", "ids": ids}));
    bench.end().await;
}

#[tokio::test]
async fn the_clock_moves_for_everybody() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/emulator/clock").await, json!({"now": START}));
    let advanced = bench.control("/emulator/clock", json!({"advance": "25h"})).await;
    assert_eq!(advanced, json!({"now": START + 25 * HOUR}));
    assert_eq!(bench.clock.now().0, START + 25 * HOUR);
    bench.end().await;
}

#[tokio::test]
async fn bad_requests_are_refused_with_a_hint() {
    let bench = Bench::new().await;
    let check = async |path: &str, body: Value, status: u16| {
        let (answered, answer) = bench.post(path, body.clone()).await;
        assert_eq!(answered, status, "{path} {body}: {answer}");
        assert!(answer["error"]["message"].is_string() && answer["error"]["hint"].is_string(), "{answer}");
    };
    check("/emulator/act", json!([]), 400).await;
    check("/emulator/act", json!({"text": "x".repeat(1024 * 1024)}), 413).await;
    check("/emulator/clock", json!({}), 400).await;
    check("/emulator/clock", json!({"advance": "soon"}), 400).await;
    check("/emulator/clock", json!({"advance": "9999999999999y"}), 400).await;
    check("/emulator/faults", json!({}), 400).await;
    check("/emulator/faults", json!({"send": "nothing"}), 400).await;
    check("/emulator/faults", json!({"send": "slow", "push": "delay"}), 400).await;
    check("/emulator/faults", json!({"send": "slow", "times": 0}), 400).await;
    check("/emulator/faults", json!({"send": "slow", "times": -1}), 400).await;
    check("/emulator/subscribe", json!({}), 400).await;
    check("/emulator/subscribe", json!({"callback": "the bot"}), 400).await;
    check("/emulator/subscribe", json!({"callback": "http://127.0.0.1:1/"}), 403).await;
    bench.emulator.shared.callbacks.name("http://127.0.0.1:1");
    check("/emulator/subscribe", json!({"callback": "http://127.0.0.1:1/"}), 400).await;
    check("/emulator/nothing", json!({}), 404).await;
    check("/playground/nothing", json!({}), 404).await;
    check("/emulator/terms", json!({"account": "nobody"}), 400).await;
    check("/emulator/linking", json!({"person": "Ada", "account": "shop_ig"}), 400).await;
    let get = async |path: &str| bench.request(bench.http.get(format!("{}{path}", bench.url))).await.0;
    assert_eq!(get("/emulator/linking/nothing").await, 400);
    assert_eq!(get("/emulator/chats/shop/Eve").await, 404);
    assert_eq!(get("/emulator/exchanges?limit=some").await, 400);
    bench.end().await;
}

#[tokio::test]
async fn pages_of_other_origins_reach_nothing_and_other_names_the_graph_api_alone() {
    let world = World { app: App { hosts: vec!["emulator".into()], ..App::default() }, ..World::default() };
    let bench = Bench::unsubscribed(world).await;
    let call = async |path: &str, header: (&str, &str)| {
        let request = bench.http.post(format!("{}{path}", bench.url)).header("content-type", "application/json");
        bench.request(request.header(header.0, header.1).body("{}")).await.0
    };
    for (header, control, graph) in [
        (("host", "evil.example"), 421, 400),
        (("host", "emulator:8082"), 400, 400),
        (("host", "localhost:8082"), 400, 400),
        (("origin", "http://evil.example"), 403, 403),
        (("origin", "http://emulator"), 400, 400),
        (("origin", &bench.url), 400, 400),
        (("sec-fetch-site", "cross-site"), 403, 403),
        (("sec-fetch-mode", "cors"), 400, 400),
        (("content-type", "text/plain"), 415, 400),
    ] {
        assert_eq!(call("/emulator/act", header).await, control, "{header:?}");
        for path in ["/v26.0/me/messages", "/"] {
            assert_eq!(call(path, header).await, graph, "{path} {header:?}");
        }
    }
    bench.end().await;
}

/// The form of a stranger's page, with the token that the documentation shows.
#[tokio::test]
async fn a_page_of_strangers_cannot_subscribe_a_callback_of_its_own() {
    let bench = Bench::unsubscribed(World::default()).await;
    let app = &bench.emulator.shared.world.app;
    let token = format!("{}|{}", app.id, app.secret.expose());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let callback = format!("http://{}/webhook", listener.local_addr().expect("an address"));
    let form = [
        ("access_token", token.as_str()),
        ("object", "page"),
        ("callback_url", &callback),
        ("verify_token", app.verify_token.expose()),
        ("fields", "messages"),
    ];
    let body = reqwest::Url::parse_with_params("http://x/", form).expect("a URL").query().expect("a query").to_owned();
    let post = |headers: &[(&str, &str)]| {
        let request = bench.http.post(format!("{}/{}/subscriptions", bench.url, app.id));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.header("content-type", "application/x-www-form-urlencoded").body(body.clone())
    };
    for (headers, status) in [
        (&[("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")][..], 403),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("host", "evil.example:8082"), ("origin", "http://evil.example:8082")], 421),
    ] {
        assert_eq!(bench.request(post(headers)).await.0, status, "{headers:?}");
    }
    let called = std::future::poll_fn(|context| std::task::Poll::Ready(listener.poll_accept(context).is_ready())).await;
    assert!(!called, "the address was called");
    // A bot's call, which comes without an origin, is heard: the address is called, and does not answer as it should.
    let accepting = async {
        loop {
            drop(listener.accept().await);
        }
    };
    let answered = tokio::select! {
        (status, _) = bench.request(post(&[])) => status,
        () = accepting => unreachable!("it accepts for ever"),
    };
    assert_eq!(answered, 400);
    bench.end().await;
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_callback() {
    let mut bench = Bench::new().await;
    let first = bench.act(json!({"do": "message", "text": "hi"})).await["message"]["mid"].clone();
    bench.next().await;
    bench.control("/emulator/faults", json!({"push": "duplicate"})).await;
    assert_eq!(bench.control("/emulator/reset", json!({})).await, json!({}));
    let chat = bench.chat().await;
    assert_eq!((&chat["messages"], &chat["window"]["opened_at"]), (&json!([]), &Value::Null));
    assert_eq!(bench.get("/emulator/exchanges").await, json!({"exchanges": []}));
    let faults = bench.control("/emulator/faults", json!({"send": "slow"})).await;
    assert_eq!(faults, json!({"faults": [{"send": "slow", "times": 1}]}));
    let second = bench.act(json!({"do": "message", "text": "hi"})).await["message"]["mid"].clone();
    assert_ne!(first, second, "a bot would take it for a repeated delivery");
    assert_eq!(bench.next_item().await["message"]["mid"], second);
    bench.end().await;
}

#[tokio::test]
async fn a_run_repeats_itself() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let bench = Bench::new().await;
        runs.push(bench.act(json!({"do": "message", "text": "hi"})).await);
        bench.end().await;
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn the_stream_tells_what_changes_and_ends_with_the_emulator() {
    let bench = Bench::unsubscribed(Default::default()).await;
    let mut stream = bench.http.get(format!("{}/emulator/stream", bench.url)).send().await.expect("a stream");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    bench.act(json!({"do": "message", "text": "hi"})).await;
    bench.send(json!({"message": {"text": "Hello"}})).await;
    bench.control("/emulator/clock", json!({"advance": "1s"})).await;
    bench.control("/emulator/reset", json!({})).await;
    let mut text = String::new();
    while !text.contains("event: reset") {
        let chunk = stream.chunk().await.expect("the stream goes on").expect("the stream goes on");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["chat", "chat", "exchange", "clock", "reset"]);
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data[0], r#"{"account":"shop","person":"Ada"}"#);
    let exchange: Value = serde_json::from_str(data[2]).expect("an exchange");
    assert_eq!(
        (&exchange["kind"], &exchange["person"], &exchange["status"]),
        (&json!("graph"), &json!("Ada"), &json!(200))
    );
    assert_eq!(data[3], format!("{{\"now\":{}}}", START + 1000));
    bench.end().await;
    assert!(stream.chunk().await.expect("the stream ends well").is_none_or(|rest| rest.is_empty()));
}

#[tokio::test]
async fn the_page_is_served_under_a_strict_policy() {
    let bench = Bench::new().await;
    let get = async |path: &str| bench.http.get(format!("{}{path}", bench.url)).send().await.expect("an answer");
    assert_eq!(get("/").await.headers()["location"], "/playground/");
    assert_eq!(get("/favicon.ico").await.status(), 204);
    for (path, content_type) in [
        ("/playground/", "text/html; charset=utf-8"),
        ("/playground/base.css", "text/css; charset=utf-8"),
        ("/playground/playground.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
            (200, content_type.as_bytes())
        );
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let policy = answer.headers()["content-security-policy"].to_str().expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; img-src"), "{policy}");
    }
    bench.end().await;
}
