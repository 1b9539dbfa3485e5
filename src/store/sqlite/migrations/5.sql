-- To schema 5: the trace that an event belongs to.

ALTER TABLE event ADD COLUMN trace BLOB;
