//! The binary itself: settings, signals, `kill -9`, one server per file.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use rejoinder::clock::Clock;
use serde_json::{Value, json};

use crate::harness::binary::{Binary, command};
use crate::harness::meta::Meta;
use crate::harness::{ADA, ADA_ON_INSTAGRAM, BEN, SHOP, environment, message, send_json, settings, until, vacant};

/// Each round is another conversation: a message, its 200, the kill, a new start. Each message is answered once. Only a
/// send that the kill caught on its way may stay in doubt; it is not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_after_a_200_loses_nothing_and_repeats_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = Meta::start().await;
    for (person, account, id, scoped) in [
        ("Ada", "shop", SHOP, ADA),
        ("Ben", "shop", SHOP, BEN),
        ("Ada", "shop_ig", "17841400000000001", ADA_ON_INSTAGRAM),
        ("Ben", "shop_ig", "17841400000000001", "9100000000000022"),
    ] {
        let mut server = meta.serve(folder.path());
        let (public, _) = server.addresses();
        // Meta must know that the person has written, else it refuses the answer.
        meta.says(person, account, "warm").await;
        let item = json!({"sender": {"id": scoped}, "recipient": {"id": id}, "timestamp": Clock::system().now().0,
            "message": {"mid": format!("m_{scoped}"), "text": "now"}});
        assert_eq!(meta.deliver(&public, id, &item).await, 200);
        server.kill();

        let mut server = meta.serve(folder.path());
        let (public, admin) = server.addresses();
        meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
        let doubted = until(|| async {
            let sends = meta.json(format!("http://{admin}/api/sends?person={scoped}")).await;
            let sends = sends["sends"].as_array().expect("sends").clone();
            let count = |status: &str| sends.iter().filter(|send| send["status"] == status).count();
            match (count("sent"), count("in_doubt")) {
                (2, 0) => Ok(false),
                (_, 1) => Ok(true),
                _ => Err(format!("{sends:#?}")),
            }
        })
        .await;
        let answers = meta.answers(person, account).await;
        let said = |text: &str| answers.iter().filter(|answer| answer["text"] == text).count();
        assert!(said("now") <= 1 && said("warm") <= 1, "nothing is said twice: {answers:#?}");
        assert!(doubted || (said("now"), said("warm")) == (1, 1), "nothing is lost: {answers:#?}");
        assert!(server.terminate().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_started_again_answers_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = Meta::start().await;
    let mut server = meta.serve(folder.path());
    let (public, _) = server.addresses();
    meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    meta.says("Ada", "shop", "before").await;
    until(|| async {
        let count = meta.answers("Ada", "shop").await.len();
        if count == 1 { Ok(()) } else { Err(format!("{count} answers")) }
    })
    .await;
    server.kill();
    let mut server = meta.serve(folder.path());
    let (public, admin) = server.addresses();
    // Another port: the callback moves, as it would in Meta's dashboard.
    meta.emulator.subscribe(&format!("http://{public}/webhook")).await.expect("verified");
    meta.says("Ada", "shop", "after").await;
    until(|| async {
        let sends = meta.json(format!("http://{admin}/api/sends?status=sent")).await;
        let sent = sends["sends"].as_array().expect("sends").len();
        if sent == 2 { Ok(()) } else { Err(format!("{sends}")) }
    })
    .await;
    let texts: Vec<_> = meta.answers("Ada", "shop").await.iter().map(|answer| answer["text"].clone()).collect();
    assert_eq!(texts, ["before", "after"]);
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_and_ctrl_c_end_it_with_0() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = Meta::start().await;
    for signal in ["TERM", "INT"] {
        let mut server = meta.serve(folder.path());
        server.addresses();
        server.signal(signal);
        assert!(server.ended().success());
        assert!(server.log.iter().any(|line| line.contains("stopped")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_exit_2_with_every_fault_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = [
        ("REJOINDER_SERVER__LISTEN", "nowhere"),
        ("REJOINDER_SERVER__LITSEN", "127.0.0.1:1"),
        ("REJOINDER_ACCOUNTS__SHOP__ACCESS_TOKEN", "Canary7f3a9c"),
        ("REJOINDER_SERVICE_HOST", "10.0.0.1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let output = command(folder.path(), &["serve"], &environment).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8(output.stderr).expect("text");
    for key in ["server.listen", "server.litsen", "app.secret", "app.verify_token", "accounts.shop.platform", "hint:"] {
        assert!(talk.contains(key), "{key} in {talk}");
    }
    assert!(!talk.contains("Canary") && !talk.contains("SERVICE_HOST"), "{talk}");
    assert!(output.stdout.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_env_file_of_the_working_directory_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = Meta::start().await;
    let lines = environment(&settings(&meta.url, "rejoinder.db", "echo")).into_iter();
    let lines: Vec<_> = lines.map(|(name, value)| format!("{name}={value}")).collect();
    std::fs::write(folder.path().join(".env"), lines.join("\n")).expect("a file");
    let mut server = Binary::start(folder.path(), &["serve"], &[]);
    server.addresses();
    assert!(folder.path().join("rejoinder.db").exists());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_waits_for_the_file_of_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = Meta::start().await;
    let mut first = meta.serve(folder.path());
    first.addresses();
    let mut second = meta.serve(folder.path());
    second.line_with("waits for another server");
    assert!(first.terminate().success());
    second.addresses();
    assert!(second.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_waits_under_whatever_name_it_comes() {
    let meta = Meta::start().await;
    for way in ["a symlink", "a hard link", "without the lock beside it"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let mut first = meta.serve(folder.path());
        first.addresses();
        let name = match way {
            "a symlink" => symlink(path("rejoinder.db"), path("other.db")).map(|()| "other.db"),
            "a hard link" => std::fs::hard_link(path("rejoinder.db"), path("other.db")).map(|()| "other.db"),
            _ => std::fs::remove_file(path("rejoinder.db.lock")).map(|()| "rejoinder.db"),
        };
        let environment = environment(&settings(&meta.url, name.expect(way), "echo"));
        let mut second = Binary::start(folder.path(), &["serve"], &environment);
        second.line_with("waits for another server");
        assert!(first.terminate().success(), "{way}");
        second.addresses();
        assert!(second.terminate().success(), "{way}");
    }
}

/// SQLite looks for the log under the name that it is given: under another one, what was acknowledged would be missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_under_another_name_than_that_of_the_log_is_refused() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let path = |name: &str| folder.path().join(name);
    let mut server = meta.serve(folder.path());
    server.addresses();
    std::fs::hard_link(path("rejoinder.db"), path("other.db")).expect("linked");
    server.kill();
    let mut server = Binary::start(folder.path(), &["serve"], &environment(&settings(&meta.url, "other.db", "echo")));
    server.line_with("rejoinder.db-wal holds what was written under another name");
    assert_eq!(server.ended().code(), Some(1));
    let mut server = meta.serve(folder.path());
    server.line_with("has more than one name");
    server.addresses();
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_beside_a_store_are_made_from_where_its_symlink_leads() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("disk")).expect("a folder");
    // It leads to a file that is not there yet.
    symlink("disk/real.db", path("rejoinder.db")).expect("linked");
    let mut server = meta.serve(folder.path());
    server.addresses();
    let files = ["", "-wal", "-shm", ".lock"].map(|end| path(&format!("disk/real.db{end}")));
    assert!(files.iter().all(|path| path.is_file()) && !path("rejoinder.db.lock").exists());
    server.kill();
    for path in &files {
        std::fs::set_permissions(path, Permissions::from_mode(0o664)).expect("permissions");
    }
    let mut server = meta.serve(folder.path());
    server.addresses();
    for path in &files {
        assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_program_has_locked_is_told_as_such() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut server = meta.serve(folder.path());
    server.addresses();
    assert!(server.terminate().success());
    let other = rusqlite::Connection::open(folder.path().join("rejoinder.db")).expect("a store");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let mut server = meta.serve(folder.path());
    server.line_with("is locked, though no other server has it");
    assert_eq!(server.ended().code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_reads_a_store() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let files = ["", "-wal", "-shm", ".lock"].map(|end| folder.path().join(format!("rejoinder.db{end}")));
    let modes = || files.each_ref().map(|path| path.metadata().expect("a file").permissions().mode() & 0o777);
    let mut server = meta.serve(folder.path());
    server.addresses();
    assert_eq!(modes(), [0o600; 4]);
    // What an older release made, or a person copied here, and a server that was killed left behind.
    server.kill();
    for path in &files {
        std::fs::set_permissions(path, Permissions::from_mode(0o664)).expect("permissions");
    }
    let mut server = meta.serve(folder.path());
    server.line_with("could be read by other users");
    server.addresses();
    assert_eq!(modes(), [0o600; 4]);
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_of_strangers_once_a_minute() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut server = meta.serve(folder.path());
    let (public, admin) = server.addresses();
    for _ in 0..5 {
        let status = |answer: reqwest::Response| answer.status().as_u16();
        let unsigned = meta.http.post(format!("http://{public}/webhook")).body("x").send().await;
        let query = "hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1";
        let guess = meta.http.get(format!("http://{public}/webhook?{query}")).send().await;
        let rebound = meta.http.get(format!("http://{admin}/api/events")).header("host", "evil.example").send().await;
        let answers = [unsigned, guess, rebound].map(|answer| status(answer.expect("an answer")));
        assert_eq!(answers, [401, 403, 421]);
    }
    server.signal("TERM");
    assert!(server.ended().success());
    for words in ["without a valid signature", "verification of the callback was refused", "a call was refused"] {
        assert_eq!(server.log.iter().filter(|line| line.contains(words)).count(), 1, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_needs_nothing_and_prints_where_the_playground_is() {
    let folder = tempfile::tempdir().expect("a folder");
    // Settings of another server are none of its business.
    std::fs::write(folder.path().join(".env"), "REJOINDER_SERVER__LISTEN=nowhere\n").expect("a file");
    let environment = [("REJOINDER_APP__SECERT".to_owned(), "x".to_owned())];
    let mut dev = Binary::start(folder.path(), &["dev", "--host", "bot-8082.example.dev"], &environment);
    let address =
        |line: String| line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
    let playground = address(dev.line_with("Playground"));
    let page = reqwest::get(&playground).await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("<title>"), "{page}");
    let api = address(dev.line_with("Admin API"));
    dev.line_with("Ctrl-C");
    // A forwarder leaves the browser's name in the origin, and may rewrite the host.
    let http = reqwest::Client::new();
    for url in [playground, api] {
        for (header, value, status) in [
            ("origin", "https://bot-8082.example.dev", 200),
            ("host", "bot-8082.example.dev", 200),
            ("origin", "https://evil.example", 403),
            ("host", "evil.example", 421),
        ] {
            let answer = http.get(&url).header(header, value).send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{url} {header}: {value}");
        }
    }
    dev.signal("INT");
    assert!(dev.ended().success());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind but .env");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_devs_can_be_started_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut devs: Vec<_> = (0..4).map(|_| Binary::start(folder.path(), &["dev"], &[])).collect();
    for dev in &mut devs {
        dev.line_with("Ctrl-C");
    }
    for dev in &mut devs {
        dev.signal("INT");
        assert!(dev.ended().success());
    }
}

/// `log.format = "json"`: each line is an object of its own, with what it is about in its span.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_json_is_an_object_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("rejoinder.db").display().to_string();
    let mut environment = environment(&settings("http://127.0.0.1:1", &store, "relay"));
    for (name, value) in [("LOG__FORMAT", "json"), ("RELAY__URL", "http://127.0.0.1:1/bot")] {
        environment.push((format!("REJOINDER_{name}"), value.to_owned()));
    }
    let mut server = Binary::start(folder.path(), &["serve"], &environment);
    let line = server.line_with("ready");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&ready["level"], &ready["message"]), (&json!("INFO"), &json!("ready")), "{ready}");
    assert!(ready["public"].is_string() && ready["timestamp"].is_string() && ready["target"].is_string(), "{ready}");
    let meta = Meta::start().await;
    let public = ready["public"].as_str().expect("an address");
    assert_eq!(meta.deliver(public, SHOP, &message(ADA, "m_1", "hi", Clock::system().now())).await, 200);
    let line = server.line_with("a handler failed");
    let failed: Value = serde_json::from_str(&line).expect("JSON");
    let span = ["name", "account", "event", "kind"].map(|field| failed["span"][field].clone());
    assert_eq!(span, [json!("event"), json!("shop"), json!("1"), json!("message")], "{failed}");
    server.signal("TERM");
    assert!(server.ended().success());
    for line in &server.log {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

/// Under `dev` all people are invented: a bot's author reads at once why nothing is said.
#[tokio::test(flavor = "multi_thread")]
async fn dev_says_why_a_handler_failed_and_where_it_looked_for_the_bot() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_port, address) = vacant();
    let relay = format!("http://{address}/bot?key=private-word");
    let mut dev = Binary::start(folder.path(), &["dev", "--relay", &relay], &[]);
    let line = dev.line_with("/playground/");
    let meta = line.split_whitespace().find_map(|word| word.strip_suffix("/playground/")).expect("an address");
    dev.line_with("Ctrl-C");
    let act = json!({"person": "Ada", "account": "shop", "do": "message", "text": "hello"});
    let request = send_json(reqwest::Client::new().post(format!("{meta}/emulator/act")), &act);
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    let line = dev.line_with("a handler failed");
    let span = line.split_once("event{").and_then(|(_, rest)| Some(rest.split_once('}')?.0)).expect("a span");
    assert!(span.starts_with("account=\"shop\" event=1 kind=\"message\" attempt=1 trace="), "{line}");
    assert_eq!(line.matches("shop").count(), 1, "{line}");
    assert!(line.contains("Connection refused"), "{line}");
    assert!(line.contains(&format!("is the bot running at http://{address}?")), "{line}");
    assert!(!line.contains("private-word"), "{line}");
    // The playground shows the same, once the store has it.
    until(|| async {
        let shown = reqwest::get(format!("{meta}/emulator/server")).await.expect("an answer");
        let shown = shown.text().await.expect("text");
        let event = &serde_json::from_str::<Value>(&shown).expect("JSON")["events"][0];
        let says_why = event["error"].as_str().is_some_and(|error| error.contains("is the bot running at"));
        if says_why && event["handled_ms"].is_u64() { Ok(()) } else { Err(shown) }
    })
    .await;
    dev.signal("INT");
    assert!(dev.ended().success());
}

#[test]
fn a_line_that_other_readers_fill_in_is_warned_of_without_its_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "OTHER=$A\nREJOINDER_APP__ID='$A'\nREJOINDER_APP__SECRET=hunter2${HOME}\nREJOINDER_APP__VERIFY_TOKEN=a$\nREJOINDER_SERVER__LISTEN=nowhere\n";
    std::fs::write(folder.path().join(".env"), text).expect("a file");
    let output = command(folder.path(), &["serve"], &[]).output().expect("it runs");
    let talk = String::from_utf8_lossy(&output.stderr);
    let warnings: Vec<_> = talk.lines().filter(|line| line.contains("WARN") && line.contains(".env")).collect();
    assert!(matches!(warnings[..], [line] if line.contains("line=3")), "{talk}");
    assert!(!talk.contains("hunter2"), "{talk}");
}

#[test]
fn help_and_version_go_to_stdout() {
    let folder = tempfile::tempdir().expect("a folder");
    for (argument, words) in [("--help", "serve"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = command(folder.path(), &[argument], &[]).output().expect("it runs");
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_configured_is_warned_of_once() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut server = meta.serve(folder.path());
    let (public, admin) = server.addresses();
    for number in 0..5 {
        let item = json!({"sender": {"id": ADA}, "recipient": {"id": "999"}, "timestamp": number,
            "message": {"mid": format!("m_{number}"), "text": "for nobody"}});
        assert_eq!(meta.deliver(&public, "999", &item).await, 200);
    }
    let kept = meta.json(format!("http://{admin}/api/events?status=done")).await;
    assert_eq!(kept["events"].as_array().expect("events").len(), 5);
    server.signal("TERM");
    assert!(server.ended().success());
    let warnings: Vec<_> =
        server.log.iter().filter(|line| line.contains("WARN") && line.contains("account_id=999")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("hint") && warnings[0].contains("accounts.<name>.id"), "{}", warnings[0]);
}

/// A token that Meta does not know is told of at the start; the tokens that are good are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_is_warned_of_at_the_start() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut settings = settings(&meta.url, "rejoinder.db", "echo");
    let token = settings.iter_mut().find(|(key, _)| key == "accounts.shop.access_token").expect("a token");
    token.1 = "EAA-of-last-year".to_owned();
    let mut server = Binary::start(folder.path(), &["serve"], &environment(&settings));
    let line = server.line_with("access token");
    let told = ["WARN", "account=\"shop\"", "is not valid", "code=\"190\"", "hint="];
    assert!(told.iter().all(|words| line.contains(words)), "{line}");
    server.signal("TERM");
    assert!(server.ended().success());
    assert_eq!(server.log.iter().filter(|line| line.contains("access token")).count(), 1, "{:#?}", server.log);
    assert!(!server.log.iter().any(|line| line.contains("last-year")), "{:#?}", server.log);
}

/// The first thing said is that the filter is none; then what is logged by default is logged.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_of_the_log_that_cannot_be_read_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = [("RUST_LOG".to_owned(), "warn,rejoinder::store=loud".to_owned())];
    let mut server = Binary::start(folder.path(), &["emulator", "--listen", "127.0.0.1:0"], &log);
    let line = server.line_with("RUST_LOG");
    assert!(line.contains("WARN") && line.contains("\"rejoinder::store=loud\"") && !line.contains("warn,"), "{line}");
    server.kill();
}

/// A token that is not read would leave /api open.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_whose_name_lacks_underscores_ends_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".env"), "REJOINDER_ADMIN_TOKEN=hunter2 hunter2\nnonsense\n").expect("a file");
    let pairs = environment(&settings("http://meta.example", "rejoinder.db", "echo"));
    let output = command(folder.path(), &["serve"], &pairs).output().expect("it runs");
    let talk = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{talk}");
    for words in [
        "admin.token: is not set by REJOINDER_ADMIN_TOKEN",
        "write REJOINDER_ADMIN__TOKEN",
        ".env: line 2",
        "graph.url: ",
    ] {
        assert!(talk.contains(words), "{words} in {talk}");
    }
    assert!(!talk.contains("hunter2"));
}
