//! The commands that call a running server: the real binary, against a server of the test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::binary::{Binary, command};
use crate::harness::{ADA, BEN, Rig, RigOptions, delivery, environment, logs, message, settings, vacant};

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    talk: String,
}

impl Said {
    /// What was printed as JSON Lines.
    fn rows(&self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{}", self.talk);
        self.out.lines().map(|line| serde_json::from_str(line).expect("a JSON object per line")).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.rows().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// It failed, printed no data, and said all of `words` and a way out.
    #[track_caller]
    fn failed(&self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.talk);
        for words in words.iter().chain(&["hint:"]) {
            assert!(self.talk.contains(words), "{words:?} in {}", self.talk);
        }
    }

    /// The settings are at fault.
    #[track_caller]
    fn failed_with_faults(&self, key: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.talk);
        assert!(self.talk.contains(key), "{}", self.talk);
    }
}

fn run(rig: &Rig, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let output = command(rig.folder.path(), arguments, &environment).output().expect("it runs");
    let talk = String::from_utf8(output.stderr).expect("text");
    logs::check_text(&talk);
    // The log is at TRACE; its lines begin with the time.
    let talk = talk.lines().filter(|line| !line.starts_with("20")).collect::<Vec<_>>().join("\n");
    Said { code: output.status.code(), out: String::from_utf8(output.stdout).expect("text"), talk }
}

/// Runs a command that finds the server by the one setting it needs.
fn ask(rig: &Rig, arguments: &[&str]) -> Said {
    let listen = rig.app.as_ref().expect("a server that runs").admin.to_string();
    run(rig, arguments, &[("REJOINDER_ADMIN__LISTEN", &listen)])
}

