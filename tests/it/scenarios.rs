//! `rejoinder test`: the real binary, against handlers of its own, bots behind the relay, and bots of anybody.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use rejoinder::emulator::World;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::harness::binary::{Binary, command};

/// Files in a folder of their own, and the binary in it.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Folder(folder)
    }

    /// What `rejoinder test` prints, says and ends with.
    fn test(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        // The busiest machine needs longer than a person would wait.
        let arguments = [&["test", "--patience", "60s"], arguments].concat();
        let output = command(self.0.path(), &arguments, &[]).env_remove("RUST_LOG").output();
        let Output { status, stdout, stderr } = output.expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (status.code(), text(stdout), text(stderr))
    }

    #[track_caller]
    fn passes(&self, arguments: &[&str]) -> String {
        let (code, out, talk) = self.test(arguments);
        assert_eq!(code, Some(0), "{out}{talk}");
        out
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let (code, out, talk) = self.test(arguments);
        assert_eq!(code, Some(1), "{out}{talk}");
        out
    }
}

#[test]
fn the_example_passes_as_its_comment_says() {
    let root = Folder::with(&[]);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/echo.toml").display().to_string();
    let out = root.passes(&[&example, "--handler", "echo"]).replace(&example, "examples/echo.toml");
    insta::assert_snapshot!(out, @"
    ok      examples/echo.toml  10 steps
      step 10: the Graph API answered POST /v26.0/104000000000001/messages with 400: (#613) Calls to this api have exceeded the rate limit. (code 613): refused by a scripted fault
    ");
}

#[test]
fn what_was_said_stands_beside_what_was_wanted() {
    let folder = Folder::with(&[
        ("fine.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['hello']\n"),
        (
            "other.toml",
            r#"
            [[step]]
            do = "message"
            text = "one"
            [[step]]
            do = "message"
            text = "two"
            [[step]]
            do = "message"
            text = 'a "third" one'
            expect = ["one", { text = "three", quick_replies = ["Yes", "No"] }, { matches = "third" }, { attachment = "image" }]
            [[step]]
            do = "message"
            text = "this is not played any more"
            "#,
        ),
        ("silent.toml", "[[step]]\ndo = 'react'\nexpect = []\n"),
        ("nothing.toml", "[[step]]\ndo = 'message'\ntext = 'psst'\nexpect = []\n"),
        (
            "late.toml",
            "within = '500ms'\n[[step]]\nfault = { send = 'rate_limit' }\n[[step]]\ndo = 'message'\ntext = 'hi'\nexpect = ['hi']\n",
        ),
        (
            "untappable.toml",
            "[[step]]\ndo = 'message'\ntext = 'hi'\nexpect = ['hi']\n[[step]]\ntap = 'Large'\nexpect = ['Large']\n",
        ),
        ("more.toml", "[[step]]\ndo = 'message'\ntext = 'a'\n[[step]]\ndo = 'message'\ntext = 'b'\nexpect = ['a']\n"),
    ]);
    let files = ["fine.toml", "other.toml", "silent.toml", "nothing.toml", "late.toml", "untappable.toml", "more.toml"];
    let (code, out, talk) = folder.test(&[&files[..], &["--handler", "echo"]].concat());
    assert_eq!(code, Some(1));
    assert!(talk.ends_with("rejoinder: 6 of 7 failed\n"), "{talk}");
    insta::assert_snapshot!(out, @r#"
    ok      fine.toml  1 step
    FAILED  other.toml:8  step 3 of 4
      Ada at shop: message, text "a \"third\" one"
      something else was said
          "one"
        - "three" [Yes] [No]
        + "two"
          "a \"third\" one"
        - image
    FAILED  silent.toml:1  step 1 of 1
      Ada at shop: react
      there is nothing to react to; write a message first
    FAILED  nothing.toml:1  step 1 of 1
      Ada at shop: message, text "psst"
      nothing was to be said
        + "psst"
    FAILED  late.toml:4  step 2 of 2
      Ada at shop: message, text "hi"
      nothing more was said within 500ms
        - "hi"
      step 2: the Graph API answered POST /v26.0/104000000000001/messages with 400: (#613) Calls to this api have exceeded the rate limit. (code 613): refused by a scripted fault
    FAILED  untappable.toml:5  step 2 of 2
      Ada at shop: taps "Large"
      "Large" is not offered; nothing is
    FAILED  more.toml:4  step 2 of 2
      Ada at shop: message, text "b"
      more was said
          "a"
        + "b"
    "#);
}

#[test]
fn programs_read_json_lines() {
    let folder = Folder::with(&[
        ("a.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['hello']\n"),
        ("b.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['goodbye']\n"),
    ]);
    let out = folder.fails(&["a.toml", "b.toml", "--handler", "echo", "--json"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        lines,
        [
            json!({"file": "a.toml", "passed": true, "steps": 1, "failure": null, "notes": []}),
            json!({"file": "b.toml", "passed": false, "steps": 1, "notes": [], "failure": {
                "step": 1, "line": 1, "did": "Ada at shop: message, text \"hello\"", "problem": "something else was said",
                "compared": [{"missing": "\"goodbye\""}, {"extra": "\"hello\""}]}}),
        ]
    );
}

#[test]
fn every_fault_of_every_script_is_told_before_anything_is_played() {
    let folder = Folder::with(&[
        ("fine.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\n"),
        ("syntax.toml", "[[step]]\ndo = message\ntext = 'x'\n"),
        ("empty.toml", "# nothing\n"),
        ("list.toml", "[step]\ndo = 'read'\n"),
        (
            "names.toml",
            "account = 'shpo'\npreson = 'Ada'\n[[step]]\ndo = 'read'\n[[step]]\nperson = 'Eve'\ntap = 'Large'\n",
        ),
        (
            "steps.toml",
            r#"
            within = "5 parsecs"
            [[step]]
            expect = ["x"]
            [[step]]
            do = "message"
            advance = "25h"
            [[step]]
            do = "dance"
            [[step]]
            do = "message"
            txt = "x"
            [[step]]
            do = "message"
            text = "x"
            at = 2026-11-20
            [[step]]
            tap = "Large"
            text = "x"
            [[step]]
            advance = 5
            expect = "x"
            [[step]]
            do = "read"
            within = "5s"
            [[step]]
            do = "read"
            expect = [1, {}, { txt = "x" }, { matches = "(" }, { quick_replies = "Small" }]
            "#,
        ),
    ]);
    let files = ["fine.toml", "syntax.toml", "empty.toml", "list.toml", "names.toml", "steps.toml", "absent.toml"];
    let (code, out, talk) = folder.test(&[&files[..], &["--handler", "echo"]].concat());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    // Which acts and keys the emulator knows is its own affair.
    let lists = [" is one of: ", " expected one of "];
    let cut = |line: &str| lists.iter().find_map(|list| Some(line.split_once(list)?.0)).unwrap_or(line).to_owned();
    let talk = talk.lines().map(cut).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(talk, @r#"
    rejoinder: there are 22 faults
      syntax.toml:2: this is not TOML: string values must be quoted, expected literal string
      empty.toml:1: step: nothing happens
        hint: a step is [[step]], do = "message", text = "hello"
      list.toml:1: step: is not a list of steps
        hint: each step begins with [[step]]
      names.toml:1: account, person: there is no account "shpo"
        hint: there are: shop, shop_ig
      names.toml:2: preson: there is no such key
        hint: did you mean person?
      names.toml:5: step 2: there is no person "Eve"
        hint: there are: Ada, Ben
      steps.toml:2: within: "5 parsecs" is not a duration
        hint: such as 5s, 2m, 25h or 7d; at most 731d
      steps.toml:3: step 1: nothing happens
        hint: give one of: do, tap, advance, fault
      steps.toml:5: step 2: has do and advance
        hint: give one of: do, tap, advance, fault
      steps.toml:8: step 3: nobody can "dance"
        hint: "do"
      steps.toml:10: step 4: this is not an act: unknown field `txt`,
        hint: for example {"person":"Ada","account":"shop","do":"message","text":"Hello"}
      steps.toml:16: step 5, at: is a datetime, which JSON has no word for
        hint: give it as a string
      steps.toml:19: step 6, text: there is no such key
        hint: there are: account, person, expect, within, tap
      steps.toml:21: step 7, advance: is an integer, not a string
      steps.toml:22: step 7, expect: is not a list
        hint: as ["Which size?"]; [] where nothing must be said
      steps.toml:25: step 8, within: nothing is waited for
        hint: give "expect", or let time pass with a step of its own: advance = "5s"
      steps.toml:28: step 9, expect 1: says nothing of a message
        hint: a message is its text, or a table of: text, matches, quick_replies, template, elements, buttons, attachment, url
      steps.toml:28: step 9, expect 2: says nothing of a message
        hint: a message is its text, or a table of: text, matches, quick_replies, template, elements, buttons, attachment, url
      steps.toml:28: step 9, expect 3, txt: there is no such key
        hint: did you mean text?
      steps.toml:28: step 9, expect 4, matches: is not a regular expression: unclosed group
        hint: the syntax is that of https://docs.rs/regex; in '…' a backslash stands for itself
      steps.toml:28: step 9, expect 5, quick_replies: is not a list of strings
        hint: as ["Small", "Large"]
      absent.toml: cannot be read: No such file or directory (os error 2)
    "#);
}

#[test]
fn the_scripts_of_the_documentation_can_be_read() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md");
    let text = std::fs::read_to_string(docs).expect("the documentation");
    let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let files: Vec<_> = blocks.enumerate().map(|(at, block)| (format!("{at}.toml"), block)).collect();
    assert!(files.len() > 3);
    for (name, block) in &files {
        let folder = Folder::with(&[(name, block)]);
        let (code, out, talk) = folder.test(&[name, "--handler", "echo"]);
        assert!(code == Some(0) || code == Some(1) && out.contains("FAILED"), "{block}{talk}");
    }
}

#[test]
fn what_is_asked_of_no_bot_or_of_two_is_refused() {
    let folder = Folder::with(&[("a.toml", "[[step]]\ndo = 'read'\n")]);
    for arguments in [
        &["a.toml"][..],
        &["a.toml", "--handler", "echo", "--webhook", "http://127.0.0.1:1/"],
        &["a.toml", "--handler", "echo", "--listen", "127.0.0.1:0"],
        &["a.toml", "--handler", "echo", "--settle", "1s"],
        &["a.toml", "--relay", "http://127.0.0.1:1/", "--start-within", "1s"],
        &["a.toml", "--handler", "echo", "--app-secret", ""],
        &["a.toml", "--webhook", "nonsense"],
        &["a.toml", "--webhook", "http://127.0.0.1:1/", "--settle", "60s"],
        &["--handler", "echo"],
        &["a.toml", "--handler", "nobody"],
    ] {
        let (code, out, talk) = folder.test(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {talk}");
    }
}

#[test]
fn where_nobody_reads_the_exit_code_still_tells() {
    let folder = Folder::with(&[
        ("wrong.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['goodbye']\n"),
        ("right.toml", "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['hello']\n"),
    ]);
    for (files, code) in [(&["right.toml", "wrong.toml"][..], 1), (&["right.toml"], 0)] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let arguments = [&["test", "--patience", "60s", "--handler", "echo"], files].concat();
        let status = command(folder.0.path(), &arguments, &[]).stdout(writer).stderr(Stdio::null()).status();
        assert_eq!(status.expect("it runs").code(), Some(code), "{files:?}");
    }
}

#[test]
fn a_world_of_ones_own_gives_the_names() {
    let mut world = World::default();
    world.accounts.truncate(1);
    world.accounts[0].name = "bakery".into();
    world.people.truncate(1);
    world.people[0].name = "Zoe".into();
    world.people[0].ids = [("bakery".to_owned(), "7200000000000077".to_owned())].into();
    let text = toml::to_string(&world).expect("a world in TOML");
    let script = "[[step]]\ndo = 'message'\ntext = 'bread'\nexpect = ['cake']\n";
    let broken = text.replace("people", "peolpe");
    let folder = Folder::with(&[("world.toml", &text), ("broken.toml", &broken), ("a.toml", script)]);
    let out = folder.fails(&["a.toml", "--handler", "echo", "--world", "world.toml"]);
    assert!(out.contains("Zoe at bakery: message, text \"bread\""), "{out}");
    let (code, _, talk) = folder.test(&["a.toml", "--handler", "echo", "--world", "broken.toml"]);
    assert_eq!(code, Some(2));
    assert!(talk.contains("broken.toml") && talk.contains("peolpe"), "{talk}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_behind_the_relay_is_tested_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let menu = json!({"replies": [{"message": {"attachment": {"type": "template", "payload": {"template_type": "button",
        "text": "Which one?", "buttons": [{"type": "postback", "title": "Cup", "payload": "CUP"}]}}}}]});
    let answer = move |body: Bytes| async move {
        let asked: Value = serde_json::from_slice(&body).expect("JSON");
        let payload = &asked["event"]["postback"]["payload"];
        let thanks = json!({"replies": [{"message": {"text": format!("One {payload}.")}}]});
        if payload.is_null() { menu.to_string() } else { thanks.to_string() }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let script = r#"
        [[step]]
        do = "message"
        text = "hello"
        expect = [{ template = "button", text = "Which one?", buttons = ["Cup"] }]
        [[step]]
        tap = "Cup"
        expect = ['One "CUP".']
        "#;
    let folder = Folder::with(&[("menu.toml", script)]);
    let out = tokio::task::spawn_blocking(move || folder.passes(&["menu.toml", "--relay", &url])).await;
    assert_eq!(out.expect("it ran"), "ok      menu.toml  2 steps\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_tried_in_vain_stands_beside_what_was_wanted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    // To whom it knows it says what no bot may say.
    let tagged = json!({"replies": [{"messaging_type": "MESSAGE_TAG", "message": {"text": "hello"}}]}).to_string();
    let answer = move |body: String| async move {
        let is_known = body.contains("I am Ada");
        if is_known { (StatusCode::OK, tagged) } else { (StatusCode::UNAUTHORIZED, "who are you?".to_owned()) }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let script = "[[step]]\ndo = 'message'\ntext = 'hello'\nexpect = ['hello']\nwithin = '500ms'\n";
    let known = script.replace("'hello'\nexpect", "'I am Ada'\nexpect");
    let folder = Folder::with(&[("unknown.toml", script), ("known.toml", &known)]);
    let out = tokio::task::spawn_blocking(move || folder.fails(&["unknown.toml", "known.toml", "--relay", &url])).await;
    insta::assert_snapshot!(out.expect("it ran"), @r#"
    FAILED  unknown.toml:1  step 1 of 1
      Ada at shop: message, text "hello"
      nothing more was said within 500ms
        - "hello"
      step 1: the server: event 1 (message): attempt 1 failed: the relay answered 401 Unauthorized (text/plain, text)
    FAILED  known.toml:1  step 1 of 1
      Ada at shop: message, text "I am Ada"
      nothing more was said within 500ms
        - "hello"
      step 1: the server: send 1 was refused by P1.16: messaging_type MESSAGE_TAG needs a tag
    "#);
}

/// A bot that knows nothing of this crate: it takes webhooks and calls the Graph API, by HTTP.
#[derive(Clone)]
struct Bot {
    http: Client,
    /// Where Meta is, as soon as somebody has said so.
    meta: watch::Receiver<Option<String>>,
    /// How often it is not up yet.
    not_yet: Arc<Mutex<u32>>,
    /// How often it does not take what it hears as "stumble".
    stumbles: Arc<Mutex<u32>>,
}

#[derive(Deserialize)]
struct Verification {
    #[serde(rename = "hub.challenge")]
    challenge: String,
    #[serde(rename = "hub.verify_token")]
    token: String,
}

impl Bot {
    /// Starts it. Returns its webhook, and where to say where Meta is.
    async fn start() -> (String, watch::Sender<Option<String>>) {
        let (tell, meta) = watch::channel(None);
        let twice = || Arc::new(Mutex::new(2));
        let bot = Bot { http: Client::new(), meta, not_yet: twice(), stumbles: twice() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", get(Self::verify).post(Self::hear)).with_state(bot);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, tell)
    }

    async fn verify(State(bot): State<Bot>, Query(asked): Query<Verification>) -> impl IntoResponse {
        let mut not_yet = bot.not_yet.lock().expect("a number");
        if *not_yet > 0 {
            *not_yet -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, String::new());
        }
        if asked.token == "its-token" {
            (StatusCode::OK, asked.challenge)
        } else {
            (StatusCode::FORBIDDEN, String::new())
        }
    }

    async fn hear(State(bot): State<Bot>, body: Bytes) -> StatusCode {
        let delivery: Value = serde_json::from_slice(&body).expect("JSON");
        let item = &delivery["entry"][0]["messaging"][0];
        let text = item["message"]["text"].as_str().filter(|_| item["message"]["is_echo"] != true);
        match text {
            Some("break") => return StatusCode::INTERNAL_SERVER_ERROR,
            Some("stumble") => {
                let mut stumbles = bot.stumbles.lock().expect("a number");
                if *stumbles > 0 {
                    *stumbles -= 1;
                    return StatusCode::INTERNAL_SERVER_ERROR;
                }
            }
            Some(text) if text != "hush" => {
                tokio::spawn(bot.answer(item["sender"]["id"].clone(), text.to_uppercase()));
            }
            _ => {}
        }
        StatusCode::OK
    }

    /// Says it; where it is excited it types for a while, and says more.
    async fn answer(mut self, person: Value, text: String) {
        let meta = self.meta.wait_for(Option::is_some).await.expect("somebody says it").clone().expect("an address");
        let url = format!("{meta}/v26.0/104000000000001/messages");
        let replies = json!([{"title": "Again", "content_type": "text", "payload": "AGAIN"}]);
        self.call(&url, json!({"recipient": {"id": person}, "message": {"text": text, "quick_replies": replies}}))
            .await;
        if text.ends_with('…') {
            self.call(&url, json!({"recipient": {"id": person}, "sender_action": "typing_on"})).await;
        }
        if text.ends_with('!') {
            for _ in 0..200 {
                self.call(&url, json!({"recipient": {"id": person}, "sender_action": "typing_on"})).await;
            }
            self.call(&url, json!({"recipient": {"id": person}, "message": {"text": "AND MORE"}})).await;
        }
    }

    async fn call(&self, url: &str, body: Value) {
        let request = self.http.post(url).bearer_auth("EAAemulatedPageAccessToken104000000000001");
        let request = request.header("content-type", "application/json").body(body.to_string());
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::OK);
    }
}

/// Plays scripts against the foreign bot. Returns the exit code and what was printed.
async fn play_foreign(
    scripts: &'static [(&'static str, &'static str)],
    more: &'static [&'static str],
) -> (i32, Vec<String>) {
    let (webhook, tell) = Bot::start().await;
    let played = tokio::task::spawn_blocking(move || {
        let folder = Folder::with(scripts);
        let mut arguments = vec!["test", "--webhook", &webhook, "--app-secret", "its-secret"];
        arguments.extend(scripts.iter().map(|(name, _)| *name).chain(more.iter().copied()));
        let quiet = [("RUST_LOG".to_owned(), "off".to_owned())];
        let mut test = Binary::start(folder.0.path(), &arguments, &quiet);
        let line = test.line_with("the Graph API is ");
        let meta = line.rsplit(' ').next().expect("an address").to_owned();
        tell.send(Some(meta)).expect("the bot listens");
        let code = test.ended().code().expect("a code");
        (code, std::mem::take(&mut test.log))
    });
    played.await.expect("it ran")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_bot_at_any_url_holds_a_conversation() {
    let scripts = &[(
        "talk.toml",
        r#"
        [[step]]
        do = "message"
        text = "hello"
        expect = [{ text = "HELLO", quick_replies = ["Again"] }]
        [[step]]
        tap = "Again"
        expect = ["AGAIN"]
        [[step]]
        do = "message"
        text = "hush"
        expect = []
        [[step]]
        advance = "25h"
        [[step]]
        do = "message"
        text = "still there?"
        expect = [{ matches = "^STILL" }]
        "#,
    )];
    let (code, lines) = play_foreign(scripts, &["--verify-token", "its-token", "--patience", "60s"]).await;
    assert_eq!((code, lines.last().map(String::as_str)), (0, Some("ok      talk.toml  5 steps")), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_bot_that_is_silent_fails_with_the_reason() {
    let scripts = &[
        ("hush.toml", "[[step]]\ndo = 'message'\ntext = 'hush'\nexpect = ['HUSH']\nwithin = '200ms'\n"),
        ("impatient.toml", "[[step]]\ndo = 'message'\ntext = 'hush'\nexpect = ['HUSH']\n"),
    ];
    let (code, lines) = play_foreign(scripts, &["--verify-token", "its-token", "--patience", "1s"]).await;
    assert_eq!(code, 1, "{lines:#?}");
    for words in [
        "nothing more was said within 200ms",
        "nothing more was said within 1s of real time, the --patience of this run",
        "2 of 2 failed",
    ] {
        assert!(lines.iter().any(|line| line.contains(words)), "{words:?} in {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_a_foreign_bot_does_not_take_fails_whatever_the_script_asks() {
    let scripts = &[
        ("expecting.toml", "within = '1s'\n[[step]]\ndo = 'message'\ntext = 'break'\nexpect = []\n"),
        ("incurious.toml", "within = '1s'\n[[step]]\ndo = 'message'\ntext = 'break'\n"),
    ];
    let (code, lines) = play_foreign(scripts, &["--verify-token", "its-token", "--patience", "60s"]).await;
    assert_eq!(code, 1, "{lines:#?}");
    let told = lines.iter().filter(|line| *line == "  the bot answered a webhook with 500").count();
    assert_eq!(told, 2, "{lines:#?}");
    assert!(lines.iter().any(|line| line == "rejoinder: 2 of 2 failed"), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_a_foreign_bot_takes_in_the_end_fails_nothing() {
    let scripts = &[("stumble.toml", "[[step]]\ndo = 'message'\ntext = 'stumble'\nexpect = []\n")];
    let (code, lines) = play_foreign(scripts, &["--verify-token", "its-token", "--patience", "60s"]).await;
    assert_eq!(code, 0, "{lines:#?}");
    let told = lines.iter().filter(|line| line.contains("the bot answered a webhook with 500")).count();
    assert_eq!(told, 2, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_bot_that_does_not_come_to_an_end_fails() {
    let scripts = &[("endless.toml", "[[step]]\ndo = 'message'\ntext = 'well…'\nexpect = ['WELL…']\n")];
    let more = &["--verify-token", "its-token", "--patience", "5s", "--settle", "4s"];
    let (code, lines) = play_foreign(scripts, more).await;
    assert_eq!(code, 1, "{lines:#?}");
    let words = "the bot is still at work after 5s of real time";
    assert!(lines.iter().any(|line| line.contains(words)), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_foreign_bot_says_too_much_is_found_once_it_is_silent() {
    let scripts = &[("more.toml", "[[step]]\ndo = 'message'\ntext = 'wow!'\nexpect = ['WOW!']\n")];
    let more = &["--verify-token", "its-token", "--patience", "60s", "--settle", "3s"];
    let (code, lines) = play_foreign(scripts, more).await;
    assert_eq!(code, 1, "{lines:#?}");
    for words in ["more was said", r#"    + "AND MORE""#] {
        assert!(lines.iter().any(|line| line.contains(words)), "{words:?} in {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_bot_with_another_verify_token_is_not_tested() {
    let scripts = &[("a.toml", "[[step]]\ndo = 'read'\n")];
    let (code, lines) = play_foreign(scripts, &["--verify-token", "another"]).await;
    assert_eq!(code, 1, "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("does it have the app's verify token?")), "{lines:#?}");
}
