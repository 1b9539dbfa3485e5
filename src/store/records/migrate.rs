//! A store of schema 5 becomes one of schema 6: rows are copied, and each conversation becomes an image.
//!
//! It knows the tables of schema 5 by statements of its own, and walks the conversations one at a time: a store may be larger than the
//! memory. All of it is one transaction.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::{packed, thread};
use crate::clock::Timestamp;
use crate::conversation::MessageHash;
use crate::conversation::live::{AccountImage, ConversationKey, Former, FormerSend, FormerWait, Grant, ReplyImage};
use crate::event::Kind;
use crate::id::{AccountId, EventId, MessageId, SendId};
use crate::message::Request;

/// How many sends that have ended a conversation remembers.
const PAST: usize = 32;

/// The tables that have another form, or none any more.
const FORMER: [&str; 6] = ["store", "conversation", "event", "send", "given", "account"];

/// Makes a store of schema 5 one of schema 6.
pub(super) fn to_6(db: &Connection) -> rusqlite::Result<()> {
    for table in FORMER {
        db.execute_batch(&format!("ALTER TABLE {table} RENAME TO former_{table}"))?;
    }
    let indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let indexes: Vec<String> = db.prepare(indexes)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for index in indexes {
        db.execute_batch(&format!("DROP INDEX {index}"))?;
    }
    make_tables(db)?;
    db.execute("INSERT INTO store (name) VALUES ('')", [])?;
    db.execute_batch(
        "CREATE TEMP TABLE place (former INTEGER PRIMARY KEY, id INTEGER NOT NULL, thread INTEGER NOT NULL, name TEXT NOT NULL)",
    )?;
    place_conversations(db)?;
    db.execute_batch(include_str!("migrations/6.sql"))?;
    let queues = Queues::read(db)?;
    order_events(db)?;
    make_images(db, &queues)?;
    make_rights(db)?;
    make_accounts(db)?;
    for table in FORMER {
        db.execute_batch(&format!("DROP TABLE former_{table}"))?;
    }
    db.execute_batch("DROP TABLE place")
}

/// Makes the tables that are not there yet: those for keys, posts and steps are as they were.
fn make_tables(db: &Connection) -> rusqlite::Result<()> {
    let there: HashSet<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for statement in include_str!("schema.sql").split_inclusive(";\n") {
        let name = statement.lines().find_map(|line| line.strip_prefix("CREATE TABLE ")?.split_whitespace().next());
        if name.is_none_or(|name| !there.contains(name)) {
            db.execute_batch(statement)?;
        }
    }
    Ok(())
}

fn place_conversations(db: &Connection) -> rusqlite::Result<()> {
    let mut place = db.prepare("INSERT INTO place (former, id, thread, name) VALUES (?1, ?2, ?3, ?4)")?;
    let mut statement = db.prepare("SELECT id, account, thread, person FROM former_conversation")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (former, of): (i64, i64) = (row.get(0)?, row.get(2)?);
        let account = AccountId::new(row.get::<_, String>(1)?);
        let key = ConversationKey { account, thread: thread(of)?, name: row.get(3)? };
        place.execute(params![former, key.id().0, of, key.name])?;
    }
    Ok(())
}

/// The order in which open rows stood behind each other: by conversation, chains of ids, each from its front.
struct Chains(HashMap<i64, Vec<Vec<i64>>>);

impl Chains {
    fn read(db: &Connection, sql: &str) -> rusqlite::Result<Chains> {
        let mut rows: HashMap<i64, Vec<(i64, Option<i64>)>> = HashMap::new();
        let mut statement = db.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            rows.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
        }
        let chains = rows.into_iter().map(|(conversation, rows)| {
            let next: HashMap<i64, i64> = rows.iter().filter_map(|(id, next)| Some((*id, (*next)?))).collect();
            let behind: HashSet<i64> = next.values().copied().collect();
            let there: HashSet<i64> = rows.iter().map(|(id, _)| *id).collect();
            let fronts = rows.iter().map(|(id, _)| *id).filter(|id| !behind.contains(id));
            let chain = |front: i64| {
                let following =
                    std::iter::successors(Some(front), |id| next.get(id).copied().filter(|id| there.contains(id)));
                following.take(rows.len()).collect::<Vec<_>>()
            };
            (conversation, fronts.map(chain).collect())
        });
        Ok(Chains(chains.collect()))
    }
}

