-- Every table has the same columns, so that one reader finds the rows of a file whose tables are lost: `row.rs` and `rescue/`.
CREATE TABLE meta (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, head BLOB NOT NULL, text BLOB NOT NULL);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, head BLOB NOT NULL, text BLOB NOT NULL);
CREATE UNIQUE INDEX entry_id ON entry (id);
CREATE TABLE batch (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, head BLOB NOT NULL, text BLOB NOT NULL);
CREATE TABLE started (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, head BLOB NOT NULL, text BLOB NOT NULL);
CREATE UNIQUE INDEX started_id ON started (id);
CREATE TABLE dead (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, head BLOB NOT NULL, text BLOB NOT NULL);
CREATE UNIQUE INDEX dead_id ON dead (id);
