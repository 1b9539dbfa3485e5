-- To schema 3: doubt, turns, the steps of long turns, the ledger, and what a bot owes beside its handler's words.

-- The last send was the end of its queue.
ALTER TABLE conversation ADD COLUMN send_tail INTEGER;
UPDATE conversation SET send_tail = last_send;

-- Taps and links open the window as well, and are no messages.
ALTER TABLE conversation ADD COLUMN last_message_at INTEGER;
ALTER TABLE conversation ADD COLUMN owner TEXT;
ALTER TABLE conversation ADD COLUMN owner_at INTEGER;
UPDATE conversation SET last_message_at = opened_at WHERE opened_by = 'message';
ALTER TABLE conversation ADD COLUMN said_at INTEGER;
ALTER TABLE conversation ADD COLUMN disclosed_by INTEGER;
ALTER TABLE conversation ADD COLUMN disclosed_at INTEGER;
ALTER TABLE conversation ADD COLUMN silence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN others_spoke INTEGER NOT NULL DEFAULT 0;

-- What came before is late already: nobody is answered by a fallback for it.
ALTER TABLE event ADD COLUMN answer_by INTEGER;
ALTER TABLE event ADD COLUMN typing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX event_awaited ON event (account, answer_by) WHERE answer_by IS NOT NULL;
CREATE INDEX event_awaited_in ON event (conversation) WHERE answer_by IS NOT NULL;

ALTER TABLE event ADD COLUMN steps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN state_before TEXT;

CREATE TABLE step (
    event INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,             -- of what it said and remembered
    sends TEXT NOT NULL,            -- the ids: a JSON list
    PRIMARY KEY (event, number)
) WITHOUT ROWID;

ALTER TABLE send ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN answers INTEGER;
ALTER TABLE send ADD COLUMN doubted_since INTEGER;
ALTER TABLE send ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE send ADD COLUMN private INTEGER NOT NULL DEFAULT 0;

-- What a handler said to one event was one turn, and so was what was posted under one key. Of what was posted without a key
-- nobody can tell what came together: each stands for itself.
UPDATE send SET turn = id;
UPDATE send SET turn = said.head
FROM (SELECT event, min(id) AS head FROM send WHERE event IS NOT NULL GROUP BY event) AS said
WHERE send.event = said.event;
UPDATE send SET turn = part.head
FROM (SELECT json_each.value AS id, json_extract(sends, '$[0]') AS head FROM posted, json_each(sends)) AS part
WHERE send.id = part.id;

-- A send in doubt was not tried again, so that its one attempt was the first. Whether an answer came was not kept; where none
-- did, an echo is waited for before anything else.
UPDATE send SET doubted_since = ifnull(attempted_at, at), doubts = 1, silent = 1 WHERE status = 3;

UPDATE send SET private = 1 WHERE conversation IN (SELECT id FROM conversation WHERE thread = 2);

CREATE INDEX send_held ON send (id) WHERE status = 7;
CREATE INDEX send_doubted ON send (account, due, id) WHERE status = 3;
CREATE INDEX send_private ON send (account, message_id, attempted_at)
    WHERE private = 1 AND (status NOT IN (5, 6) OR doubted_since IS NOT NULL);
DROP INDEX event_parked;
CREATE INDEX event_parked ON event (account, conversation, id) WHERE status = 6;

-- What was given before is not known any more: nothing could be sent on it.
CREATE TABLE given (
    account TEXT NOT NULL,
    kind INTEGER NOT NULL,          -- 0 a comment, 1 a visitor's post, 2 a one-time token, 3 a token for marketing messages
    hash BLOB NOT NULL,             -- of the comment's or post's id, or of the token, which itself goes with its event
    conversation INTEGER NOT NULL,  -- of whoever gave it
    at INTEGER NOT NULL,            -- when it was written, or agreed to
    told_at INTEGER NOT NULL,       -- when Meta last told of it
    gone INTEGER NOT NULL,          -- the comment is removed, the messages are stopped
    broadcast TEXT,                 -- the live media that it was written below, '' where Meta did not name it
    expires_at INTEGER,             -- the end of a token, where Meta said when
    taken_by INTEGER,               -- the send that uses it, or has used it
    taken_at INTEGER,               -- when that was planned
    used_at INTEGER,                -- when it was used before that
    forget_at INTEGER NOT NULL,     -- when it is over for certain
    PRIMARY KEY (account, kind, hash)
) WITHOUT ROWID;
CREATE INDEX given_by_end ON given (forget_at);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    blocked_at INTEGER,             -- since when its sends are blocked
    blocked_by INTEGER,             -- how Meta told so: 0 by the webhook, 1 in answer to a send
    enforced_at INTEGER,            -- when Meta last told of that
    broadcast TEXT,                 -- the media that is, or was last, live
    broadcast_at INTEGER            -- when somebody last commented below it
) WITHOUT ROWID;

-- A block of which the news is still kept goes on.
INSERT INTO account (id, blocked_at, blocked_by, enforced_at)
SELECT account, iif(action = 'block', told_at, NULL), 0, told_at
FROM (
    SELECT account, action, max(told_at) AS told_at
    FROM (
        SELECT account, CAST(raw AS TEXT) ->> '$.policy_enforcement.action' AS action,
               min(ifnull(CAST(CAST(raw AS TEXT) ->> '$.timestamp' AS INTEGER), received_at), received_at) AS told_at
        FROM event WHERE kind IN ('policy_enforcement', 'other') AND account IS NOT NULL AND json_valid(CAST(raw AS TEXT))
    )
    WHERE action IN ('block', 'unblock') GROUP BY account
);
