-- What is filtered on, in the order of the listings.
CREATE TABLE entry (
    id BLOB NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    method TEXT,
    path TEXT,
    route TEXT,
    status INTEGER,
    organisation TEXT,
    project TEXT,
    environment TEXT,
    actor TEXT,
    client_ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    api_version TEXT,
    actor_kind TEXT,
    session TEXT,
    api_key TEXT,
    outcome TEXT,
    micros INTEGER,
    category TEXT,
    action TEXT,
    ref_id TEXT,
    exchange TEXT,
    weight INTEGER,
    detail_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The rest, in the order of arrival.
CREATE TABLE detail (
    number INTEGER PRIMARY KEY,
    head TEXT NOT NULL,
    request_text TEXT,
    response_text TEXT
) STRICT;

-- What is held: neither deleted nor erased.
CREATE TABLE held (
    id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- How far ids and times lie apart at most; one row.
CREATE TABLE drift (
    ahead_millis INTEGER NOT NULL,
    behind_millis INTEGER NOT NULL
) STRICT;
INSERT INTO drift VALUES (0, 0);

-- Rows that are sealed: ranges of ids, which do not meet. See `segment/mod.rs`.
CREATE TABLE segment (
    last BLOB NOT NULL PRIMARY KEY,
    first BLOB NOT NULL,
    number INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    late INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The columns of the segments.
CREATE TABLE segment_part (
    key INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Rows within the range of a segment that are not in its columns.
CREATE TABLE late (
    id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- When and how to seal; one row.
CREATE TABLE sealing (
    segment_rows INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    next_segment INTEGER NOT NULL,
    seed INTEGER NOT NULL
) STRICT;
INSERT INTO sealing VALUES (4000, 0, 0, random());
