//! The layers, and every fault at once.

use super::*;
use crate::secret::Secret;

const HANDLERS: &[&str] = &["echo", "none"];

fn from(environment: &[(&str, &str)]) -> Result<Settings, Faults> {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::load(&Sources { environment: pairs, ..Sources::default() }, HANDLERS)
}

const APP: &[(&str, &str)] = &[("REJOINDER_APP__SECRET", "s"), ("REJOINDER_APP__VERIFY_TOKEN", "v")];

const SHOP: &[(&str, &str)] = &[
    ("REJOINDER_ACCOUNTS__SHOP__PLATFORM", "messenger"),
    ("REJOINDER_ACCOUNTS__SHOP__ID", "104000000000001"),
    ("REJOINDER_ACCOUNTS__SHOP__ACCESS_TOKEN", "EAAp"),
    ("REJOINDER_ACCOUNTS__SHOP__HANDLER", "echo"),
];

fn with(extra: &[(&str, &str)]) -> Result<Settings, Faults> {
    from(&[APP, SHOP, extra].concat())
}

/// The one fault that `extra` brings, with its hint.
#[track_caller]
fn fault(extra: &[(&str, &str)], key: &str, words: &str) {
    let faults = with(extra).expect_err("a fault");
    assert_eq!(faults.0.len(), 1, "{faults}");
    assert_eq!(faults.0[0].key, key);
    assert!(faults.to_string().contains(words), "{faults}");
}

#[test]
fn an_app_and_an_account_are_enough() {
    let settings = with(&[]).expect("valid");
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    let (name, shop) = settings.account(&AccountId::new("104000000000001")).expect("the shop");
    assert_eq!((name, shop.handler.as_str(), shop.bot), ("shop", "echo", Bot::Automated));
    assert_eq!(shop.node().as_str(), "104000000000001");
}

#[test]
fn every_fault_is_told_at_once() {
    let faults = from(&[
        ("REJOINDER_SERVER__LISTEN", "here"),
        ("REJOINDER_SEVRER__LISTEN", "127.0.0.1:1"),
        ("REJOINDER_ACCOUNTS__SHOP__PLATFORM", "telegram"),
    ]);
    let faults = faults.expect_err("faults");
    let keys: Vec<_> = faults.0.iter().map(|fault| fault.key.as_str()).collect();
    for key in [
        "server.listen",
        "sevrer.listen",
        "app.secret",
        "app.verify_token",
        "accounts.shop.platform",
        "accounts.shop.id",
        "accounts.shop.access_token",
        "accounts.shop.handler",
    ] {
        assert!(keys.contains(&key), "{key} in {faults}");
    }
    assert!(faults.to_string().contains("did you mean server.listen?"), "{faults}");
    assert!(faults.to_string().contains("REJOINDER_APP__SECRET_FILE"), "{faults}");
}

#[test]
fn a_value_of_the_wrong_form_is_a_fault_of_its_key() {
    fault(&[("REJOINDER_STORE__KEEP_EVENTS", "soon")], "store.keep_events", "24h");
    fault(&[("REJOINDER_STORE__KEEP_KEYS", "1h")], "store.keep_keys", "36h");
    fault(&[("REJOINDER_STORE__URL", "postgres://u:hunter2@db/x")], "store.url", "not supported yet");
    fault(&[("REJOINDER_STORE__URL", "sqlite://")], "store.url", "names no file");
    fault(&[("REJOINDER_GRAPH__URL", "ftp://x")], "graph.url", "https://");
    fault(&[("REJOINDER_GRAPH__VERSION", "26")], "graph.version", "v26.0");
    fault(&[("REJOINDER_SENDER__TEXTS_PER_SECOND", "0")], "sender.texts_per_second", "above zero");
    fault(&[("REJOINDER_ADMIN__LISTEN", "0.0.0.0:8081")], "admin.token", "other machines");
    fault(&[("REJOINDER_ADMIN__HOSTS", "ops.example.com,https://x")], "admin.hosts", "without a port");
    fault(&[("REJOINDER_ADMIN__HOSTS", "ops.example.com:8443")], "admin.hosts", "without a port");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__HANDLER", "ehco")], "accounts.shop.handler", "echo, none, relay");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__HANDLER", "relay")], "accounts.shop.handler", "relay.url");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__HANDLER", "none")], "accounts.shop.handler", "must answer");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__PLATFORM", "instagram")], "accounts.shop.page_id", "through its Page");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__FEATURES", "news,nwes")], "accounts.shop.features", "nwes");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__ACCESS_TOKEN", "EAA\nEAA")], "accounts.shop.access_token", "on one line");
    fault(&[("REJOINDER_SERVER__TIMEOUT", "16s")], "server.timeout", "15s");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__ID", "shop")], "accounts.shop.id", "digits");
    fault(&[("REJOINDER_RELAY__SECRET", "hunter2")], "relay.secret", "whsec_");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__RELAY__SECRET", "whsec_?")], "accounts.shop.relay.secret", "base64");
    fault(&[("REJOINDER_ACCOUNTS__SHOP__TOKEN", "x")], "accounts.shop.token", "is no key");
}

