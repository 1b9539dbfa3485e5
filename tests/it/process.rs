//! The binary itself: settings, signals, `kill -9`, one server per file.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rejoinder::clock::Clock;
use rejoinder::emulator::Emulator;
use rejoinder::signature;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::harness::binary::{Binary, command};
use crate::harness::{ADA, ADA_ON_INSTAGRAM, BEN, PATIENCE, SHOP, environment, send_json, settings, until, world};

/// An emulated Meta on the machine's clock, for servers that are processes of their own.
struct Meta {
    url: String,
    emulator: Emulator,
    http: Client,
    _stop: tokio_util::sync::DropGuard,
}

impl Meta {
    async fn start() -> Meta {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let emulator = Emulator::new(world(), Clock::system());
        let stop = CancellationToken::new();
        tokio::spawn({
            let (emulator, stop) = (emulator.clone(), stop.clone());
            async move { emulator.serve(listener, stop).await }
        });
        let http = Client::builder().timeout(PATIENCE).build().expect("a client");
        Meta { url, emulator, http, _stop: stop.drop_guard() }
    }

    fn serve(&self, folder: &Path) -> Binary {
        Binary::start(folder, &["serve"], &environment(&settings(&self.url, "rejoinder.db", "echo")))
    }

    async fn says(&self, person: &str, account: &str, text: &str) {
        let act = json!({"person": person, "account": account, "do": "message", "text": text});
        let answer = send_json(self.http.post(format!("{}/emulator/act", self.url)), &act).send().await;
        assert!(answer.expect("an answer").status().is_success());
    }

