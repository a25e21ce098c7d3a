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
    detail_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A tenant's pages.
CREATE INDEX entry_by_organisation ON entry (organisation, id) WHERE organisation IS NOT NULL;

-- Pages and counts of the failed calls.
CREATE INDEX entry_failed ON entry (id, status) WHERE status >= 400;

-- The rest, in the order of arrival.
CREATE TABLE detail (
    number INTEGER PRIMARY KEY,
    head TEXT NOT NULL,
    request_text TEXT,
    response_text TEXT
) STRICT;

-- How far ids and times lie apart at most; one row.
CREATE TABLE drift (
    ahead_millis INTEGER NOT NULL,
    behind_millis INTEGER NOT NULL
) STRICT;
INSERT INTO drift VALUES (0, 0);