#[test]
fn who_only_calls_the_operators_listener_needs_no_secret_of_the_server() {
    let load = |environment: &[(&str, &str)]| {
        let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let sources = Sources { environment: pairs, ..Sources::default() };
        (Settings::load_admin(&sources), Settings::load_admin_token(&sources))
    };
    let (admin, token) = load(&[
        ("REJOINDER_ADMIN__LISTEN", "0.0.0.0:9"),
        ("REJOINDER_ADMIN__TOKEN", "open sesame"),
        ("REJOINDER_SERVER__LISTEN", "nowhere"),
        ("REJOINDER_SEVRER__LISTEN", "nowhere"),
    ]);
    assert_eq!(admin.expect("valid").listen.port(), 9);
    assert_eq!(token.expect("valid").expect("a token").expose(), "open sesame");

    let (admin, token) = load(&[("REJOINDER_ADMIN__LISTEN", "nowhere")]);
    assert_eq!(admin.expect_err("a fault").0[0].key, "admin.listen");
    assert!(token.expect("the address is not looked at").is_none());
}

#[test]
fn two_accounts_do_not_share_an_id() {
    let twin: Vec<_> = SHOP.iter().map(|(name, value)| (name.replace("SHOP", "TWIN"), *value)).collect();
    let twin: Vec<_> = twin.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    fault(&twin, "accounts.twin.id", "accounts.shop");
}

#[test]
fn lists_durations_and_blanks_come_from_the_environment() {
    let settings = with(&[
        ("REJOINDER_APP__OLD_SECRETS", "a, b"),
        ("REJOINDER_APP__INSTAGRAM_SECRET", ""),
        ("REJOINDER_STORE__KEEP_EVENTS", "3d"),
        ("REJOINDER_SERVICE_PORT", "tcp://10.0.0.1:80"),
        ("REJOINDER_ACCOUNTS__SHOP__FEATURES", "news,utility"),
    ])
    .expect("valid");
    assert_eq!(settings.app.live_secrets().map(Secret::expose).collect::<Vec<_>>(), ["s", "a", "b"]);
    assert_eq!(settings.store.keep_events.as_secs(), 3 * 86_400);
    assert_eq!(settings.accounts["shop"].features, [Feature::News, Feature::Utility]);
}

#[test]
fn a_later_layer_wins_and_a_secret_may_be_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let secret = file("secret", "from a file\n");
    let config = file("rejoinder.toml", "[server]\nlisten = \"127.0.0.1:1\"\nmax_body = 10\nmax_connections = 7\n");
    let env_file = file("env", "REJOINDER_SERVER__LISTEN=127.0.0.1:2\nREJOINDER_SERVER__MAX_BODY=20\n");
    let mut environment: Vec<_> =
        [APP, SHOP].concat().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.retain(|(name, _)| name != "REJOINDER_APP__SECRET");
    environment.push(("REJOINDER_APP__SECRET_FILE".into(), secret.display().to_string()));
    environment.push(("REJOINDER_SERVER__LISTEN".into(), "127.0.0.1:3".into()));
    let mut sources = Sources { config: Some(config), env_file: Some(env_file), environment, ..Sources::default() };
    let settings = Settings::load(&sources, HANDLERS).expect("valid");
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!((settings.server.max_body, settings.server.max_connections), (20, 7));
    assert_eq!(settings.app.secret.expose(), "from a file");

    sources.environment.push(("REJOINDER_APP__SECRET".into(), "hunter2".into()));
    sources.env_file = Some(folder.path().join("absent"));
    let faults = Settings::load(&sources, HANDLERS).expect_err("faults").to_string();
    assert!(faults.contains("given twice") && faults.contains("absent"), "{faults}");
}

