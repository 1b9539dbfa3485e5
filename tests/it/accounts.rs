//! Accounts that come, change and go while the server runs.

use std::sync::Arc;

use rejoinder::accounts::{NotAdded, NotRenewed};
use rejoinder::emulator::{Account, World};
use rejoinder::secret::Secret;
use rejoinder::settings::{self, Settings, Sources};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::wall::{Lets, Wall};
use crate::harness::{Rig, RigOptions, environment, settings, world};

const LATE: &str = "104000000000002";
const ADA_THERE: &str = "7400000000000000";

/// The usual world with a Page more, to which Ada and Ben may write too.
fn larger_world() -> World {
    let mut world = world();
    let shop = world.accounts[0].clone();
    world.accounts.push(Account { name: "late".into(), id: LATE.into(), ..shop });
    for (number, person) in world.people.iter_mut().enumerate() {
        person.ids.insert("late".into(), format!("74000000000000{number:02}"));
    }
    world
}

/// That Page, as the settings would have it.
fn late(rig: &Rig) -> settings::Account {
    let mut pairs = settings(&rig.meta, "unused.db", "echo");
    let own = pairs.iter().filter_map(|(key, value)| Some((key.strip_prefix("accounts.shop.")?, value)));
    let value = |key: &str, value: &str| if key == "id" { LATE.to_owned() } else { value.to_owned() };
    let late: Vec<_> = own.map(|(key, given)| (format!("accounts.late.{key}"), value(key, given))).collect();
    pairs.extend(late);
    let sources = Sources { environment: environment(&pairs), ..Sources::default() };
    Settings::load(&sources, &["echo"]).expect("valid settings").accounts.remove("late").expect("the account")
}

/// People who write to an account all the while, each message when the one before was pushed.
struct Crowd {
    account: &'static str,
    writers: Vec<JoinHandle<()>>,
}

const PEOPLE: [&str; 2] = ["Ada", "Ben"];

