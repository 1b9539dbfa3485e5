//! The rights that people give beside the window: by a comment or a post, by agreeing to notifications.

use std::time::Duration;

use rusqlite::params;

use super::super::work::Work;
use super::key::{Key, Source};
use crate::clock::Timestamp;
use crate::event::{Comment, CommentVerb, Envelope, NotificationStatus, Optin};
use crate::policy;

/// For how long a token for marketing messages of which Meta has not told the end is known, stopped or not, after the last
/// news or use of it. Meta's own live for a year; the day is for clocks that differ.
pub(in super::super) const TOKEN: Duration = Duration::from_secs((365 + 1) * 24 * 3600);

/// A comment or post is written: it gives one private reply, once, whatever is changed about it later. One that is removed
/// gives none any more, even if the news of it comes before that of the comment.
pub(super) fn written(
    work: &Work<'_>,
    envelope: &Envelope,
    comment: &Comment,
    conversation: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (Some(key), Some(at)) = (Key::of_comment(comment), envelope.at) else { return Ok(()) };
    let at = at.min(now);
    let gone = match comment.verb {
        CommentVerb::Add if comment.is_act() => false,
        CommentVerb::Remove if !comment.is_own => true,
        _ => return Ok(()),
    };
    let broadcast = comment.is_live.then(|| comment.media.as_ref().and_then(|media| media.id.as_ref()));
    work.db
        .prepare_cached(
            "INSERT INTO given (account, kind, hash, conversation, at, told_at, gone, broadcast, forget_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)
             ON CONFLICT (account, kind, hash) DO UPDATE SET gone = max(gone, excluded.gone)",
        )?
        .execute(params![
            envelope.account.as_str(),
            key.source as i64,
            key.hash,
            conversation,
            at.0,
            gone,
            broadcast.map(|media| media.map_or("", |media| media.as_str())),
            (at + policy::SEVEN_DAYS).0,
        ])
        .map(drop)
}

/// A person agreed to notifications, stopped them, or lets them come again.
pub(super) fn agreed(
    work: &Work<'_>,
    envelope: &Envelope,
    optin: &Optin,
    conversation: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (Some(key), Some(at)) = (Key::of_optin(optin), envelope.key.time) else { return Ok(()) };
    let at = at.min(now);
    let (expires_at, forget_at) = match key.source {
        Source::Marketing => (optin.token_expires_at, optin.token_expires_at.unwrap_or(at + TOKEN)),
        _ => (None, at + policy::YEAR),
    };
    let stopped = !matches!(optin.notification_messages_status, None | Some(NotificationStatus::Resume));
    work.db
        .prepare_cached(
            "INSERT INTO given (account, kind, hash, conversation, at, told_at, gone, expires_at, forget_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)
             ON CONFLICT (account, kind, hash) DO UPDATE SET gone = excluded.gone, told_at = excluded.told_at,
                 expires_at = ifnull(excluded.expires_at, expires_at),
                 forget_at = ifnull(ifnull(excluded.expires_at, expires_at), max(forget_at, excluded.forget_at))
               WHERE kind = 3 AND excluded.told_at >= told_at",
        )?
        .execute(params![
            envelope.account.as_str(),
            key.source as i64,
            key.hash,
            conversation,
            at.0,
            stopped,
            expires_at.map(|at| at.0),
            forget_at.0,
        ])
        .map(drop)
}
