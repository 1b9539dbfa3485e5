-- Rows are written at the tables' right edges and deleted at their left ones. What never changes of an event or a send stands apart
-- from what does: the small rows that change are many on a page. Nothing here is decided from; a conversation is loaded as a whole,
-- from its image, the events without an end, and the sends that the image names.

CREATE TABLE store (
    name TEXT NOT NULL,             -- random; marks the metadata of this store's sends
    next_event INTEGER NOT NULL DEFAULT 1, -- from these ids on none was given yet
    next_send INTEGER NOT NULL DEFAULT 1,
    low_event INTEGER NOT NULL DEFAULT 1, -- what is open below these ids stands in `aside`
    low_send INTEGER NOT NULL DEFAULT 1,
    pruned_event INTEGER NOT NULL DEFAULT 1, -- below these ids there is only what stands in `aside`
    pruned_send INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,  -- the first byte is its partition
    account TEXT,                   -- Meta's id; null for what could not be read and names none
    thread INTEGER NOT NULL,        -- what the conversation's name stands for: 0 a scoped id, 1 a user_ref, 2 an author of comments
    person TEXT,
    name TEXT,                      -- the conversation's name, where that is not the person's
    kind TEXT NOT NULL,
    status INTEGER NOT NULL,        -- when it arrived: 0 open, 3 done, 5 could not be read; a row of event_state counts instead
    standby INTEGER NOT NULL,
    at INTEGER,                     -- when it happened, by Meta's clock; milliseconds, as every time here
    received_at INTEGER NOT NULL,
    handled INTEGER NOT NULL,       -- whether its account has a handler for it
    answer_by INTEGER,              -- until when it must be answered; null when the person waits for no answer
    known INTEGER NOT NULL DEFAULT 0, -- 1 its message was known by its key, 2 its first version was
    object TEXT,                    -- what the delivery says its accounts are
    previous INTEGER,               -- of what is done when it arrives: the conversation's event before it
    piece TEXT,                     -- of what could not be read, how much of a delivery it is; of an event, the list that it
                                    -- stood in where Meta documents no such list, else null
    trace BLOB,                     -- the trace that it belongs to
    raw BLOB NOT NULL
);

CREATE TABLE event_state (
    id INTEGER PRIMARY KEY,
    status INTEGER NOT NULL,
    behind INTEGER NOT NULL,        -- its place in the queue: behind the event of this id, and of so high a rank
    rank INTEGER NOT NULL,
    previous INTEGER,               -- the conversation's event before it
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    first_failed_at INTEGER,
    error TEXT,
    state_before TEXT,              -- what was remembered before the first step of its turn
    turn INTEGER,                   -- the first send of its turn
    typing INTEGER NOT NULL,        -- whether the typing indicator was shown for it
    answered INTEGER NOT NULL       -- whether the person waits for no answer any more
);

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
    conversation INTEGER NOT NULL,
    account TEXT NOT NULL,
    thread INTEGER NOT NULL,
    name TEXT NOT NULL,             -- the conversation's
    event INTEGER,                  -- whose handler said it; null when it came from elsewhere
    on_outcome INTEGER NOT NULL,    -- whether that event tells of another send
    turn INTEGER NOT NULL,          -- the first send of its turn, through all the turn's steps
    previous INTEGER,               -- the conversation's send before it
    planned_at INTEGER NOT NULL,
    agent TEXT,                     -- the person who wrote it, where one did
    trace BLOB,
    request TEXT NOT NULL           -- a Send API request: JSON
);

CREATE TABLE send_state (
    id INTEGER PRIMARY KEY,
    status INTEGER NOT NULL,
    due INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- when it came to its status
    attempts INTEGER NOT NULL,
    attempted_at INTEGER,
    doubted_since INTEGER,          -- when the first attempt left of which it is not known whether it arrived
    doubts INTEGER NOT NULL,        -- how often it came into doubt
    looks INTEGER NOT NULL,         -- how often evidence was looked for since it last did
    silent INTEGER NOT NULL,        -- no answer at all came to the last of these
    repeats INTEGER NOT NULL,       -- how often it arrived beyond once
    answers INTEGER,                -- when that happened whose answer it is
    rule TEXT,
    reason TEXT,
    error TEXT,                     -- Meta's own words about it, where Meta said any: JSON
    message_id TEXT,
    epochs TEXT NOT NULL            -- the server starts under which it left, each between two spaces
);

-- Ids by which rows are found that are seldom and would be far apart: 0 an event that has been open for long, 1 a dead one, 2 one that
-- could not be read; 3 a send that has been open for long, 4 a refused, 5 a failed, 6 a held one.
CREATE TABLE aside (
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- Images of conversations that were written since `conversation` was last brought forward. The highest number counts.
CREATE TABLE image (
    number INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    account TEXT NOT NULL,
    thread INTEGER NOT NULL,
    name TEXT NOT NULL,
    last_event_at INTEGER,
    image BLOB NOT NULL             -- MessagePack
);

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    thread INTEGER NOT NULL,
    name TEXT NOT NULL,
    last_event_at INTEGER,
    image BLOB NOT NULL
);

-- What handlers remember: JSON.
CREATE TABLE state (
    conversation INTEGER PRIMARY KEY,
    value TEXT NOT NULL
);

-- What people gave beside the window: a comment or a post its one private reply, a token its notifications.
CREATE TABLE given (
    account TEXT NOT NULL,
    kind INTEGER NOT NULL,          -- 0 a comment, 1 a visitor's post, 2 a one-time token, 3 a token for marketing messages
    hash BLOB NOT NULL,             -- of the comment's or post's id, or of the token, which itself goes with its event
    conversation INTEGER NOT NULL,  -- of the person who gave it
    thread INTEGER NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,            -- MessagePack
    forget_at INTEGER NOT NULL,     -- when it is over for certain
    PRIMARY KEY (account, kind, hash)
) WITHOUT ROWID;
CREATE INDEX given_in ON given (conversation);
CREATE INDEX given_by_end ON given (forget_at);

-- What Meta tells of an account as a whole.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    image BLOB NOT NULL             -- MessagePack
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