impl Crowd {
    fn writes(rig: &Arc<Rig>, account: &'static str, words: std::ops::Range<usize>) -> Crowd {
        let writer = |person: &'static str| {
            let (rig, words) = (Arc::clone(rig), words.clone());
            tokio::spawn(async move {
                for word in words {
                    rig.says(person, account, &word.to_string()).await;
                }
            })
        };
        Crowd { account, writers: PEOPLE.map(writer).into() }
    }

    /// Everybody was answered, once and in order, up to this word.
    async fn ends(self, rig: &Rig, words: usize) {
        for writer in self.writers {
            writer.await.expect("it writes");
        }
        let expected: Vec<_> = (0..words).map(|word| format!("business: {word}")).collect();
        for person in PEOPLE {
            rig.until(|| async {
                let chat = rig.chat(self.account, person).await;
                let answers: Vec<_> = chat.into_iter().filter(|line| line.starts_with("business")).collect();
                assert!(expected.starts_with(&answers), "{person} at {}: {answers:?}", self.account);
                if answers.len() == words { Ok(()) } else { Err(format!("{} answers", answers.len())) }
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_appears_changes_its_token_pauses_and_leaves_under_load_and_nothing_is_lost_or_repeated() {
    const WORDS: usize = 20;
    let wall = Wall::new(Lets::Everything).await;
    let wish =
        RigOptions { settings: vec![("graph.url", wall.url.clone())], world: larger_world(), ..RigOptions::default() };
    let rig = Arc::new(Rig::with(wish).await);
    wall.stands_before(&rig.meta);
    let accounts = rig.app.as_ref().expect("a server").accounts().clone();
    let shop = Crowd::writes(&rig, "shop", 0..4 * WORDS);

    // It appears.
    let late = late(&rig);
    let old = late.access_token.expose().to_owned();
    accounts.add("Late", late.clone()).expect("added");
    assert_eq!(accounts.add("LATE", late.clone()), Err(NotAdded::NameTaken));
    assert_eq!(accounts.add("later", late.clone()), Err(NotAdded::IdTaken));
    Crowd::writes(&rig, "late", 0..WORDS).ends(&rig, WORDS).await;

    // Its token changes in the middle of its calls.
    let writing = Crowd::writes(&rig, "late", WORDS..2 * WORDS);
    wall.renews(&old, "EAAnew");
    assert_eq!(accounts.renew_token("late", &Secret::new("EAA\nx")), Err(NotRenewed::Unsendable));
    assert_eq!(accounts.renew_token("later", &Secret::new("EAAnew")), Err(NotRenewed::Unknown));
    accounts.renew_token("late", &Secret::new("EAAnew")).expect("renewed");
    writing.ends(&rig, 2 * WORDS).await;
    assert!(wall.shown("EAAnew") > 0);

    // It pauses in the middle of its work. Once that has ended nothing happens, however much comes.
    let writing = Crowd::writes(&rig, "late", 2 * WORDS..3 * WORDS - 1);
    accounts.pause("late").expect("paused");
    let at_work = async || {
        let (events, sends) = (rig.events("account=late&status=running"), rig.sends("account=late&status=sending"));
        events.await.len() + sends.await.len()
    };
    rig.until(|| async { if at_work().await == 0 { Ok(()) } else { Err("at work".to_owned()) } }).await;
    let (answered, calls) = (rig.chat("late", "Ada").await, wall.shown("EAAnew"));
    let answers = |chat: &[String]| chat.iter().filter(|line| line.starts_with("business")).count();
    for writer in writing.writers {
        writer.await.expect("it writes");
    }
    for person in PEOPLE {
        rig.says(person, "late", &(3 * WORDS - 1).to_string()).await;
    }
    rig.until(|| async {
        let waiting = rig.json(&rig.admin("/api/events?account=late&status=pending&limit=500")).await;
        let waiting = waiting["events"].as_array().expect("a list").len();
        let chat = rig.chat("late", "Ada").await;
        assert_eq!((answers(&chat), at_work().await), (answers(&answered), 0), "it is paused");
        if waiting >= PEOPLE.len() { Ok(()) } else { Err(format!("{waiting} wait")) }
    })
    .await;
    assert_eq!(wall.shown("EAAnew"), calls);
    let waiting = rig.metric("rejoinder_events_waiting{account=\"late\",reason=\"paused\"}").await;
    assert!(waiting.parse::<usize>().expect("a number") > 0);
    assert_eq!(rig.metric("rejoinder_events_waiting{account=\"late\",reason=\"due\"}").await, "0");
    accounts.resume("late").expect("resumed");
    Crowd { account: "late", writers: Vec::new() }.ends(&rig, 3 * WORDS).await;

    // It leaves. What arrives then is kept, and no handler is given it, not even when the account appears again.
    accounts.remove("late").expect("removed");
    assert!(accounts.remove("late").is_err() && accounts.pause("late").is_err());
    let known = rig.events(&format!("person={ADA_THERE}&kind=message")).await.len();
    rig.says("Ada", "late", "is there anybody?").await;
    rig.until(|| async {
        let kept = rig.events(&format!("person={ADA_THERE}&kind=message")).await;
        assert!(kept.iter().all(|event| event["account"].is_null()));
        if kept.len() > known { Ok(()) } else { Err(format!("{known} messages")) }
    })
    .await;
    accounts.add("late", late).expect("added again");
    rig.says("Ada", "late", "and now?").await;
    rig.until(|| async {
        let chat = rig.chat("late", "Ada").await;
        if chat.last().is_some_and(|line| line == "business: and now?") { Ok(()) } else { Err(format!("{chat:?}")) }
    })
    .await;
    assert!(!rig.chat("late", "Ada").await.contains(&"business: is there anybody?".to_owned()));
    assert_eq!(rig.json(&rig.admin(&format!("/api/conversations/LATE/{ADA_THERE}"))).await["account"], json!("late"));

    // The other account has not noticed anything.
    shop.ends(&rig, 4 * WORDS).await;
    rig.comes_to_rest().await;
    drop(accounts);
    Arc::into_inner(rig).expect("the last hold").end().await;
}
