-- To schema 4: the starts of the server under which a send left, Meta's own words about a send, and the answer that was counted
-- on; and every account that has conversations.

ALTER TABLE send ADD COLUMN epochs TEXT NOT NULL DEFAULT '';
ALTER TABLE send ADD COLUMN error TEXT;

-- Their marks name no start.
UPDATE send SET epochs = ' - ' WHERE attempts > 0;

ALTER TABLE event ADD COLUMN answered_by INTEGER;
ALTER TABLE event ADD COLUMN answer_was_by INTEGER;
ALTER TABLE event ADD COLUMN answer_restored INTEGER NOT NULL DEFAULT 0;

INSERT OR IGNORE INTO account (id) SELECT DISTINCT account FROM conversation;
