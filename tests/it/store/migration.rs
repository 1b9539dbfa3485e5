//! Stores that older releases made. `schema-N.sql` is the schema as it was at version N, and is never changed.

use std::collections::BTreeMap;

use rejoinder::event::Envelope;
use rejoinder::policy::{Enforcement, Signal, Standing};
use rejoinder::store::{Decided, EventStatus, Post, Posted};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::*;

const SCHEMAS: [(i64, &str); 5] = [
    (1, include_str!("schema-1.sql")),
    (2, include_str!("schema-2.sql")),
    (3, include_str!("schema-3.sql")),
    (4, include_str!("schema-4.sql")),
    (5, include_str!("schema-5.sql")),
];

const CARL: &str = "7200000000000013";
const DORA: &str = "7200000000000014";
/// Known by a checkbox alone.
const EVE: &str = "u-5f1c";

const NAME: &str = "0123456789ab";
const STATE: &str = r#"{"step":2}"#;
/// What somebody's server posted under the key `k`.
const BODY: [u8; 32] = [7; 32];

/// A store as the release of that schema left it when it was killed in the middle of its work.
struct Old {
    db: Connection,
    version: i64,
}

impl Old {
    fn new(folder: &TempDir, version: i64, schema: &str) -> Old {
        let db = Connection::open(sqlite(folder).path).expect("a file");
        db.pragma_update(None, "journal_mode", "WAL").expect("a log");
        db.execute_batch(schema).expect("the old schema");
        db.pragma_update(None, "user_version", version).expect("its number");
        db.execute("INSERT INTO store (name, last_event, last_send) VALUES (?1, 40, 60)", [NAME]).expect("its name");
        Old { db, version }
    }

    fn id(&self, person: &str) -> i64 {
        let mut hasher = Sha256::new();
        hasher.update(SHOP);
        hasher.update([0]);
        if self.version > 1 {
            hasher.update([u8::from(person == EVE)]);
        }
        hasher.update(person);
        i64::from_le_bytes(hasher.finalize()[..8].try_into().expect("eight bytes"))
    }

    fn conversation(&self, person: &str, events: Ends, sends: Ends) {
        let columns =
            "id, account, person, opened_at, opened_by, last_event_at, last_event, queue_tail, last_send, state";
        let thread = if self.version == 1 { "" } else { ", thread" };
        let value = if self.version == 1 { String::new() } else { format!(", {}", i64::from(person == EVE)) };
        let sql = format!(
            "INSERT INTO conversation ({columns}{thread}) VALUES (?1, ?2, ?3, ?4, 'message', ?4, ?5, ?5, ?6, ?7{value})"
        );
        let opened_at = (!person.is_empty()).then_some((NOW - HOUR).0);
        let row = params![self.id(person), SHOP, person, opened_at, events.last, sends.last, STATE];
        self.db.execute(&sql, row).expect("a conversation");
    }