/// A secret that is empty would be one that anybody knows.
#[test]
fn an_empty_secret_is_a_fault_however_it_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").expect("a file");
    let config = folder.path().join("rejoinder.toml");
    let text = "[admin]\ntoken = \"\"\n[app]\ninstagram_secret = \"\"\nold_secrets = [\"\"]\n[accounts.shop]\nhandler = \"\"\n";
    std::fs::write(&config, text).expect("a file");
    let mut environment: Vec<_> = APP.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment[0] = ("REJOINDER_APP__SECRET_FILE".into(), empty.display().to_string());
    let faults = Settings::load(&Sources { config: Some(config), environment, ..Sources::default() }, HANDLERS);
    let faults = faults.expect_err("faults");
    for key in ["admin.token", "app.instagram_secret", "app.old_secrets", "app.secret", "accounts.shop.handler"] {
        let found = faults.0.iter().find(|fault| fault.key == key).unwrap_or_else(|| panic!("{key} in {faults}"));
        assert!(found.problem.contains("empty"), "{faults}");
    }
}

#[test]
fn a_broken_file_is_told_by_its_line_and_never_quoted() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("rejoinder.toml");
    std::fs::write(&config, "[app]\nid = \"1\"\nsecret = hunter2 hunter2\n").expect("a file");
    let env_file = folder.path().join("env");
    std::fs::write(&env_file, "REJOINDER_APP__SECRET='hunter2\n").expect("a file");
    let sources = Sources { config: Some(config), env_file: Some(env_file), ..Sources::default() };
    let faults = Settings::load(&sources, HANDLERS).expect_err("faults").to_string();
    assert!(faults.contains("line 3 is not TOML") && faults.contains("line 1 is not NAME=value"), "{faults}");
    assert!(!faults.contains("hunter2"), "{faults}");
}

#[test]
fn a_number_that_is_too_large_is_told_by_its_line() {
    let toml = "[server]\nmax_body = 10\nmax_connections = 99999999999999999999\n";
    let faults = from_files(toml, "").expect_err("faults").to_string();
    assert!(faults.contains("line 3 is not TOML"), "{faults}");
}

/// The commented defaults of an account are those that the code has: with and without them, the account is the same.
#[test]
fn the_commented_account_is_the_default_one() {
    let commented = DEFAULTS.split_once("# [accounts.shop]").expect("the account").1;
    let lines = commented.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = "));
    let given = lines.filter(|line| !line.ends_with("\"\""));
    let text = format!("[accounts.shop]\naccess_token = \"t\"\n{}", given.collect::<Vec<_>>().join("\n"));
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("rejoinder.toml");
    std::fs::write(&config, text).expect("a file");
    let environment = APP.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let written = Settings::load(&Sources { config: Some(config), environment, ..Sources::default() }, HANDLERS);
    let mut written = written.expect("the comments are valid settings").accounts["shop"].clone();
    written.relay.kinds = None;
    assert_eq!(format!("{written:?}"), format!("{:?}", with(&[]).expect("valid").accounts["shop"]));
}

/// Every commented line of the defaults names a key that exists.
#[test]
fn every_commented_key_exists() {
    let uncommented: String = DEFAULTS
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.starts_with('[') => rest,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("all.toml");
    std::fs::write(&config, uncommented).expect("a file");
    let faults = Settings::load(&Sources { config: Some(config), ..Sources::default() }, HANDLERS);
    let faults = faults.expect_err("blanks are faults").to_string();
    assert!(!faults.contains("is no key") && !faults.contains("is not TOML"), "{faults}");
}