/// The open and the held sends of each conversation.
struct Queues {
    open: Chains,
    held: Chains,
}

impl Queues {
    fn read(db: &Connection) -> rusqlite::Result<Queues> {
        let open = "SELECT conversation, id, next FROM former_send WHERE status < 4 ORDER BY id";
        let held = "SELECT conversation, id, next FROM former_send WHERE status = 7 ORDER BY id";
        Ok(Queues { open: Chains::read(db, open)?, held: Chains::read(db, held)? })
    }
}

/// Gives the open events the places in which they stood: an event that was put back stood behind younger ones.
fn order_events(db: &Connection) -> rusqlite::Result<()> {
    let queues = Chains::read(db, "SELECT conversation, id, next FROM former_event WHERE status < 3 ORDER BY id")?;
    let mut place = db.prepare("UPDATE event_state SET behind = ?2, rank = ?3 WHERE id = ?1")?;
    for queue in queues.0.into_values() {
        let (mut behind, mut rank) = (i64::MIN, 0);
        for id in queue.into_iter().flatten() {
            (behind, rank) = if id > behind { (id, 0) } else { (behind, rank + 1) };
            if rank > 0 {
                place.execute(params![id, behind, rank])?;
            }
        }
    }
    Ok(())
}

fn make_images(db: &Connection, queues: &Queues) -> rusqlite::Result<()> {
    let waits = read_waits(db)?;
    let mut insert = db.prepare(
        "INSERT INTO conversation (id, account, thread, name, last_event_at, image)
         SELECT id, ?2, thread, name, ?3, ?4 FROM place WHERE former = ?1",
    )?;
    let mut remember =
        db.prepare("INSERT INTO state (conversation, value) SELECT id, ?2 FROM place WHERE former = ?1")?;
    let mut statement = db.prepare(
        "SELECT id, account, opened_at, opened_by, last_message_at, owner, owner_at, last_event_at, last_event, last_send, state,
                said_at, disclosed_by, disclosed_at, silence, others_spoke
         FROM former_conversation",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let former: i64 = row.get(0)?;
        let (account, state): (String, Option<String>) = (row.get(1)?, row.get(10)?);
        let mut one = conversation(row)?;
        one.queue = queues.open.0.get(&former).into_iter().flatten().flatten().copied().collect();
        one.held = queues.held.0.get(&former).cloned().unwrap_or_default();
        one.waits = waits.get(&former).cloned().unwrap_or_default();
        one.sends = sends(db, &one)?;
        (one.has_messages, one.last_foreign_echo) = heard(db, one.last_event)?;
        one.has_state = state.is_some();
        let last_event_at = one.last_event_at.map(|at| at.0);
        insert.execute(params![former, account, last_event_at, packed(&one.image())?])?;
        if let Some(state) = state {
            remember.execute(params![former, state])?;
        }
    }
    Ok(())
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Former> {
    let opened_by: Option<String> = row.get(3)?;
    let silence = u64::try_from(row.get::<_, i64>(14)?).unwrap_or_default();
    Ok(Former {
        window: time(row, 2)?.zip(opened_by),
        last_message_at: time(row, 4)?,
        owner: row.get(5)?,
        owner_at: time(row, 6)?,
        last_event_at: time(row, 7)?,
        last_event: row.get(8)?,
        last_send: row.get(9)?,
        said_at: time(row, 11)?,
        disclosed_by: row.get(12)?,
        disclosed_at: time(row, 13)?,
        silence: Duration::from_millis(silence),
        others_spoke: row.get(15)?,
        ..Former::default()
    })
}

/// The sends that a conversation remembers: those that are open or held, and the last of the others.
fn sends(db: &Connection, one: &Former) -> rusqlite::Result<Vec<FormerSend>> {
    let mut statement = db.prepare_cached(
        "SELECT event, turn, agent IS NOT NULL, request, status, attempts, doubted_since IS NOT NULL, message_id, previous
         FROM former_send WHERE id = ?1",
    )?;
    let mut sends = Vec::new();
    let mut read = |id: i64| -> rusqlite::Result<Option<(Option<i64>, bool)>> {
        let found = statement
            .query_row([id], |row| {
                let (turn, status, attempts): (i64, i64, i64) = (row.get(1)?, row.get(4)?, row.get(5)?);
                let message_id = row.get::<_, Option<String>>(7)?.map(MessageId::new);
                let was_in_doubt: bool = row.get(6)?;
                let request: Option<Request> = serde_json::from_str(&row.get::<_, String>(3)?).ok();
                let is_message = request.is_some_and(|request| request.as_message().is_some());
                let is_certain = match status {
                    4 => !was_in_doubt && (message_id.is_some() || !is_message),
                    5 | 6 => attempts == 0,
                    _ => false,
                };
                let send = FormerSend {
                    id,
                    is_whole: !is_certain,
                    event: row.get(0)?,
                    turn: if turn == 0 { id } else { turn },
                    is_by_agent: row.get(2)?,
                    is_said: status == 4 && is_message,
                    message: message_id.as_ref().map(MessageHash::of),
                };
                Ok((send, row.get::<_, Option<i64>>(8)?, matches!(status, 4..=6)))
            })
            .optional()?;
        let Some((send, previous, has_ended)) = found else { return Ok(None) };
        sends.push(send);
        Ok(Some((previous, has_ended)))
    };
    let (mut next, mut ended) = (one.last_send, 0);
    while let Some(id) = next.filter(|_| ended < PAST) {
        let Some((previous, has_ended)) = read(id)? else { break };
        ended += usize::from(has_ended);
        next = previous;
    }
    let open: Vec<i64> = one.queue.iter().chain(one.held.iter().flatten()).copied().collect();
    let known: HashSet<i64> = sends.iter().map(|send: &FormerSend| send.id).collect();
    let mut further = Vec::new();
    for id in open.into_iter().filter(|id| !known.contains(id)) {
        further.push(id);
    }
    let mut sends_of_chain = std::mem::take(&mut sends);
    sends_of_chain.reverse();
    for id in further {
        sends_of_chain.insert(
            0,
            FormerSend { id, is_whole: true, event: None, turn: id, is_by_agent: false, is_said: false, message: None },
        );
    }
    Ok(sends_of_chain)
}

/// How many of a conversation's last events are searched for what was heard.
const REACH: usize = 50;

/// Whether one of a conversation's last events is a message or is about one, and the last echo that was another's.
fn heard(db: &Connection, last_event: Option<i64>) -> rusqlite::Result<(bool, Option<i64>)> {
    let mut statement = db.prepare_cached("SELECT kind, attempts, previous FROM former_event WHERE id = ?1")?;
    let (mut has_messages, mut echo, mut next) = (false, None, last_event);
    for _ in 0..REACH {
        let Some(id) = next else { break };
        let found: Option<(String, i64, Option<i64>)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((kind, attempts, previous)) = found else { break };
        has_messages |= [Kind::Message, Kind::Echo, Kind::Postback, Kind::Edit, Kind::Reaction]
            .iter()
            .any(|known| known.as_str() == kind);
        // An echo that was handled was no echo of our own.
        if echo.is_none() && kind == Kind::Echo.as_str() && attempts > 0 {
            echo = Some(id);
        }
        next = previous;
    }
    Ok((has_messages, echo))
}

/// The waits for answers that are not as they were when they began.
fn read_waits(db: &Connection) -> rusqlite::Result<HashMap<i64, Vec<FormerWait>>> {
    let mut waits: HashMap<i64, Vec<FormerWait>> = HashMap::new();
    let mut statement = db.prepare(
        "SELECT conversation, id, ifnull(min(at, received_at), received_at), answer_by, answer_was_by, answered_by, answer_restored, status
         FROM former_event
         WHERE answered_by IS NOT NULL OR answer_restored = 1 OR (answer_by IS NOT NULL AND status NOT IN (0, 1, 2))",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let status: i64 = row.get(7)?;
        let ended_well = match status {
            3 => Some(true),
            4 => Some(false),
            _ => None,
        };
        waits.entry(row.get(0)?).or_default().push(FormerWait {
            event: row.get(1)?,
            happened_at: Timestamp(row.get(2)?),
            by: time(row, 3)?,
            was_by: time(row, 4)?,
            answered_by: row.get(5)?,
            is_restored: row.get(6)?,
            ended_well,
        });
    }
    Ok(waits)
}

fn make_rights(db: &Connection) -> rusqlite::Result<()> {
    let mut insert = db.prepare(
        "INSERT INTO given (account, kind, hash, conversation, thread, name, value, forget_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut statement = db.prepare(
        "SELECT given.account, kind, given.hash, place.id, place.thread, place.name, given.at, told_at, gone, broadcast, expires_at,
                taken_by, taken_at, used_at, forget_at, send.status, send.at
         FROM former_given AS given JOIN place ON place.former = given.conversation LEFT JOIN former_send AS send ON send.id = taken_by",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let taken_by: Option<i64> = row.get(11)?;
        let settled_at = match (taken_by, row.get::<_, Option<i64>>(15)?) {
            (None, _) => None,
            (Some(_), None) => time(row, 12)?,
            (Some(_), Some(4..=6)) => time(row, 16)?,
            (Some(_), Some(_)) => None,
        };
        let forget_at = Timestamp(row.get(14)?);
        let grant = Grant {
            at: Timestamp(row.get(6)?),
            told_at: Timestamp(row.get(7)?),
            told_by: None::<EventId>,
            is_gone: row.get(8)?,
            broadcast: row.get(9)?,
            expires_at: time(row, 10)?,
            taken_by: taken_by.map(SendId),
            settled_at,
            used_at: time(row, 13)?,
            forget_at,
        };
        let key: (String, i64, [u8; 16]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let place: (i64, i64, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
        insert.execute(params![key.0, key.1, key.2, place.0, place.1, place.2, packed(&grant)?, forget_at.0])?;
    }
    Ok(())
}

fn make_accounts(db: &Connection) -> rusqlite::Result<()> {
    let mut insert = db.prepare("INSERT INTO account (id, image) VALUES (?1, ?2)")?;
    let mut statement =
        db.prepare("SELECT id, blocked_at, blocked_by, enforced_at, broadcast, broadcast_at FROM former_account")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let blocked = time(row, 1)?.zip(row.get::<_, Option<i64>>(2)?.map(|by| by == 1));
        let broadcast = row.get::<_, Option<String>>(4)?.zip(time(row, 5)?);
        let (replies, known) = private_replies(db, &id)?;
        let image = AccountImage::former(blocked, time(row, 3)?, broadcast, replies, known);
        insert.execute(params![id, packed(&image)?])?;
    }
    Ok(())
}

/// The last private replies of an account: those that are not known to have become a message, and the messages of the others.
fn private_replies(db: &Connection, account: &str) -> rusqlite::Result<(Vec<ReplyImage>, VecDeque<MessageHash>)> {
    const MOST: usize = 256;
    let (mut replies, mut known) = (Vec::new(), VecDeque::new());
    let mut statement = db.prepare_cached(
        "SELECT id, status, attempted_at, message_id, doubted_since IS NOT NULL FROM former_send
         WHERE private = 1 AND account = ?1 AND attempted_at IS NOT NULL AND (status NOT IN (5, 6) OR doubted_since IS NOT NULL)
         ORDER BY attempted_at DESC LIMIT 512",
    )?;
    let mut rows = statement.query([account])?;
    while let Some(row) = rows.next()? {
        let (status, was_in_doubt): (i64, bool) = (row.get(1)?, row.get(4)?);
        if let Some(mid) = row.get::<_, Option<String>>(3)? {
            if known.len() < MOST {
                known.push_back(MessageHash::of(&MessageId::new(mid)));
            }
            continue;
        }
        let is_open = match status {
            2 | 3 => true,
            0 | 1 if was_in_doubt => true,
            4 => false,
            5..=7 if was_in_doubt => false,
            _ => continue,
        };
        if replies.len() < MOST {
            replies.push(ReplyImage { send: row.get(0)?, is_open, attempted_at: Timestamp(row.get(2)?) });
        }
    }
    Ok((replies, known))
}