    /// An event with its key, as Meta's item was kept.
    fn event(&self, id: i64, status: EventStatus, chain: (Option<i64>, Option<i64>), list: &str, item: &Value) {
        let envelope = read_one(list, item);
        // The keys of what schema 1 called `other` were others.
        let is_other = self.version == 1 && matches!(envelope.kind(), Kind::Comment | Kind::PolicyEnforcement);
        let person = envelope.person.as_ref().filter(|_| !is_other).map_or("", PersonId::as_str);
        let kind = if is_other { "other" } else { envelope.kind().as_str() };
        let sql = "INSERT INTO event (id, conversation, previous, next, account, person, kind, status, standby, received_at, due,
                                      attempts, raw)
                   VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''), ?7, ?8, 0, ?9, ?9, ?8 > 1, ?10)";
        let (received_at, raw) = ((NOW - HOUR).0, item.to_string().into_bytes());
        self.db
            .execute(
                sql,
                params![id, self.id(person), chain.0, chain.1, SHOP, person, kind, status as i64, received_at, raw],
            )
            .expect("an event");
        if !is_other {
            let time = envelope.key.time.map(|time| time.0);
            let sql = "INSERT INTO seen (time, hash, standby, received_at) VALUES (?1, ?2, 0, ?3)";
            self.db.execute(sql, params![time, envelope.key.hash, received_at]).expect("a key");
        }
    }

    /// A send to a person, with the status and the number of the event whose handler said it.
    fn send(&self, id: i64, person: &str, event: Option<i64>, status: i64, chain: (Option<i64>, Option<i64>)) {
        let recipient = if person == EVE { json!({"user_ref": EVE}) } else { json!({"id": person}) };
        let request = json!({"recipient": recipient, "messaging_type": "RESPONSE", "message": {"text": said(id)}});
        let attempted_at = (status > 1).then_some((NOW - HOUR).0);
        let message_id = (status == 4).then(|| format!("m_{id}"));
        let sql = "INSERT INTO send (id, event, conversation, previous, next, account, person, request, status, due, attempts,
                                     attempted_at, at, message_id)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9 > 1, ?11, ?10, ?12)";
        let row = params![
            id,
            event,
            self.id(person),
            chain.0,
            chain.1,
            SHOP,
            person,
            request.to_string(),
            status,
            (NOW - HOUR).0,
            attempted_at,
            message_id
        ];
        self.db.execute(sql, row).expect("a send");
    }

    /// What schema 3 and later ones keep beside what the older ones kept.
    fn complete(&self) {
        let columns = "
            UPDATE conversation SET send_tail = last_send, last_message_at = opened_at;
            UPDATE send SET turn = ifnull((SELECT min(id) FROM send AS said WHERE said.event = send.event), id);
            UPDATE send SET turn = 15 WHERE id = 16;
            UPDATE send SET doubted_since = attempted_at, doubts = 1, silent = 1 WHERE status = 3;
            INSERT INTO account (id, blocked_at, blocked_by, enforced_at)
            SELECT account, iif(raw ->> '$.policy_enforcement.action' = 'block', raw ->> '$.timestamp', NULL), 0,
                   raw ->> '$.timestamp'
            FROM (SELECT account, CAST(raw AS TEXT) AS raw FROM event WHERE kind = 'policy_enforcement' ORDER BY id LIMIT 1);";
        self.db.execute_batch(columns).expect("the rest of the rows");
        if self.version > 3 {
            // They left under a release of schema 3.
            let marks = "UPDATE send SET epochs = ' - ' WHERE attempts > 0";
            self.db.execute_batch(marks).expect("the marks");
        }
    }

    /// Everything that a store can hold when it is left.
    fn fill(&self) {
        self.conversation(ADA, ends(3), ends(14));
        self.event(1, EventStatus::Done, (None, None), "messaging", &says(ADA, "a1"));
        self.event(2, EventStatus::Running, (Some(1), Some(3)), "messaging", &says(ADA, "a2"));
        self.event(3, EventStatus::Waiting, (Some(2), None), "messaging", &says(ADA, "a3"));
        self.send(11, ADA, Some(1), 4, (None, Some(12)));
        self.send(12, ADA, Some(1), 2, (Some(11), Some(13)));
        self.send(13, ADA, Some(1), 1, (Some(12), Some(14)));
        self.send(14, ADA, None, 1, (Some(13), None));

        self.conversation(BEN, ends(4), ends(16));
        self.event(4, EventStatus::Ready, (None, None), "messaging", &says(BEN, "b1"));
        self.send(15, BEN, None, 0, (None, Some(16)));
        self.send(16, BEN, None, 1, (Some(15), None));
        let sql = "INSERT INTO posted (account, key, body, sends, at) VALUES (?1, 'k', ?2, '[15,16]', ?3)";
        self.db.execute(sql, params![SHOP, BODY, (NOW - HOUR).0]).expect("a post");

        self.conversation(CARL, ends(5), ends(18));
        self.event(5, EventStatus::Done, (None, None), "messaging", &says(CARL, "c1"));
        self.send(17, CARL, Some(5), 3, (None, Some(18)));
        self.send(18, CARL, Some(5), 1, (Some(17), None));

        self.conversation(DORA, ends(7), ends(19));
        self.event(6, EventStatus::Done, (None, None), "messaging", &says(DORA, "d1"));
        self.send(19, DORA, Some(6), 3, (None, None));
        self.event(7, EventStatus::Parked, (Some(6), None), "messaging", &repeats(DORA, "m_19", &said(19)));

        self.conversation(EVE, ends(8), Ends { last: None });
        self.event(8, EventStatus::Done, (None, None), "messaging", &checkbox());
        self.conversation("", ends(9), Ends { last: None });
        self.event(9, EventStatus::Done, (None, None), "changes", &comment());
        self.quarantined(10);
    }

    fn quarantined(&self, id: i64) {
        let piece = if self.version == 1 { ("", "") } else { (", piece", ", 'item'") };
        let sql = format!(
            "INSERT INTO event (id, conversation, account, kind, status, standby, received_at, due, error, raw{})
             VALUES (?1, 0, ?2, 'other', 5, 0, ?3, ?3, 'an item that is not a JSON object', ?4{})",
            piece.0, piece.1
        );
        self.db.execute(&sql, params![id, SHOP, (NOW - HOUR).0, b"7"]).expect("a piece");
        let Some(Err(piece)) = event::read(unreadable().to_string().as_bytes()).pop() else {
            panic!("a number is no item")
        };
        if self.version > 1 {
            let sql = "INSERT INTO seen_untimed (hash, standby, received_at) VALUES (?1, 0, ?2)";
            self.db.execute(sql, params![piece.key.hash, (NOW - HOUR).0]).expect("a key");
        }
    }
}