#[test]
fn what_a_bot_says_of_its_own_accord_is_one_message() {
    let on_instagram =
        [("REJOINDER_ACCOUNTS__SHOP__PLATFORM", "instagram"), ("REJOINDER_ACCOUNTS__SHOP__PAGE_ID", "104000000000009")];
    let (most, long, half) = ("ö".repeat(2000), "o".repeat(2001), "ö".repeat(500));
    for (name, key) in [
        ("REJOINDER_ACCOUNTS__SHOP__FALLBACK", "accounts.shop.fallback"),
        ("REJOINDER_ACCOUNTS__SHOP__DISCLOSURE__TEXT", "accounts.shop.disclosure.text"),
    ] {
        assert!(with(&[(name, most.as_str())]).is_ok());
        fault(&[(name, long.as_str())], key, "longer");
        assert!(with(&[&on_instagram[..], &[(name, half.as_str())]].concat()).is_ok());
        fault(&[&on_instagram[..], &[(name, most.as_str())]].concat(), key, "1000 bytes");
    }
}

/// Loads a TOML file and an environment file beside what every server needs.
fn from_files(toml: &str, env_file: &str) -> Result<Settings, Faults> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        Some(path)
    };
    let environment = APP.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let sources = Sources {
        config: file("rejoinder.toml", toml),
        env_file: file("env", env_file),
        environment,
        ..Sources::default()
    };
    Settings::load(&sources, HANDLERS)
}

const TOML_SHOP: &str = "[accounts.Shop]\nplatform = \"messenger\"\nid = \"104000000000001\"\nhandler = \"echo\"\n";

#[test]
fn an_accounts_name_means_the_same_in_every_layer() {
    let settings = from_files(TOML_SHOP, "REJOINDER_ACCOUNTS__SHOP__ACCESS_TOKEN=EAAp\n").expect("valid");
    assert_eq!(settings.accounts.keys().collect::<Vec<_>>(), ["shop"]);
    assert_eq!(settings.accounts["shop"].access_token.expose(), "EAAp");

    // What is missing is told by a name that would be read.
    let faults = from_files(TOML_SHOP, "").expect_err("a fault");
    assert_eq!((faults.0.len(), faults.0[0].key.as_str()), (1, "accounts.shop.access_token"), "{faults}");
    assert!(faults.to_string().contains("set REJOINDER_ACCOUNTS__SHOP__ACCESS_TOKEN,"), "{faults}");

    let twice = format!("{TOML_SHOP}access_token = \"EAAp\"\n[accounts.SHOP]\nid = \"1\"\n");
    let faults = from_files(&twice, "").expect_err("a fault");
    assert_eq!(faults.0.len(), 1, "{faults}");
    assert!(
        faults.0[0].key.eq_ignore_ascii_case("accounts.shop") && faults.0[0].problem.contains("case alone"),
        "{faults}"
    );

    for name in ["shop__ig", "shop_"] {
        let toml = TOML_SHOP.replace("Shop", name) + "access_token = \"EAAp\"\n";
        let faults = from_files(&toml, "").expect_err("no variable could name it");
        assert_eq!(faults.0[0].key, format!("accounts.{name}"), "{faults}");
    }
}

