-- Tables grow at their right edge and are pruned at their left; indexes cover only what is not done, in the order of ids.
-- Random writes are what a store of this kind pays for, so no index by conversation is over all rows: its history is a walk
-- along `previous`, from the newest row that `conversation` names, and its queue a walk along `next`. Only what waits for an
-- answer or for a send is found by conversation, and the sends behind private replies by the message they became.

CREATE TABLE store (
    name TEXT NOT NULL,             -- random; marks the metadata of this store's sends
    last_event INTEGER NOT NULL DEFAULT 0, -- the newest ids at the last pruning: none is given twice
    last_send INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,         -- a hash of account, thread and person
    account TEXT NOT NULL,          -- Meta's id
    thread INTEGER NOT NULL,        -- what the name stands for: 0 a scoped id, 1 a user_ref, 2 an author of comments
    person TEXT NOT NULL,           -- '' for what concerns the account as a whole
    opened_at INTEGER,              -- the standard window; milliseconds, as every time here
    opened_by TEXT,
    last_message_at INTEGER,        -- when the person last wrote
    owner TEXT,                     -- the app that has the conversation; null for nobody, or nobody knows
    owner_at INTEGER,               -- when Meta last told of that
    last_event_at INTEGER,
    last_event INTEGER,
    last_send INTEGER,
    send_tail INTEGER,              -- the end of its queue of sends
    queue_tail INTEGER,             -- the end of its queue of events
    state TEXT,                     -- what the handler remembers: JSON
    said_at INTEGER,                -- when either side last said something
    disclosed_by INTEGER,           -- the send by which the bot last disclosed itself, or was to
    disclosed_at INTEGER,           -- when it did; null where that send did not happen; since then:
    silence INTEGER NOT NULL DEFAULT 0, -- the longest pause between two things said
    others_spoke INTEGER NOT NULL DEFAULT 0 -- whether a person or another app spoke for the account, or had the conversation
);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    previous INTEGER,               -- the conversation's event before this one
    next INTEGER,                   -- the event that waits for this one
    account TEXT,
    person TEXT,
    kind TEXT NOT NULL,
    status INTEGER NOT NULL,
    standby INTEGER NOT NULL,
    at INTEGER,                     -- when it happened, by Meta's clock
    received_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    first_failed_at INTEGER,
    error TEXT,
    steps INTEGER NOT NULL DEFAULT 0, -- how many of its turn's steps are kept
    state_before TEXT,              -- what was remembered before the first of them
    answer_by INTEGER,              -- until when it must be answered; null when the person waits for no answer
    answered_by INTEGER,            -- the send that is to be the answer; null when the account has another one
    answer_was_by INTEGER,          -- the `answer_by` that this send met: it comes back when the send is refused or fails
    answer_restored INTEGER NOT NULL DEFAULT 0, -- whether it came back: it does once
    typing INTEGER NOT NULL DEFAULT 0, -- whether the typing indicator was shown for it
    piece TEXT,                     -- of what could not be read, how much of a delivery it is; of an event, the list that it
                                    -- stood in where Meta documents no such list, else null
    trace BLOB,                     -- the trace that it belongs to; null for events from before schema 5
    raw BLOB NOT NULL
);
CREATE INDEX event_ready ON event (account, due, id) WHERE status = 0;
CREATE INDEX event_open ON event (id) WHERE status < 3;
CREATE INDEX event_awaited ON event (account, answer_by) WHERE answer_by IS NOT NULL;
CREATE INDEX event_awaited_in ON event (conversation) WHERE answer_by IS NOT NULL;
CREATE INDEX event_parked ON event (account, conversation, id) WHERE status = 6;
-- What an operator looks for: rare, so an index over it costs nothing.
CREATE INDEX event_dead ON event (id) WHERE status = 4;
CREATE INDEX event_quarantined ON event (id) WHERE status = 5;

-- What a long turn has done so far. A turn that is run again goes through the same steps, and they are not taken twice.
CREATE TABLE step (
    event INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,             -- of what it said and remembered
    sends TEXT NOT NULL,            -- the ids: a JSON list
    PRIMARY KEY (event, number)
) WITHOUT ROWID;

CREATE TABLE send (
    id INTEGER PRIMARY KEY,
    event INTEGER,                  -- whose handler said it; null when it came from elsewhere
    turn INTEGER NOT NULL DEFAULT 0, -- the first send of its turn, through all the turn's steps
    conversation INTEGER NOT NULL,
    previous INTEGER,
    next INTEGER,                   -- the send that waits for this one
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    agent TEXT,                     -- the person who wrote it, where one did
    request TEXT NOT NULL,          -- a Send API request: JSON
    status INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted_at INTEGER,
    epochs TEXT NOT NULL DEFAULT '', -- the server starts under which it left, each between two spaces; '-' before schema 4
    answers INTEGER,                -- when that happened whose first answer it is, where it had to be answered
    doubted_since INTEGER,          -- when the first attempt left of which nobody could tell whether it arrived
    doubts INTEGER NOT NULL DEFAULT 0, -- how often it came into doubt
    looks INTEGER NOT NULL DEFAULT 0, -- how often evidence was looked for since it last did
    silent INTEGER NOT NULL DEFAULT 0, -- no answer at all came to the last of these
    repeats INTEGER NOT NULL DEFAULT 0, -- how often it arrived beyond once
    at INTEGER NOT NULL,            -- when it came to its status
    rule TEXT,
    reason TEXT,
    error TEXT,                     -- Meta's own words about it, where Meta said any: JSON
    message_id TEXT,
    private INTEGER NOT NULL DEFAULT 0 -- a private reply, whose echo comes in another conversation
);
CREATE INDEX send_ready ON send (account, due, id) WHERE status = 0;
CREATE INDEX send_open ON send (id) WHERE status < 4;
CREATE INDEX send_refused ON send (id) WHERE status = 5;
CREATE INDEX send_failed ON send (id) WHERE status = 6;
CREATE INDEX send_held ON send (id) WHERE status = 7;
CREATE INDEX send_doubted ON send (account, due, id) WHERE status = 3;
CREATE INDEX send_private ON send (account, message_id, attempted_at)
    WHERE private = 1 AND (status NOT IN (5, 6) OR doubted_since IS NOT NULL);

-- What people gave beside the window: a comment or a post its one private reply, a token its notifications.
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

-- Every account that has conversations, and what Meta tells of it as a whole.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    blocked_at INTEGER,             -- since when its sends are blocked
    blocked_by INTEGER,             -- how Meta told so: 0 by the webhook, 1 in answer to a send
    enforced_at INTEGER,            -- when Meta last told of that
    broadcast TEXT,                 -- the media that is, or was last, live
    broadcast_at INTEGER            -- when somebody last commented below it
) WITHOUT ROWID;

-- Posted sends that must not be posted again, by the poster's key.
CREATE TABLE posted (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,             -- a hash of what was posted
    sends TEXT NOT NULL,            -- the ids: a JSON list
    at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX posted_by_age ON posted (at);

-- Keys of delivered events, ordered by the time inside the event, which a redelivery repeats.
CREATE TABLE seen (
    time INTEGER NOT NULL,
    hash BLOB NOT NULL,
    standby INTEGER NOT NULL,       -- so far seen only while another app owned the conversation
    received_at INTEGER NOT NULL,
    PRIMARY KEY (time, hash)
) WITHOUT ROWID;

-- The same for the few kinds that carry no time.
CREATE TABLE seen_untimed (
    hash BLOB PRIMARY KEY,
    standby INTEGER NOT NULL,
    received_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX seen_untimed_by_age ON seen_untimed (received_at);
