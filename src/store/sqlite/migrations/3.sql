-- To schema 3: doubt, turns, the steps of long turns, and what a bot owes beside its handler's words.

-- The last send was the end of its queue.
ALTER TABLE conversation ADD COLUMN send_tail INTEGER;
UPDATE conversation SET send_tail = last_send;

ALTER TABLE conversation ADD COLUMN said_at INTEGER;
ALTER TABLE conversation ADD COLUMN disclosed_by INTEGER;
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

CREATE INDEX send_held ON send (id) WHERE status = 7;
CREATE INDEX send_doubted ON send (account, due, id) WHERE status = 3;
