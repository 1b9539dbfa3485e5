//! What Meta tells of an account as a whole: whether its sends are blocked, and what it broadcasts.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::work::Work;
use crate::clock::Timestamp;
use crate::event::{Comment, EnforcementAction, Envelope, PolicyEnforcement};
use crate::id::AccountId;
use crate::policy::{Enforcement, Signal};

/// Meta's block of an account's sends, where there is one.
pub(in super::super) fn blocked(work: &Work<'_>, account: &AccountId) -> rusqlite::Result<Option<Enforcement>> {
    let found = work
        .db
        .prepare_cached("SELECT blocked_at, blocked_by FROM account WHERE id = ?1 AND blocked_at IS NOT NULL")?
        .query_row([account.as_str()], |row| {
            let signal = if row.get::<_, i64>(1)? == 0 { Signal::Webhook } else { Signal::Answer };
            Ok(Enforcement { since: Timestamp(row.get(0)?), signal })
        });
    found.optional()
}

/// Accounts that have, or had, conversations here or stand in the settings.
pub(in super::super) fn known_accounts(db: &Connection) -> rusqlite::Result<Vec<AccountId>> {
    db.prepare_cached("SELECT id FROM account")?
        .query_map([], |row| Ok(AccountId::new(row.get::<_, String>(0)?)))?
        .collect()
}

/// Makes an account one that is known.
pub(in super::super) fn know(db: &Connection, account: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO account (id) VALUES (?1)")?.execute([account]).map(drop)
}

/// P16.1: a block stops the account's sends until the unblock. A warning stops nothing: somebody is to look at it.
pub(super) fn enforced(
    work: &Work<'_>,
    envelope: &Envelope,
    enforcement: &PolicyEnforcement,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let account = &envelope.account;
    let at = envelope.at.map_or(now, |at| at.min(now));
    let blocked_at = match enforcement.action {
        EnforcementAction::Block => Some(at),
        EnforcementAction::Unblock => None,
        EnforcementAction::Warning => {
            tracing::error!(account_id = %account, "Meta warns the account of a violation of its policies");
            return Ok(());
        }
        EnforcementAction::Unknown(_) => return Ok(()),
    };
    let changed = work
        .db
        .prepare_cached(
            "INSERT INTO account (id, blocked_at, blocked_by, enforced_at) VALUES (?1, ?2, 0, ?3)
             ON CONFLICT (id) DO UPDATE SET enforced_at = excluded.enforced_at,
                 blocked_by = iif(excluded.blocked_at IS NULL, blocked_by, 0),
                 blocked_at = iif(excluded.blocked_at IS NULL AND blocked_by = 1 AND blocked_at > excluded.enforced_at,
                                  blocked_at, excluded.blocked_at)
               WHERE excluded.enforced_at >= ifnull(enforced_at, -1)",
        )?
        .execute(params![account.as_str(), blocked_at.map(|at| at.0), at.0])?;
    match (changed, blocked_at) {
        (0, _) => {}
        (_, Some(_)) => tracing::error!(account_id = %account, "Meta has blocked the account's sends"),
        (_, None) => tracing::info!(account_id = %account, "Meta lets the account's sends through"),
    }
    Ok(())
}

/// P16.2: Meta has refused the account as a whole, in answer to a send. A block that the webhook told of goes on.
pub(in crate::store) fn restrict(work: &Work<'_>, account: &AccountId, now: Timestamp) -> rusqlite::Result<()> {
    work.db
        .prepare_cached(
            "INSERT INTO account (id, blocked_at, blocked_by) VALUES (?1, ?2, 1)
             ON CONFLICT (id) DO UPDATE SET blocked_at = excluded.blocked_at, blocked_by = 1
               WHERE blocked_at IS NULL OR blocked_by = 1",
        )?
        .execute(params![account.as_str(), now.0])
        .map(drop)
}

/// P4.5: what was written below a broadcast can be answered only as long as it goes on. Meta does not tell when it ends; that
/// somebody comments on the next one does.
pub(super) fn on_air(work: &Work<'_>, envelope: &Envelope, comment: &Comment, now: Timestamp) -> rusqlite::Result<()> {
    let media = comment.media.as_ref().and_then(|media| media.id.as_ref()).filter(|_| comment.is_live);
    let (Some(media), Some(at)) = (media, envelope.at) else { return Ok(()) };
    work.db
        .prepare_cached(
            "INSERT INTO account (id, broadcast, broadcast_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET broadcast = excluded.broadcast, broadcast_at = excluded.broadcast_at
               WHERE excluded.broadcast_at >= ifnull(broadcast_at, -1)",
        )?
        .execute(params![envelope.account.as_str(), media.as_str(), at.min(now).0])
        .map(drop)
}
