-- Policies, events, audit, accounts. The same numbers and the same meaning as migrations/sqlite.
-- All times are Unix milliseconds. COLLATE "C": names sort by bytes, whatever the server's language.

CREATE TABLE pool_policies (
    pool              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version           BIGINT           NOT NULL CHECK (version >= 1),
    policy            TEXT             NOT NULL,
    changed_at_ms     BIGINT           NOT NULL,
    changed_by        TEXT,
    -- The newest version whose event has been written; 0 where none has.
    announced_version BIGINT           NOT NULL
);

CREATE TABLE events (
    id             BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms          BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    severity       TEXT   NOT NULL,
    pool           TEXT,
    instance       TEXT,
    summary        TEXT   NOT NULL,
    cause          TEXT   NOT NULL,
    actor_by       TEXT   NOT NULL,
    actor_name     TEXT   NOT NULL,
    -- Lower case as Rust sees it: the two databases do not agree on letters outside ASCII.
    summary_search TEXT   NOT NULL,
    cause_search   TEXT   NOT NULL
);
CREATE INDEX events_at ON events (at_ms, id);
CREATE INDEX events_kind ON events (kind, id);
CREATE INDEX events_severity ON events (severity, id);
CREATE INDEX events_pool ON events (pool, id);

CREATE TABLE audit_log (
    id        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms     BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    came_from TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    diff      TEXT   NOT NULL
);

CREATE TABLE users (
    id            BIGINT           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    role          TEXT             NOT NULL,
    password      TEXT             NOT NULL,
    created_at_ms BIGINT           NOT NULL
);

CREATE TABLE sessions (
    token         BYTEA  NOT NULL PRIMARY KEY,
    user_id       BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    came_from     TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at_ms);

-- One row at most: a new link replaces the old one.
CREATE TABLE setup_tokens (
    slot          BIGINT NOT NULL PRIMARY KEY CHECK (slot = 1),
    token         BYTEA  NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