/// Runs a command with all of the server's settings.
fn with_settings(rig: &Rig, arguments: &[&str], other: &[(&str, &str)]) -> Said {
    let app = rig.app.as_ref().expect("a server that runs");
    let mut pairs = settings(&rig.meta, "unused.db", "none");
    pairs.push(("server.listen".into(), app.public.to_string()));
    pairs.push(("admin.listen".into(), app.admin.to_string()));
    pairs.extend(other.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let pairs = environment(&pairs);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    run(rig, arguments, &pairs)
}

async fn rig_of(handler: &'static str) -> Rig {
    Rig::with(RigOptions { handler, ..RigOptions::default() }).await
}

/// A server whose API asks for this token.
async fn locked(listen: &str) -> (Rig, String) {
    let token = format!("{}-admin-token", logs::CANARY);
    let settings = vec![("admin.token", token.clone()), ("admin.listen", listen.to_owned())];
    (Rig::with(RigOptions { settings, ..RigOptions::default() }).await, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_aligned_tables() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    rig.says("Ben", "shop_ig", "hello").await;
    rig.sends_are("sent", 2).await;

    let said = ask(&rig, &["events", "--kind", "message"]);
    let lines: Vec<_> = said.out.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[0]), ["ID", "RECEIVED", "ACCOUNT", "PERSON", "KIND", "STATUS", "ERROR"]);
    assert_eq!(lines.len(), 3, "{}", said.out);
    for (name, of_ben, of_ada) in [("ACCOUNT", "shop_ig", "shop"), ("PERSON", "9100000000000022", ADA)] {
        let column = lines[0].find(name).expect("a column");
        assert!(lines[1][column..].starts_with(of_ben) && lines[2][column..].starts_with(of_ada), "{}", said.out);
    }
    assert_eq!(words(lines[1]).last().map(String::as_str), Some("-"), "an empty cell counts as one");

    let said = ask(&rig, &["sends"]);
    assert_eq!(words(said.out.lines().next().expect("a line")), ["ID", "AT", "ACCOUNT", "PERSON", "STATUS", "REASON"]);
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_json_lines_on_request_and_can_be_narrowed() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "one").await;
    rig.says("Ada", "shop", "two").await;
    rig.says("Ben", "shop_ig", "three").await;
    rig.sends_are("sent", 3).await;
    // With the echoes of the answers, and what Messenger tells of their delivery, nothing more is to come.
    rig.events_are("done", 8).await;
    assert_eq!(ask(&rig, &["events", "--json"]).rows(), rig.events("").await);
    assert_eq!(ask(&rig, &["sends", "--json"]).rows(), rig.sends("").await);

    let count = |arguments: &[&str]| ask(&rig, &[arguments, &["--json"]].concat()).rows().len();
    assert_eq!(count(&["events", "--person", ADA, "--kind", "message"]), 2);
    assert_eq!(count(&["events", "--account", "shop_ig", "--kind", "message", "--status", "done"]), 1);
    assert_eq!(count(&["events", "--status", "dead"]), 0);
    assert_eq!(count(&["sends", "--account", "shop"]), 2);
    assert_eq!(count(&["sends", "--person", BEN]), 0);
    assert_eq!(count(&["sends", "--status", "sent"]), 3);

    let first = ask(&rig, &["sends", "--json", "--limit", "2"]);
    let cursor = first.talk.trim().rsplit(' ').next().expect("a cursor").to_owned();
    assert!(first.talk.contains("--after"), "{}", first.talk);
    let second = ask(&rig, &["sends", "--json", "--limit", "2", "--after", &cursor]);
    let all = ask(&rig, &["sends", "--json"]).ids();
    assert_eq!([first.ids(), second.ids()].concat(), all);
    assert!(!second.talk.contains("--after"), "{}", second.talk);

    ask(&rig, &["events", "--account", "nobody"]).failed(&["there is no such account"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_beyond_a_page_walks_several() {
    let rig = rig_of("none").await;
    let now = rig.now();
    let items: Vec<_> = (0..620).map(|n| message(&format!("72{n:04}"), &format!("m_{n}"), "x", now)).collect();
    assert_eq!(rig.deliver(&delivery(&items)).await, 200);
    rig.events_are("pending", 0).await;
    let said = ask(&rig, &["events", "--json", "--limit", "600"]);
    assert_eq!(said.ids().iter().collect::<BTreeSet<_>>().len(), 600);
    assert!(said.talk.contains("--after"));
    let said = ask(&rig, &["events", "--json", "--limit", "1000"]);
    assert_eq!(said.ids().len(), 620);
    assert!(!said.talk.contains("--after"));
    // All of them new to who follows: the newest page is not enough.
    let mut follower = follow(&rig, &["events", "--json", "--limit", "1000"]);
    for id in said.ids().iter().rev() {
        follower.line_with(&format!("{{\"id\":\"{id}\""));
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_shown_whole() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 3).await;
    let sent = rig.sends_are("sent", 1).await.remove(0);
    let (send, event) = (sent["id"].as_str().expect("an id"), sent["event_id"].as_str().expect("an id"));

    let shown = ask(&rig, &["sends", "show", send, "--json"]);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown, rig.json(&rig.admin(&format!("/api/sends/{send}"))).await);
    let shown = ask(&rig, &["events", "show", event, "--json"]);
    assert!(shown.out.lines().count() > 5, "it is laid out for reading: {}", shown.out);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown["raw"]["message"]["text"], "hello");

    let shown = ask(&rig, &["events", "show", event]).out;
    let value = |key: &str| shown.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    assert_eq!((value("kind "), value("person "), value("error ")), (Some("message"), Some(ADA), Some("-")), "{shown}");
    assert!(shown.contains("\nraw\n  {\n"), "{shown}");

    for what in ["events", "sends"] {
        ask(&rig, &[what, "show", "999"]).failed(&[&format!("/api/{what}/999"), "there is no such"]);
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_told_with_its_address() {
    let rig = Rig::start().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    for arguments in [&["events"][..], &["sends", "show", "1"], &["events", "--follow"]] {
        let said = run(&rig, arguments, &[("REJOINDER_ADMIN__LISTEN", &free.to_string())]);
        said.failed(&[&free.to_string(), "does not answer"]);
    }
    // Our own server, at the wrong door.
    run(&rig, &["sends", "--url", &rig.public("")], &[]).failed(&["404", "admin.listen"]);
    run(&rig, &["events"], &[("REJOINDER_ADMIN__LISTEN", "nowhere")]).failed_with_faults("admin.listen");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_the_settings_and_never_leaves_home() {
    // A wildcard, which is reached by loopback.
    let (rig, token) = locked("0.0.0.0:0").await;
    let listen = rig.app.as_ref().expect("a server that runs").admin.to_string();
    let at = ("REJOINDER_ADMIN__LISTEN", listen.as_str());
    assert!(listen.starts_with("0.0.0.0:"), "{listen}");
    assert_eq!(run(&rig, &["events", "--json"], &[at, ("REJOINDER_ADMIN__TOKEN", &token)]).rows(), Vec::<Value>::new());
    let wrong = run(&rig, &["events"], &[at, ("REJOINDER_ADMIN__TOKEN", "wrong")]);
    wrong.failed(&["REJOINDER_ADMIN__TOKEN", "is not this server's"]);

    // With --url, the environment's token counts, and the settings that lie about do not.
    let url = format!("http://127.0.0.1:{}", listen.rsplit(':').next().expect("a port"));
    std::fs::write(rig.folder.path().join(".env"), format!("REJOINDER_ADMIN__TOKEN={token}\n")).expect("a file");
    assert_eq!(run(&rig, &["events", "--json"], &[at]).rows(), Vec::<Value>::new());
    run(&rig, &["events", "--url", &url], &[]).failed(&["the token is missing", "admin.token"]);
    std::fs::write(rig.folder.path().join(".env"), "this is no environment file\n").expect("a file");
    let said = run(&rig, &["sends", "--json", "--url", &url], &[("REJOINDER_ADMIN__TOKEN", &token)]);
    assert_eq!(said.rows(), Vec::<Value>::new());
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triggered_event_is_listed_as_its_kind() {
    let rig = rig_of("none").await;
    let kinds = ["message", "postback", "reaction", "referral", "optin", "echo", "read", "edit", "comment"];
    for account in ["shop", "shop_ig"] {
        for kind in kinds {
            let said = with_settings(&rig, &["trigger", kind, "--account", account], &[]);
            assert_eq!(said.code, Some(0), "{kind} at {account}: {}", said.talk);
            assert!(said.out.starts_with("200") && said.out.contains(account), "{}", said.out);
            let rows = ask(&rig, &["events", "--json", "--kind", kind, "--account", account]).rows();
            assert_eq!(rows.len(), 1, "{kind} at {account}: {rows:?}");
        }
    }
    let said = with_settings(&rig, &["trigger", "delivery", "--account", "shop"], &[]);
    assert_eq!(said.code, Some(0), "{}", said.talk);
    assert_eq!(rig.events(&format!("person={ADA}")).await.len(), kinds.len() + 1);

    // Each is a new one, of whom and with what was said.
    let text = "Grüße 😀 a/b";
    let arguments = ["trigger", "message", "--account", "shop", "--person", BEN, "--text", text];
    for expected in 1..=2 {
        assert_eq!(with_settings(&rig, &arguments, &[]).code, Some(0));
        let rows = rig.events(&format!("person={BEN}")).await;
        assert_eq!(rows.len(), expected);
        let id = rows[0]["id"].as_str().expect("an id");
        let event = rig.json(&rig.admin(&format!("/api/events/{id}"))).await;
        assert_eq!(event["raw"]["message"]["text"], json!(text));
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_makes_no_sense_or_is_turned_away_says_why() {
    let rig = rig_of("none").await;
    let trigger =
        |arguments: &[&str], other: &[(&str, &str)]| with_settings(&rig, &[&["trigger"], arguments].concat(), other);
    trigger(&["message"], &[]).failed(&["several accounts", "shop, shop_ig"]);
    trigger(&["message", "--account", "shpo"], &[]).failed(&["no account \"shpo\"", "shop, shop_ig"]);
    trigger(&["delivery", "--account", "shop_ig"], &[]).failed(&["Instagram"]);
    trigger(&["read", "--account", "shop", "--text", "x"], &[]).failed(&["--text"]);
    trigger(&["message", "--account", "shop"], &[("app.secret", "another")]).failed(&["401", "app.secret"]);
    let webhook = rig.public("/nothing");
    trigger(&["message", "--account", "shop", "--webhook", &webhook], &[]).failed(&["404", "/nothing"]);
    trigger(&["message", "--account", "shop"], &[("store.url", "nowhere")]).failed_with_faults("store.url");
    assert!(rig.events("").await.is_empty());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_sees_the_old_and_the_new_once_and_in_order() {
    let rig = rig_of("none").await;
    let say = async |text: &str| {
        assert_eq!(rig.deliver(&delivery(&[message(ADA, text, text, rig.now())])).await, 200);
        rig.events("").await[0]["id"].as_str().expect("an id").to_owned()
    };
    say("m_1").await;
    let old = [say("m_2").await, say("m_3").await];
    let mut follower = follow(&rig, &["events", "--json", "--limit", "2"]);
    for id in &old {
        follower.line_with(&format!("{{\"id\":\"{id}\""));
    }
    let new = [say("m_4").await, say("m_5").await];
    for id in &new {
        follower.line_with(&format!("{{\"id\":\"{id}\""));
    }
    follower.signal("INT");
    assert!(follower.ended().success());
    let lines = follower.log.iter().filter(|line| line.starts_with("{\"id\""));
    let ids: Vec<_> = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone()).collect();
    assert_eq!(ids, [old, new].concat());
    rig.end().await;
}

fn follow(rig: &Rig, arguments: &[&str]) -> Binary {
    let listen = rig.app.as_ref().expect("a server that runs").admin.to_string();
    let environment = [("REJOINDER_ADMIN__LISTEN".to_owned(), listen)];
    Binary::start(rig.folder.path(), &[arguments, &["--follow"]].concat(), &environment)
}

#[tokio::test(flavor = "multi_thread")]
async fn send_says_something_and_names_the_rule_that_forbids_it() {
    let rig = Rig::start().await;
    let refused = ask(&rig, &["send", "shop", ADA, "too", "early"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.talk.contains("P0.1"), "{}", refused.talk);
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    assert_eq!(ask(&rig, &["send", "shop", ADA, "ready?", "--dry-run"]).out, "allowed\n");
    let sent = ask(&rig, &["send", "shop", ADA, "Your", "parcel", "--agent", "Grace", "--idempotency-key", "p9"]);
    let again = ask(&rig, &["send", "shop", ADA, "Your", "parcel", "--agent", "Grace", "--idempotency-key", "p9"]);
    assert_eq!((sent.code, &sent.out), (Some(0), &again.out), "{}", sent.talk);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello", "business: Your parcel"]).await;
    let show = ask(&rig, &["sends", "show", sent.out.trim(), "--json"]);
    let show: Value = serde_json::from_str(&show.out).expect("JSON");
    assert_eq!((&show["agent"], &show["request"]["message"]["text"]), (&json!("Grace"), &json!("Your parcel")));
    ask(&rig, &["send", "shop", ADA, "another", "--idempotency-key", "p9"]).failed(&["something else was posted"]);
    ask(&rig, &["send", "nobody", ADA, "x"]).failed(&["no such account"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn send_can_do_what_the_api_can_and_waits_for_the_outcome() {
    let settings = vec![("accounts.shop.features", "human_agent".to_owned())];
    let rig = Rig::with(RigOptions { handler: "none", settings, ..RigOptions::default() }).await;
    let refused = ask(&rig, &["send", "shop", ADA, "too", "early", "--wait", "--json"]);
    let told: Value = serde_json::from_str(&refused.out).expect("JSON");
    assert_eq!((refused.code, &told["refused"]["rule"]), (Some(1), &json!("P0.1")), "{}", refused.talk);
    let listed = ask(&rig, &["sends", "show", told["id"].as_str().expect("an id"), "--json"]);
    assert!(listed.out.contains("too early"), "{}", listed.out);

    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    let file = rig.folder.path().join("message.json");
    let colours = json!({"text": "Red?", "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "Y"}]});
    std::fs::write(&file, colours.to_string()).expect("a file");
    let sent = ask(&rig, &["send", "SHOP", ADA, "--file", "message.json", "--wait"]);
    assert_eq!((sent.code, sent.out.trim().ends_with("  sent")), (Some(0), true), "{} {}", sent.out, sent.talk);
    let id = sent.out.split_whitespace().next().expect("an id");
    let shown = rig.json(&rig.admin(&format!("/api/sends/{id}"))).await;
    assert_eq!(shown["request"]["message"], colours);
    rig.nothing_is_left_of(ADA, 1).await;

    // A day later a person may still answer, under a tag.
    rig.clock.advance(std::time::Duration::from_secs(48 * 3600));
    let late = ["send", "shop", ADA, "sorry,", "we", "were", "out", "--wait"];
    assert!(ask(&rig, &late).talk.contains("P1.1"));
    let tagged = ask(&rig, &[&late[..], &["--agent", "Grace", "--tag", "human_agent", "--key", "k1"]].concat());
    assert_eq!(tagged.code, Some(0), "{}", tagged.talk);
    let shown = rig.sends("status=sent").await.remove(0);
    let shown = rig.json(&rig.admin(&format!("/api/sends/{}", shown["id"].as_str().expect("an id")))).await;
    assert_eq!(
        (&shown["request"]["messaging_type"], &shown["request"]["tag"]),
        (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT"))
    );

    rig.fault(json!({"send": "token_expired", "times": 1})).await;
    let failed = ask(&rig, &[&late[..], &["--agent", "Grace", "--tag", "HUMAN_AGENT"]].concat());
    assert_eq!(failed.code, Some(1), "{}", failed.out);
    for words in ["  failed  error 190/463\n", "fbtrace_id", "access token"] {
        assert!(failed.out.contains(words), "{words} in {}", failed.out);
    }
    assert!(failed.talk.contains("1 of 1 not sent") && failed.talk.contains("rejoinder sends show"), "{}", failed.talk);
    ask(&rig, &["send", "shop", "--file", "message.json"]).failed(&["no recipient"]);
    ask(&rig, &["send", "shop", ADA, "--file", "absent.json"]).failed(&["absent.json cannot be read"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_handles_events_again_and_goes_on_past_those_it_cannot() {
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    rig.events_are("pending", 0).await;
    let replayed = ask(&rig, &["events", "replay", "4711", "1"]);
    assert_eq!(replayed.code, Some(1));
    assert!(replayed.talk.contains("4711"), "{}", replayed.talk);
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello", "business: hello"]).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_ends_with_0_only_while_the_server_takes_deliveries() {
    let (rig, _) = locked("127.0.0.1:0").await;
    let said = ask(&rig, &["healthcheck"]);
    assert_eq!((said.code, said.out.as_str(), said.talk.as_str()), (Some(0), "", ""), "it needs no token");
    // Another program holds the store, as a backup that was left half-way would.
    let other = rusqlite::Connection::open(rig.folder.path().join("rejoinder.db")).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("the hold");
    // That it could write a moment ago counts for a second.
    rig.until(|| async {
        let said = ask(&rig, &["healthcheck"]);
        let is_told = said.talk.contains("the server is not ready: ");
        if said.code == Some(1) && is_told { Ok(()) } else { Err(format!("{:?} {}", said.code, said.talk)) }
    })
    .await;
    other.execute_batch("ROLLBACK").expect("let go");
    let (_port, vacant) = vacant();
    run(&rig, &["healthcheck"], &[("REJOINDER_ADMIN__LISTEN", &vacant.to_string())]).failed(&["does not answer"]);
    run(&rig, &["healthcheck", "--url", &rig.public("")], &[]).failed(&["404", "admin.listen"]);
    rig.stop_and_end().await;
}
