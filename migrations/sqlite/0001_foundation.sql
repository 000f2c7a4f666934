-- Policies, events, audit, accounts. The same numbers and the same meaning as migrations/postgres.
-- All times are Unix milliseconds. STRICT: a column holds what it says or the write fails.

-- "EVKL": tells our files from those of other programs before anything is written to them.
PRAGMA application_id = 1163283276;

CREATE TABLE pool_policies (
    pool              TEXT    NOT NULL PRIMARY KEY,
    version           INTEGER NOT NULL CHECK (version >= 1),
    policy            TEXT    NOT NULL,
    changed_at_ms     INTEGER NOT NULL,
    changed_by        TEXT,
    -- The newest version whose event has been written; 0 where none has.
    announced_version INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: an id is a cursor, so it never comes back after a clean-up.
CREATE TABLE events (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms          INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    severity       TEXT    NOT NULL,
    pool           TEXT,
    instance       TEXT,
    summary        TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    actor_by       TEXT    NOT NULL,
    actor_name     TEXT    NOT NULL,
    -- Lower case as Rust sees it: the two databases do not agree on letters outside ASCII.
    summary_search TEXT    NOT NULL,
    cause_search   TEXT    NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at_ms, id);
CREATE INDEX events_kind ON events (kind, id);
CREATE INDEX events_severity ON events (severity, id);
CREATE INDEX events_pool ON events (pool, id);

CREATE TABLE audit_log (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms     INTEGER NOT NULL,
    who       TEXT    NOT NULL,
    came_from TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    diff      TEXT    NOT NULL
) STRICT;

CREATE TABLE users (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    role          TEXT    NOT NULL,
    password      TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token         BLOB    NOT NULL PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    came_from     TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at_ms);

-- One row at most: a new link replaces the old one.
CREATE TABLE setup_tokens (
    slot          INTEGER NOT NULL PRIMARY KEY CHECK (slot = 1),
    token         BLOB    NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;