    async fn json(&self, url: String) -> Value {
        let answer = self.http.get(url).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    async fn answers(&self, person: &str, account: &str) -> Vec<Value> {
        let chat = self.json(format!("{}/emulator/chats/{account}/{person}", self.url)).await;
        let messages = chat["messages"].as_array().expect("messages").iter();
        messages.filter(|message| message["from"] == "business").cloned().collect()
    }
}

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
        let body = json!({"object": "page", "entry": [{"id": id, "time": 1, "messaging": [item]}]}).to_string();
        let header = signature::sign(&world().app.secret, body.as_bytes());
        let request = meta.http.post(format!("http://{public}/webhook")).header(signature::HEADER, header).body(body);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 200);
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
async fn dev_needs_nothing_and_prints_where_the_playground_is() {
    let folder = tempfile::tempdir().expect("a folder");
    // Settings of another server are none of its business.
    std::fs::write(folder.path().join(".env"), "REJOINDER_SERVER__LISTEN=nowhere\n").expect("a file");
    let environment = [("REJOINDER_APP__SECERT".to_owned(), "x".to_owned())];
    let mut dev = Binary::start(folder.path(), &["dev"], &environment);
    let line = dev.line_with("http://");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
    let page = reqwest::get(url).await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("<title>"), "{page}");
    dev.line_with("Ctrl-C");
    dev.signal("INT");
    assert!(dev.ended().success());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind but .env");
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
        let body = json!({"object": "page", "entry": [{"id": "999", "time": 1, "messaging": [item]}]}).to_string();
        let signed = signature::sign(&world().app.secret, body.as_bytes());
        let request = meta.http.post(format!("http://{public}/webhook")).header(signature::HEADER, signed);
        assert_eq!(request.body(body).send().await.expect("an answer").status(), 200);
    }
    let kept = meta.json(format!("http://{admin}/api/events?status=done")).await;
    assert_eq!(kept["events"].as_array().expect("events").len(), 5);
    server.signal("TERM");
    assert!(server.ended().success());
    let warnings: Vec<_> =
        server.log.iter().filter(|line| line.contains("WARN") && line.contains("account=999")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("hint") && warnings[0].contains("accounts.<name>.id"), "{}", warnings[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_503_and_nothing_is_lost_once_there_is_room() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let settings = environment(&settings(&meta.url, "rejoinder.db", "none"));
    let mut server = Binary::start_in_little_room(folder.path(), &["serve"], &settings, 512 * 1024);
    let (public, admin) = server.addresses();
    let deliver = async |number: usize| {
        let item = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "timestamp": number,
            "message": {"mid": format!("m_{number}"), "text": "x".repeat(2000)}});
        let body = json!({"object": "page", "entry": [{"id": SHOP, "time": 1, "messaging": [item]}]}).to_string();
        let signed = signature::sign(&world().app.secret, body.as_bytes());
        let request = meta.http.post(format!("http://{public}/webhook")).header(signature::HEADER, signed);
        request.body(body).send().await.expect("an answer").status().as_u16()
    };
    let mut taken = 0;
    let refused = loop {
        match deliver(taken).await {
            200 => taken += 1,
            status => break status,
        }
        assert!(taken < 5_000, "half a megabyte holds fewer");
    };
    assert_eq!((refused, deliver(taken).await), (503, 503));
    server.give_room();
    let number = taken;
    until(|| async {
        let status = deliver(number).await;
        if status == 200 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let mut kept = 0;
    let mut after = String::new();
    loop {
        let page = meta.json(format!("http://{admin}/api/events?limit=500{after}")).await;
        kept += page["events"].as_array().expect("events").len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(kept, taken + 1, "what was answered 200 is there, and nothing else");
    server.signal("TERM");
    assert!(server.ended().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_store_is_told_and_never_begun_anew() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut server = meta.serve(folder.path());
    server.addresses();
    server.signal("TERM");
    assert!(server.ended().success());
    let path = folder.path().join("rejoinder.db");
    let whole = std::fs::read(&path).expect("the store");
    let torn: [Vec<u8>; 3] = [
        whole[..whole.len() / 2].to_vec(),
        whole.iter().enumerate().map(|(at, byte)| if at < 4096 { *byte } else { 0xAA }).collect(),
        b"SQLite format 3\0 and then nothing that belongs there".to_vec(),
    ];
    for bytes in torn {
        std::fs::write(&path, &bytes).expect("written");
        let mut server = meta.serve(folder.path());
        assert_eq!(server.ended().code(), Some(1), "{:#?}", server.log);
        let told = server.log.join("\n");
        assert!(told.contains("rejoinder.db") && told.contains("cannot be opened"), "{told}");
        assert_eq!(std::fs::read(&path).expect("the file"), bytes, "it is left as it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_may_not_be_written_is_told_and_left_as_it_is() {
    let (meta, folder) = (Meta::start().await, tempfile::tempdir().expect("a folder"));
    let mut server = meta.serve(folder.path());
    server.addresses();
    server.signal("TERM");
    assert!(server.ended().success());
    let path = folder.path().join("rejoinder.db");
    let whole = std::fs::read(&path).expect("the store");
    let allow = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    allow(&folder.path().join("rejoinder.db.lock"), 0o666);
    let settings = environment(&settings(&meta.url, "rejoinder.db", "echo"));
    // A store that is only to be read, a folder that is, and such a folder without a store.
    for (in_folder, in_file, is_there) in [(0o777, 0o444, true), (0o555, 0o666, true), (0o555, 0o666, false)] {
        if !is_there {
            allow(folder.path(), 0o777);
            std::fs::remove_file(&path).expect("removed");
            std::fs::remove_file(folder.path().join("rejoinder.db.lock")).expect("removed");
        } else {
            allow(&path, in_file);
        }
        allow(folder.path(), in_folder);
        let Some(mut server) = Binary::start_bound(folder.path(), &["serve"], &settings) else {
            #[expect(clippy::print_stderr, reason = "whoever reads the run is to see that nothing was proved")]
            {
                eprintln!("skipped: root runs this, and nobody else may run the binary");
            }
            return;
        };
        server.line_with("must be allowed to write");
        assert_eq!(server.ended().code(), Some(1), "{:#?}", server.log);
        let told = server.log.join("\n");
        assert!(told.contains("rejoinder.db") && told.contains("cannot be opened"), "{told}");
        assert_eq!(std::fs::read(&path).ok(), is_there.then(|| whole.clone()));
    }
    allow(folder.path(), 0o777);
}
