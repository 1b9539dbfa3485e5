//! A world from a TOML file, and everything that can be wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::host::{is_host, no_host};

use super::world::{Account, Platform, World};

/// The largest file that is read.
const LARGEST: u64 = 1024 * 1024;

/// Why a file is no world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not TOML, or a key or a value is not one that a world has; the cause says where.
    #[error("{} is no world", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where, and what could stand there.
        source: Box<toml::de::Error>,
    },
    /// What it describes cannot be. Every fault is named by its key.
    #[error("{}: this world cannot be{}", path.display(), listed(faults))]
    Impossible {
        /// The file.
        path: PathBuf,
        /// All that is wrong.
        faults: Vec<WorldFault>,
    },
}

/// One thing that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldFault {
    /// As `accounts[1].page_id`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// The way out.
    pub hint: String,
}

fn listed(faults: &[WorldFault]) -> String {
    faults.iter().fold(String::new(), |mut list, fault| {
        // Writing to a string does not fail.
        let _ = write!(list, "\n  {}: {}\n    hint: {}", fault.key, fault.problem, fault.hint);
        list
    })
}

impl World {
    /// Reads a world from a TOML file, as `examples/world.toml` is one.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be read, has a key that worlds do not have, or describes what cannot be: two accounts of one
    /// name, an Instagram account without its Page, a person with an id at an unknown account.
    pub fn read(path: &Path) -> Result<World, WorldError> {
        let path = path.to_owned();
        let text = match text_of(&path) {
            Ok(text) => text,
            Err(source) => return Err(WorldError::Unreadable { path, source }),
        };
        let world: World = match toml::from_str(&text) {
            Ok(world) => world,
            Err(source) => return Err(WorldError::Malformed { path, source: Box::new(source) }),
        };
        let faults = faults(&world);
        if faults.is_empty() { Ok(world) } else { Err(WorldError::Impossible { path, faults }) }
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

#[derive(Default)]
struct Findings {
    faults: Vec<WorldFault>,
    /// Where a value that may stand once only stands first.
    firsts: BTreeMap<(&'static str, String), String>,
}

impl Findings {
    fn add(&mut self, key: impl Into<String>, problem: impl Into<String>, hint: impl Into<String>) {
        self.faults.push(WorldFault { key: key.into(), problem: problem.into(), hint: hint.into() });
    }

    fn id(&mut self, key: &str, id: &str) {
        if id.is_empty() || id.len() > 25 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            self.add(key, format!("{id:?} is no id"), "Meta's ids are up to 25 decimal digits, in quotes");
        }
    }

    fn secret(&mut self, key: &str, secret: &str) {
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.add(key, "is empty, or holds what no secret holds", "letters and digits on one line, as Meta's are");
        }
    }

    /// `value` stands once only among those that are the same `kind` of thing.
    fn once(&mut self, kind: &'static str, key: &str, value: &str, hint: &str) {
        match self.firsts.get(&(kind, value.to_owned())) {
            Some(first) => {
                let problem = format!("{value:?} stands at {first} too");
                self.add(key, problem, hint);
            }
            None => drop(self.firsts.insert((kind, value.to_owned()), key.to_owned())),
        }
    }
}

/// Everything that is wrong with a world whose form is right.
pub(super) fn faults(world: &World) -> Vec<WorldFault> {
    let mut findings = Findings::default();
    findings.id("app.id", &world.app.id);
    findings.secret("app.secret", world.app.secret.expose());
    findings.secret("app.verify_token", world.app.verify_token.expose());
    let user_token = world.app.user_token.expose();
    findings.secret("app.user_token", user_token);
    if let Some(account) = world.accounts.iter().find(|account| account.access_token.expose() == user_token) {
        let problem = format!("is the token of {} too", account.name);
        findings.add("app.user_token", problem, "who runs the Pages has a token of their own");
    }
    for (place, callback) in world.app.webhooks.iter().enumerate() {
        if !Url::parse(callback).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            let problem = format!("{callback:?} is not an http or https address");
            findings.add(format!("app.webhooks[{place}]"), problem, "as http://127.0.0.1:3000/webhook");
        }
    }
    for (place, host) in world.app.hosts.iter().enumerate().filter(|(_, host)| !is_host(host)) {
        findings.add(format!("app.hosts[{place}]"), no_host(host), "as \"emulator\": its name alone, for every port");
    }
    if world.accounts.is_empty() {
        findings.add("accounts", "there is none", "add a table [[accounts]], as in examples/world.toml");
    }
    for (place, account) in world.accounts.iter().enumerate() {
        of_account(&mut findings, world, &format!("accounts[{place}]"), account);
    }
    of_people(&mut findings, world);
    findings.faults
}