impl Drop for Old {
    fn drop(&mut self) {
        if self.version > 2 {
            self.complete();
        }
    }
}

/// The newest row of a conversation.
#[derive(Clone, Copy)]
struct Ends {
    last: Option<i64>,
}

fn ends(last: i64) -> Ends {
    Ends { last: Some(last) }
}

fn said(send: i64) -> String {
    format!("words {send}")
}

fn says(person: &str, mid: &str) -> Value {
    message(person, mid, mid, NOW - HOUR)
}

fn repeats(person: &str, mid: &str, text: &str) -> Value {
    json!({"sender": {"id": SHOP}, "recipient": {"id": person}, "timestamp": (NOW - HOUR).0,
        "message": {"mid": mid, "is_echo": true, "text": text}})
}

fn checkbox() -> Value {
    json!({"recipient": {"id": SHOP}, "timestamp": (NOW - HOUR).0, "optin": {"ref": "c", "user_ref": EVE}})
}

fn comment() -> Value {
    json!({"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": "1_1",
        "created_time": NOW.0 / 1000, "from": {"id": BEN, "name": "Ben"}, "message": "Price?"}})
}

fn unreadable() -> Value {
    delivery(&[json!(7)])
}

fn listed(list: &str, item: &Value) -> Value {
    json!({"object": "page", "entry": [{"id": SHOP, "time": 1, list: [item]}]})
}

fn read_one(list: &str, item: &Value) -> Envelope {
    event::read(listed(list, item).to_string().as_bytes()).remove(0).expect("an event")
}

/// The old store with everything in it, opened by this release.
async fn migrated(version: i64, schema: &str) -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    Old::new(&folder, version, schema).fill();
    Opened::in_folder(sqlite, folder).await
}

/// All that tells one store's form from another's: the columns of each table, whatever their order, and the indexes.
fn form(folder: &TempDir) -> BTreeMap<String, Vec<String>> {
    let db = Connection::open(sqlite(folder).path).expect("the file");
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a number");
    let mut form = BTreeMap::from([("version".to_owned(), vec![version.to_string()])]);
    let mut add = |sql: &str| {
        let mut statement = db.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        for row in rows {
            let (name, what): (String, String) = row.expect("a row");
            form.entry(name).or_default().push(what);
        }
    };
    add("SELECT entry.name, printf('%s %s notnull=%d default=%s pk=%d', field.name, field.type, \"notnull\", dflt_value, pk)
         FROM sqlite_schema AS entry, pragma_table_info(entry.name) AS field WHERE entry.type = 'table' ORDER BY 1, 2");
    add("SELECT name, ifnull(sql, '') FROM sqlite_schema WHERE type <> 'table' ORDER BY 1");
    add("SELECT name, printf('without rowid=%d', wr) FROM pragma_table_list WHERE schema = 'main' ORDER BY 1");
    form
}

#[tokio::test]
async fn an_old_store_takes_the_form_of_a_new_one() {
    let new = form(&Opened::new(sqlite).await.folder);
    assert!(new["send_state"].len() > 15 && new.contains_key("given_by_end"), "{new:#?}");
    for (version, schema) in SCHEMAS {
        assert_eq!(form(&migrated(version, schema).await.folder), new, "from schema {version}");
        let folder = tempfile::tempdir().expect("a folder");
        drop(Old::new(&folder, version, schema));
        assert_eq!(form(&Opened::in_folder(sqlite, folder).await.folder), new, "an empty one of schema {version}");
    }
}

/// Some stores have the tables of 2 and say that they are of 1.
#[tokio::test]
async fn a_store_of_schema_2_under_the_number_1_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = Old::new(&folder, 2, SCHEMAS[1].1);
    old.fill();
    old.db.pragma_update(None, "user_version", 1).expect("the number");
    drop(old);
    let opened = Opened::in_folder(sqlite, folder).await;
    assert_eq!(form(&opened.folder), form(&Opened::new(sqlite).await.folder));
    assert_eq!(opened.opened_at().await, Some((NOW - HOUR, Kind::Message)));
}