#[test]
fn a_name_that_lacks_underscores_alone_is_a_fault_and_others_are_not_ours() {
    for (name, key) in [
        ("REJOINDER_ADMIN_TOKEN", "admin.token"),
        ("REJOINDER_ADMIN_TOKEN_FILE", "admin.token_file"),
        ("REJOINDER_SERVER_MAX_BODY", "server.max_body"),
        ("REJOINDER_APP_OLD_SECRETS", "app.old_secrets"),
        ("REJOINDER_ACCOUNTS_SHOP_PAGE_ID", "accounts.shop.page_id"),
        ("REJOINDER_ACCOUNTS_SHOP_ACCESS_TOKEN", "accounts.shop.access_token"),
        ("REJOINDER_ACCOUNTS_SHOP_IG_DISCLOSURE_TEXT", "accounts.shop_ig.disclosure.text"),
        ("REJOINDER_ACCOUNTS_OTHER_RELAY_SECRET_FILE", "accounts.other.relay.secret_file"),
    ] {
        fault(&[(name, "hunter2")], key, name);
        let hint = format!("write REJOINDER_{}", key.to_uppercase().replace('.', "__"));
        fault(&[(name, "hunter2")], key, &hint);
        assert!(with(&[(name, "")]).is_ok(), "a blank is none");
        assert!(!with(&[(name, "hunter2")]).expect_err("a fault").to_string().contains("hunter2"));
    }
    for name in [
        "REJOINDER_PORT",
        "REJOINDER_SERVICE_HOST",
        "REJOINDER_PORT_8080_TCP_ADDR",
        "REJOINDER_ADMIN_SERVICE_PORT",
        "REJOINDER_ACCOUNTS_PORT_80_TCP_PROTO",
        "REJOINDER_ACCOUNTS_SHOP",
        "REJOINDER_",
        "REJOINDERADMIN_TOKEN",
    ] {
        assert!(with(&[(name, "tcp://10.0.0.1:80")]).is_ok(), "{name}");
    }
    // A command that only calls the operator's listener would call it without the token.
    let pairs = vec![("REJOINDER_ADMIN_TOKEN".to_owned(), "hunter2".to_owned())];
    let faults = Settings::load_admin(&Sources { environment: pairs, ..Sources::default() }).expect_err("a fault");
    assert_eq!(faults.0[0].key, "admin.token");
}

/// Each line of `.env.example`, commented or not, is read as it stands there.
#[test]
fn the_example_is_an_environment_file() {
    let example = include_str!("../../.env.example");
    let lines = example.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
    let lines: Vec<_> = lines.filter(|line| line.starts_with("REJOINDER_") && !line.contains("_FILE=")).collect();
    assert!(lines.len() > 20 && lines.contains(&"REJOINDER_ACCOUNTS__SHOP__FALLBACK=Sorry, I did not get that."));
    let filled = lines.iter().enumerate().map(|(number, line)| match line.strip_suffix('=') {
        Some(name) if name.ends_with("ID") => format!("{name}=10400000000{number}\n"),
        Some(name) => {
            format!("{name}=it's \"{number}\"\n").replace(if name.ends_with("TOKEN") { "it's " } else { "?" }, "")
        }
        None => format!("{line}\r\n"),
    });
    let settings = from_files("", &filled.collect::<String>()).expect("the example is valid");
    let shop = &settings.accounts["shop"];
    assert_eq!(shop.fallback, "Sorry, I did not get that.");
    assert_eq!(shop.disclosure.text, "You are talking to an automated assistant.");
    assert_eq!(settings.accounts.len(), 3);
}

#[test]
fn a_bad_line_of_the_environment_file_is_told_by_its_number() {
    let faults = from_files("", "# one\nREJOINDER_SERVER__LISTEN=127.0.0.1:1\nhunter2\n\nREJOINDER_APP__ID='hunter2\n");
    let faults = faults.expect_err("faults");
    let told: Vec<_> = faults.0.iter().map(|fault| fault.problem.as_str()).collect();
    assert_eq!(told, ["line 3 is not NAME=value", "line 5 is not NAME=value: its quote is never closed"], "{faults}");
    assert!(faults.0.iter().all(|fault| fault.key.ends_with("env")) && !faults.to_string().contains("hunter2"));
}

#[test]
fn tokens_go_by_plain_http_to_this_machine_alone() {
    for key in ["graph.url", "graph.instagram_url"] {
        let name = format!("REJOINDER_{}", key.to_uppercase().replace('.', "__"));
        for url in
            ["http://graph.facebook.com", "http://10.0.0.7:8082", "http://localhost.example", "http://[2001:db8::1]"]
        {
            fault(&[(&name, url)], key, "in clear");
        }
        for url in [
            "http://127.0.0.1:8082",
            "http://127.9.9.9",
            "http://localhost:1/",
            "http://[::1]:1",
            "https://meta.example",
        ] {
            assert!(with(&[(&name, url)]).is_ok(), "{url}");
        }
    }
}
