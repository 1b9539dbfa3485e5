-- To schema 6: what changes of an event and a send stands apart from what does not, and a conversation is one image.
-- `place` says of each conversation under which number it stands from now on.

INSERT INTO event (id, conversation, account, thread, person, name, kind, status, standby, at, received_at, handled, answer_by, previous,
                   piece, trace, raw)
SELECT event.id, ifnull(place.id, 0), event.account, ifnull(place.thread, 0), event.person,
       nullif(place.name, ifnull(event.person, '')), event.kind, CASE event.status WHEN 3 THEN 3 WHEN 5 THEN 5 ELSE 0 END, event.standby,
       event.at, event.received_at, event.status <> 5, event.answer_by, event.previous, event.piece, event.trace, event.raw
FROM former_event AS event LEFT JOIN place ON place.former = event.conversation ORDER BY event.id;

INSERT INTO event_state (id, status, behind, rank, previous, due, attempts, deaths, first_failed_at, error, state_before, typing,
                         answered)
SELECT id, CASE status WHEN 1 THEN 0 ELSE status END, id, 0, previous, due, attempts, deaths, first_failed_at, error, state_before,
       typing, answer_by IS NULL
FROM former_event WHERE status <> 3 OR attempts > 0 OR error IS NOT NULL ORDER BY id;

UPDATE event_state SET turn = (
    SELECT turn FROM former_send WHERE id = (
        SELECT json_extract(sends, '$[0]') FROM step
        WHERE event = event_state.id AND json_array_length(sends) > 0 ORDER BY number LIMIT 1))
WHERE id IN (SELECT event FROM step);

INSERT INTO send (id, conversation, account, thread, name, event, on_outcome, turn, previous, planned_at, agent, trace, request)
SELECT send.id, place.id, send.account, place.thread, place.name, send.event, ifnull(event.kind = 'outcome', 0),
       CASE send.turn WHEN 0 THEN send.id ELSE send.turn END, send.previous, send.at, send.agent, event.trace, send.request
FROM former_send AS send JOIN place ON place.former = send.conversation LEFT JOIN former_event AS event ON event.id = send.event
ORDER BY send.id;

INSERT INTO send_state (id, status, due, at, attempts, attempted_at, doubted_since, doubts, looks, silent, repeats, answers, rule, reason,
                        error, message_id, epochs)
SELECT id, status, due, at, attempts, attempted_at, doubted_since, doubts, looks, silent, repeats, answers, rule, reason, error,
       message_id, epochs
FROM former_send ORDER BY id;

INSERT INTO aside (kind, id) SELECT 1, id FROM former_event WHERE status = 4;
INSERT INTO aside (kind, id) SELECT 2, id FROM former_event WHERE status = 5;
INSERT INTO aside (kind, id) SELECT status - 1, id FROM former_send WHERE status IN (5, 6, 7);
INSERT INTO aside (kind, id) SELECT 0, id FROM former_event WHERE status IN (0, 1, 2, 6);
INSERT INTO aside (kind, id) SELECT 3, id FROM former_send WHERE status < 4;

UPDATE store SET
    next_event = max((SELECT last_event FROM former_store), ifnull((SELECT max(id) FROM event), 0)) + 1,
    next_send = max((SELECT last_send FROM former_store), ifnull((SELECT max(id) FROM send), 0)) + 1,
    name = (SELECT name FROM former_store);
UPDATE store SET low_event = next_event, low_send = next_send;
