-- To schema 2: a conversation is that of an account, a thread and a person, and its id a hash of all three. Each has its new
-- one in `place`.

ALTER TABLE conversation RENAME TO former_conversation;

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,         -- a hash of account, thread and person
    account TEXT NOT NULL,          -- Meta's id
    thread INTEGER NOT NULL,        -- what the name stands for: 0 a scoped id, 1 a user_ref, 2 an author of comments
    person TEXT NOT NULL,           -- '' for what concerns the account as a whole
    opened_at INTEGER,              -- the standard window; milliseconds, as every time here
    opened_by TEXT,
    last_event_at INTEGER,
    last_event INTEGER,
    last_send INTEGER,              -- also the end of its queue of sends
    queue_tail INTEGER,             -- the end of its queue of events
    state TEXT                      -- what the handler remembers: JSON
);

INSERT INTO conversation (id, account, thread, person, opened_at, opened_by, last_event_at, last_event, last_send, queue_tail,
                          state)
SELECT place.id, account, thread, person, opened_at, opened_by, last_event_at, last_event, last_send, queue_tail, state
FROM place JOIN former_conversation ON former_conversation.id = place.former;

DROP TABLE former_conversation;

-- What was quarantined is of no conversation.
UPDATE event SET conversation = ifnull((SELECT id FROM place WHERE former = event.conversation), conversation)
WHERE conversation <> 0;
UPDATE send SET conversation = ifnull((SELECT id FROM place WHERE former = send.conversation), conversation);

DROP TABLE place;

-- When an entry was told of was not kept. An item's own time stands in the item.
ALTER TABLE event ADD COLUMN at INTEGER;
ALTER TABLE event ADD COLUMN piece TEXT;
UPDATE event SET piece = CASE
    WHEN account IS NOT NULL THEN 'item'
    WHEN error = 'an entry without an id or of an unknown shape' THEN 'entry'
    ELSE 'body' END
WHERE conversation = 0;
