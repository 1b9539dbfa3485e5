//! Worlds from files.

use std::path::Path;

use crate::emulator::{Feature, Platform, World, WorldError};

const SHOP: &str = r#"
[[accounts]]
name = "shop"
platform = "messenger"
id = "104"
access_token = "EAAshop"
"#;

fn read(text: &str) -> Result<World, WorldError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("world.toml");
    std::fs::write(&path, text).expect("a file");
    World::read(&path)
}

#[test]
fn the_example_is_a_world() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/world.toml");
    let world = World::read(&path).expect("a world");
    let platforms: Vec<Platform> = world.accounts.iter().map(|account| account.platform).collect();
    assert_eq!(platforms, [Platform::Messenger, Platform::Instagram, Platform::InstagramLogin]);
    assert!(world.people.len() > 1);
    let written: toml::Table = toml::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("TOML");
    let keys = toml::Table::try_from(&world.app).expect("it can be written");
    assert_eq!(written["app"].as_table().map(|app| app.keys().collect::<Vec<_>>()), Some(keys.keys().collect()));
    assert!(keys.contains_key("features"));
}

#[test]
fn the_default_world_is_one_and_lends_its_app() {
    let toml = toml::to_string(&World::default()).expect("it can be written");
    assert!(read(&toml).is_ok());
    let world = read(&format!("people = []\n[app]\nfeatures = [\"news\"]\n{SHOP}")).expect("a world");
    assert_eq!((world.app.id.as_str(), world.app.features), ("555000000000001", Some(vec![Feature::News])));
}

#[test]
fn what_no_world_has_is_named_with_its_place() {
    let check = |text: &str, expected: &[&str]| {
        let error = format!("{:#}", anyhow::Error::from(read(text).expect_err("it is refused")));
        for words in expected {
            assert!(error.contains(words), "{words:?} in {error}");
        }
    };
    check("people = [", &["world.toml", "line 1"]);
    check(&format!("{SHOP}people = []\n"), &["unknown field `people`", "access_token"]);
    check("people = []\naccounts = []\n[app]\nsecert = \"x\"", &["line 4", "unknown field `secert`", "verify_token"]);
    check(&SHOP.replace("messenger", "whatsapp"), &["whatsapp", "instagram-login"]);
    check(&format!("people = []\n[app]\nfeatures = [\"magic\"]\n{SHOP}"), &["magic", "human_agent"]);
    check(&SHOP.replace("\"104\"", "104"), &["line 5", "expected a string"]);
    let missing = World::read(Path::new("nowhere.toml")).expect_err("there is no file").to_string();
    assert_eq!(missing, "nowhere.toml cannot be read");
    check(&" ".repeat(1024 * 1024 + 1), &["cannot be read: it is larger than 1 MiB"]);
}

#[test]
fn every_fault_is_named_by_its_key() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let error = read(text).expect_err("it is refused");
        let WorldError::Impossible { faults, .. } = &error else { panic!("{error}") };
        let found: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(found, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>(), "{error}");
        for (fault, (_, problem)) in faults.iter().zip(expected) {
            assert!(fault.problem.contains(problem) && !fault.hint.is_empty(), "{fault:?}");
        }
        assert!(error.to_string().contains("hint: "));
    };
    let shop = |people: &str| format!("people = {people}\n{SHOP}");
    check("accounts = []\npeople = []", &[("accounts", "none")]);
    check(&format!("people = []\n[app]\nwebhooks = [\"bot:3000\"]\n{SHOP}"), &[("app.webhooks[0]", "http")]);
    check(
        &format!("people = []\n[app]\nhosts = [\"emulator\", \"emulator:8082\"]\n{SHOP}"),
        &[("app.hosts[1]", "without a port")],
    );
    let app = "[app]\nid = \"x\"\nsecret = \"\"\nverify_token = \"a b\"\n";
    check(
        &format!("{}{app}", shop("[]")),
        &[("app.id", "no id"), ("app.secret", "empty"), ("app.verify_token", "empty")],
    );
    check(
        &format!("{}{}", shop("[]"), SHOP.replace("shop", "Shop")),
        &[("accounts[1].name", "accounts[0].name"), ("accounts[1].id", "accounts[0].id")],
    );
    check(&shop("[]").replace("\"shop\"", "\"my shop\""), &[("accounts[0].name", "no name")]);
    for name in ["my__shop", "_shop", "shop_"] {
        check(&shop("[]").replace("\"shop\"", &format!("{name:?}")), &[("accounts[0].name", "no name")]);
    }
    for name in [".", "..", "Ada/Ben"] {
        let people = format!("[{{ name = {name:?}, ids = {{ shop = \"7\" }} }}]");
        check(&shop(&people), &[("people[0].name", "address")]);
    }
    check(&format!("{}[app]\nuser_token = \"\"\n", shop("[]")), &[("app.user_token", "empty")]);
    check(&format!("{}[app]\nuser_token = \"EAAshop\"\n", shop("[]")), &[("app.user_token", "token of shop")]);
    check(&shop("[]").replace("104", "page"), &[("accounts[0].id", "no id")]);
    let second = |platform: &str, rest: &str| {
        let account = format!("[[accounts]]\nname = \"ig\"\nplatform = \"{platform}\"\nid = \"178\"\n{rest}\n");
        format!("{}{account}", shop("[]"))
    };
    check(&second("instagram", "access_token = \"EAAig\""), &[("accounts[1].page_id", "missing")]);
    check(&second("instagram", "access_token = \"EAAig\"\npage_id = \"105\""), &[("accounts[1].page_id", "no Page")]);
    check(&second("instagram-login", "access_token = \"I\"\npage_id = \"104\""), &[("accounts[1].page_id", "linked")]);
    check(&second("messenger", "access_token = \"EAAx\"\npage_id = \"104\""), &[("accounts[1].page_id", "own")]);
    check(
        &second("messenger", "access_token = \"EAAshop\""),
        &[("accounts[0].access_token", "ig"), ("accounts[1].access_token", "shop")],
    );
    check(
        &shop("[{ name = \"Ada\", ids = { shop = \"7\" } }, { name = \"ada\", ids = { shop = \"7\" } }]"),
        &[("people[1].name", "people[0].name"), ("people[1].ids.shop", "people[0].ids.shop")],
    );
    check(
        &shop("[{ name = \" \", ids = {} }, { name = \"Ben\", ids = { shop = \"104\", store = \"8\" } }]"),
        &[
            ("people[0].name", "empty"),
            ("people[0].ids", "nobody"),
            ("people[1].ids.shop", "own id"),
            ("people[1].ids.store", "no such account"),
        ],
    );
    check(&shop("[{ name = \"Ada\", ids = { shop = \"abc\" } }]"), &[("people[0].ids.shop", "no id")]);
}