fn of_account(findings: &mut Findings, world: &World, at: &str, account: &Account) {
    let key = |name: &str| format!("{at}.{name}");
    let is_name = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-');
    if account.name.is_empty() || !account.name.bytes().all(is_name) {
        findings.add(key("name"), format!("{:?} is no name for an account", account.name), "letters, digits, _ and -");
    }
    if account.name.contains("__") || account.name.starts_with('_') || account.name.ends_with('_') {
        let hint = "single _, and only between others: __ parts the levels of a setting's name in the environment";
        findings.add(key("name"), format!("{:?} is no name for an account", account.name), hint);
    }
    findings.once("account", &key("name"), &account.name.to_lowercase(), "names differ, in any case of letters");
    findings.id(&key("id"), &account.id);
    findings.once("account id", &key("id"), &account.id, "describe each account once");
    findings.secret(&key("access_token"), account.access_token.expose());
    let token_of = |other: &&Account| other.access_token.expose() == account.access_token.expose();
    if let Some(other) = world.accounts.iter().filter(token_of).find(|other| other.node() != account.node()) {
        let problem = format!("is the token of {} too", other.name);
        findings.add(key("access_token"), problem, "a token is shared by a Page and its Instagram account alone");
    }
    let page = account.page_id.as_deref();
    let is_page = |id: &str| world.accounts.iter().any(|of| of.platform == Platform::Messenger && of.id == id);
    match (account.platform, page) {
        (Platform::Instagram, None) => {
            let hint = "give the linked Page's id, or set the platform to instagram-login";
            findings.add(key("page_id"), "is missing: this account is reached through its Page", hint);
        }
        (Platform::Instagram, Some(page)) if !is_page(page) => {
            let hint = "add the Page as an account of its own, with the platform messenger";
            findings.add(key("page_id"), format!("there is no Page {page:?}"), hint);
        }
        (Platform::Messenger, Some(page)) if page != account.id => {
            findings.add(key("page_id"), "differs from id: a Page is its own", "leave it out");
        }
        (Platform::InstagramLogin, Some(_)) => {
            let hint = "leave it out, or set the platform to instagram";
            findings.add(key("page_id"), "is for Instagram accounts that are linked to a Page", hint);
        }
        _ => {}
    }
}

fn of_people(findings: &mut Findings, world: &World) {
    let names = || world.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
    for (place, person) in world.people.iter().enumerate() {
        let at = format!("people[{place}]");
        let key = format!("{at}.name");
        if person.name.trim().is_empty() {
            findings.add(&*key, "is empty", "say what the person is called");
        }
        if matches!(person.name.as_str(), "." | "..") || person.name.contains('/') {
            let problem = format!("{:?} cannot stand in an address", person.name);
            findings.add(&*key, problem, "leave / out; . and .. are no names");
        }
        findings.once("person", &key, &person.name.to_lowercase(), "names differ, in any case of letters");
        if person.ids.is_empty() {
            findings.add(
                format!("{at}.ids"),
                "is empty: this person can write to nobody",
                format!("by account: {}", names()),
            );
        }
        for (account, id) in &person.ids {
            let key = format!("{at}.ids.{account}");
            match world.accounts.iter().find(|known| known.name == *account) {
                Some(known) if known.id == *id => {
                    findings.add(&*key, "is the account's own id", "a person has another");
                }
                Some(_) => {}
                None => findings.add(&*key, "there is no such account", format!("there are: {}", names())),
            }
            findings.id(&key, id);
            findings.once("scoped id", &key, &format!("{account} {id}"), "each person has another id at an account");
        }
    }
}