#[tokio::test]
async fn what_waited_in_an_old_store_is_handled_in_order() {
    for (version, schema) in SCHEMAS {
        let opened = migrated(version, schema).await;
        let taken = opened.take(9, NOW).await.items;
        assert_eq!(ids(&taken), [r#""b1""#, r#""a2""#], "from schema {version}");
        let [b1, a2] = &taken[..] else { panic!("two events") };
        assert_eq!((a2.attempt, a2.state.as_deref(), b1.state.as_deref()), (2, Some(STATE), Some(STATE)));
        assert_eq!(a2.facts.window.map(|window| window.opened_at), Some(NOW - HOUR));
        opened.says(ADA, "a4").await;
        opened.finish(a2.id).await;
        for expected in ["a3", "a4"] {
            let event = opened.take_one().await;
            assert_eq!(ids(std::slice::from_ref(&event)), [format!("{expected:?}")]);
            assert_eq!(event.state.as_deref(), Some(STATE), "its conversation is the one that was there");
            opened.finish(event.id).await;
        }
        assert!(opened.events().await[0].id > EventId(40), "ids that were pruned are not given again");
        assert!(opened.store().next_send_id() > SendId(60));
        assert!(opened.store().metadata(SendId(12), None).starts_with(&format!("rejoinder:{NAME}:12.")));
    }
}

#[tokio::test]
async fn the_windows_of_an_old_store_are_those_of_the_same_people() {
    for (version, schema) in SCHEMAS {
        let opened = migrated(version, schema).await;
        let is_open = async |recipient: fn(PersonId) -> Recipient, person: &str| {
            let (account, person) = (AccountId::new(SHOP), PersonId::new(person));
            let facts = opened.store().facts(account, person.clone(), recipient(person)).await.expect("facts");
            facts.window.is_some_and(|window| window.opened_at == NOW - HOUR)
        };
        assert!(is_open(Recipient::Id, ADA).await && is_open(Recipient::Id, CARL).await, "from schema {version}");
        assert!(is_open(Recipient::UserRef, EVE).await, "from schema {version}");
        assert!(!is_open(Recipient::UserRef, ADA).await && !is_open(Recipient::Id, EVE).await);
    }
}

#[tokio::test]
async fn a_block_of_which_an_old_store_keeps_the_news_goes_on() {
    for (version, schema) in SCHEMAS {
        let news = |action: &str, at: Timestamp| json!({"recipient": {"id": SHOP}, "timestamp": at.0, "policy_enforcement": {"action": action}});
        for (first, last, expected) in [("unblock", "block", true), ("block", "unblock", false)] {
            let folder = tempfile::tempdir().expect("a folder");
            let old = Old::new(&folder, version, schema);
            old.conversation("", ends(2), Ends { last: None });
            // The later one was told first.
            old.event(1, EventStatus::Done, (None, None), "messaging", &news(last, NOW - 2 * HOUR));
            old.event(2, EventStatus::Done, (Some(1), None), "messaging", &news(first, NOW - 3 * HOUR));
            drop(old);
            let opened = Opened::in_folder(sqlite, folder).await;
            let ada = PersonId::new(ADA);
            let facts =
                opened.store().facts(AccountId::new(SHOP), ada.clone(), Recipient::Id(ada)).await.expect("facts");
            let block = Enforcement { since: NOW - 2 * HOUR, signal: Signal::Webhook };
            assert_eq!(facts.blocked, expected.then_some(block), "from schema {version}");
        }
    }
}

#[tokio::test]
async fn what_an_old_store_has_seen_is_known_again() {
    for (version, schema) in SCHEMAS {
        let opened = migrated(version, schema).await;
        let again = [
            delivery(&[says(ADA, "a1")]),
            delivery(&[says(ADA, "a3")]),
            delivery(&[checkbox()]),
            listed("changes", &comment()),
            unreadable(),
        ];
        for body in again {
            let appended = opened.append(&body, NOW).await;
            assert_eq!(appended, Appended { repeated: 1, ..Appended::default() }, "{body} from schema {version}");
        }
        assert_eq!(opened.says(ADA, "a4").await.new, 1);
        let sends = Vec::new();
        let (account, person) = (AccountId::new(SHOP), PersonId::new(BEN));
        let key = Some(("k".to_owned(), BODY));
        let standing = Standing { platform: settings::Platform::Messenger, features: Vec::new() };
        let recipient = Recipient::Id(person.clone());
        let post = Post { account, standing, recipient, person, sends, agent: None, key, now: NOW };
        let posted = opened.store().post(post).await.expect("posted");
        assert_eq!(posted, Posted::Planned(vec![SendId(15), SendId(16)]));
        let served = vec![AccountId::new(SHOP)];
        let replayed = opened.store().replay(EventId(10), served, NOW).await.expect("read anew");
        assert_eq!(replayed, Replayed::Unreadable, "it is still the item that it was");
    }
}

#[tokio::test]
async fn what_was_to_be_sent_by_an_old_store_leaves_in_order_and_once() {
    for (version, schema) in SCHEMAS {
        let opened = migrated(version, schema).await;
        let status = async |send: i64| opened.send(SendId(send)).await.status.as_str();
        let hold = async |send: i64| {
            let held = SendOutcome::Held { reason: "nobody can tell".into() };
            opened.store().settle(SendId(send), held, NOW).await;
        };
        // Its echo had come before the doubt.
        assert_eq!(
            (status(19).await, opened.event_status(EventId(7)).await),
            ("sent", "done"),
            "from schema {version}"
        );
        assert_eq!((status(11).await, status(12).await, status(17).await), ("sent", "in_doubt", "in_doubt"));
        let doubts = opened.store().take_doubts(send_room(9, &[]), NOW).await.expect("taken").items;
        let since: Vec<_> = doubts.iter().map(|doubt| (doubt.id.0, doubt.doubted_since, doubt.silent)).collect();
        assert_eq!(since, [(17, NOW - HOUR, true), (12, NOW - HOUR, true)]);
        assert_eq!(opened.sendable().await, [SendId(15)], "what is in doubt holds back what is behind it");

        // The marks of older releases name no start of the server.
        let message = json!({"mid": "m_12", "is_echo": true, "metadata": format!("rejoinder:{NAME}:13")});
        let never_left =
            json!({"sender": {"id": SHOP}, "recipient": {"id": ADA}, "timestamp": NOW.0, "message": message});
        assert_eq!(opened.append(&delivery(&[never_left]), NOW).await.own_echoes, 1);
        assert_eq!(status(13).await, "planned");

        // An echo without metadata is recognised by what it says.
        let echo = delivery(&[repeats(CARL, "m_17", &said(17))]);
        assert_eq!(opened.append(&echo, NOW).await.own_echoes, 1);
        assert_eq!(status(17).await, "sent");
        assert_eq!(opened.sendable().await, [SendId(15), SendId(18)]);

        let message = json!({"mid": "m_15", "is_echo": true, "metadata": format!("rejoinder:{NAME}:11")});
        let of_older =
            json!({"sender": {"id": SHOP}, "recipient": {"id": ADA}, "timestamp": NOW.0, "message": message});
        assert_eq!(opened.append(&delivery(&[of_older]), NOW).await.own_echoes, 1);
        assert_eq!(opened.send(SendId(11)).await.repeats, 1, "it is known, and names another message");

        // The rest of a held send's turn waits with it, and what is of another turn does not.
        hold(12).await;
        assert_eq!((status(13).await, status(14).await), ("held", "planned"));
        opened.sending(SendId(15)).await;
        hold(15).await;
        assert_eq!((status(15).await, status(16).await), ("held", "held"), "they were posted together");
        assert_eq!(opened.sendable().await, [SendId(14), SendId(18)]);
        let released = opened.store().release_send(SendId(12), NOW).await.expect("released");
        assert_eq!(released, Decided::Done);
        for send in [14, 12, 13] {
            assert!(opened.sendable().await.contains(&SendId(send)), "{send} from schema {version}");
            opened.sending(SendId(send)).await;
            opened.store().settle(SendId(send), sent(&format!("m_{send}")), NOW).await;
        }
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_old_store_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = Old::new(&folder, 1, SCHEMAS[0].1);
    old.fill();
    // Only the last step stumbles over it.
    old.db.execute("UPDATE posted SET sends = 'no list'", []).expect("written");
    drop(old);
    let before = form(&folder);
    for _ in 0..2 {
        let opened = Store::open(&sqlite(&folder), ours(), NOW).await;
        assert!(matches!(opened, Err(OpenError::NotMigrated { found: 1, .. })));
        assert_eq!(form(&folder), before);
    }
    let db = Connection::open(sqlite(&folder).path).expect("the file");
    db.execute("UPDATE posted SET sends = '[15,16]'", []).expect("mended");
    drop(db);
    Opened::in_folder(sqlite, folder).await;
}
