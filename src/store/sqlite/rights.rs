//! Rights that sends use up: taken in the transaction that plans the send, by that send alone, and given back by a send that
//! definitely did not happen.

use rusqlite::params;

use super::ledger::{self, Key};
use super::outbox;
use super::work::Work;
use crate::clock::Timestamp;
use crate::id::{AccountId, SendId};
use crate::message::Request;
use crate::policy::{self, Facts, Intent, LastSent, Origin, Refusal, Right};

/// The sends of one turn, as they stand one behind the other: past those that do not get their right.
pub(super) struct Chain {
    pub(super) first: Option<SendId>,
    pub(super) last: Option<SendId>,
    /// One for each send.
    pub(super) links: Vec<Link>,
}

/// A send's place among those of its turn.
pub(super) struct Link {
    /// Why it does not get the right that it leans on, where it does not.
    pub(super) lost: Option<Refusal>,
    /// The send that waits for it.
    pub(super) next: Option<SendId>,
}

/// Takes the rights that sends lean on, in their order.
pub(super) fn take(
    work: &Work<'_>,
    account: &AccountId,
    origin: Origin,
    sends: &[(SendId, &Request)],
    now: Timestamp,
) -> rusqlite::Result<Chain> {
    let mut chain = Chain { first: None, last: None, links: Vec::with_capacity(sends.len()) };
    for (send, request) in sends {
        let intent = Intent { send: Some(*send), origin, request };
        chain.links.push(Link { lost: take_one(work, account, *send, intent, now)?, next: None });
    }
    for ((send, _), link) in sends.iter().zip(&mut chain.links).rev().filter(|(_, link)| link.lost.is_none()) {
        link.next = chain.first.replace(*send);
        chain.last.get_or_insert(*send);
    }
    Ok(chain)
}

fn take_one(
    work: &Work<'_>,
    account: &AccountId,
    send: SendId,
    intent: Intent<'_>,
    now: Timestamp,
) -> rusqlite::Result<Option<Refusal>> {
    let Some(key) = key(intent.request) else { return Ok(None) };
    let right = ledger::find(work, account, &key)?.and_then(|given| given.right);
    if let Err(refusal) =
        policy::may_take(&work.own.standing(account), &Facts { right, ..Facts::default() }, intent, now)
    {
        return Ok(Some(refusal));
    }
    let used_at = match right {
        Some(Right::Marketing { last_sent: LastSent::At(at), .. }) => Some(at.0),
        Some(Right::Marketing { last_sent: LastSent::Unsettled, .. }) => Some(now.0),
        _ => None,
    };
    work.db
        .prepare_cached(
            "UPDATE given SET taken_by = ?4, taken_at = ?5, used_at = ?6,
               forget_at = iif(kind = 3 AND expires_at IS NULL, max(forget_at, ?7), forget_at)
             WHERE account = ?1 AND kind = ?2 AND hash = ?3",
        )?
        .execute(params![
            account.as_str(),
            key.source as i64,
            key.hash,
            send.0,
            now.0,
            used_at,
            (now + ledger::TOKEN).0
        ])?;
    Ok(None)
}

/// What a message leans on beside the window. A sender action uses up nothing.
fn key(request: &Request) -> Option<Key> {
    request.as_message().and_then(|_| Key::of_recipient(&request.recipient))
}

/// A send was refused or has failed: what it has taken is free again. One that was ever in doubt has perhaps arrived, and
/// keeps it.
pub(super) fn give_back(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    let Some((account, key)) = leans_on(work, send)? else { return Ok(()) };
    work.db
        .prepare_cached(
            "UPDATE given SET taken_by = NULL WHERE account = ?1 AND kind = ?2 AND hash = ?3 AND taken_by = ?4
               AND (SELECT doubted_since FROM send WHERE id = ?4) IS NULL",
        )?
        .execute(params![account, key.source as i64, key.hash, send.0])
        .map(drop)
}

/// A send that was taken for lost has arrived after all: it has used its right, unless another took that meanwhile.
pub(super) fn take_again(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    let Some((account, key)) = leans_on(work, send)? else { return Ok(()) };
    work.db
        .prepare_cached(
            "UPDATE given SET taken_by = ?4 WHERE account = ?1 AND kind = ?2 AND hash = ?3 AND taken_by IS NULL",
        )?
        .execute(params![account, key.source as i64, key.hash, send.0])
        .map(drop)
}

/// Meta has refused a send because the person wants no more on its token: so it stands since the send left, unless something
/// later was told.
pub(in crate::store) fn stop(work: &Work<'_>, send: SendId) -> rusqlite::Result<()> {
    let Some((account, key)) = leans_on(work, send)? else { return Ok(()) };
    work.db
        .prepare_cached(
            "UPDATE given SET gone = 1, told_at = sent.attempted_at FROM send AS sent
             WHERE sent.id = ?4 AND given.account = ?1 AND kind = ?2 AND hash = ?3 AND told_at <= sent.attempted_at",
        )?
        .execute(params![account, key.source as i64, key.hash, send.0])
        .map(drop)
}

/// What a kept send leans on, and on which account.
fn leans_on(work: &Work<'_>, send: SendId) -> rusqlite::Result<Option<(String, Key)>> {
    let (account, request): (String, String) = work
        .db
        .prepare_cached("SELECT account, request FROM send WHERE id = ?1")?
        .query_row([send.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let key = outbox::request(&request).ok().and_then(|request| key(&request));
    Ok(key.map(|key| (account, key)))
}
