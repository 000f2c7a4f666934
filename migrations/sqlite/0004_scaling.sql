-- What is scaled by what rule, what was decided, and what came of it.
CREATE TABLE scaling_policies (
    workload      TEXT    NOT NULL PRIMARY KEY,
    version       INTEGER NOT NULL CHECK (version >= 1),
    -- JSON: policy, schedule, hold.
    plan          TEXT    NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    changed_by    TEXT
) STRICT;

-- Evaluations in a row that came to the same are one row.
CREATE TABLE decisions (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workload    TEXT    NOT NULL,
    from_ms     INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL,
    evaluations INTEGER NOT NULL,
    changed     INTEGER NOT NULL CHECK (changed IN (0, 1)),
    -- JSON: the last decision with its proof, and what would have altered the first.
    decision    TEXT    NOT NULL,
    would       TEXT    NOT NULL,
    -- Who tells it twice tells the same.
    UNIQUE (workload, from_ms)
) STRICT;
CREATE INDEX decisions_workload ON decisions (workload, id);
CREATE INDEX decisions_to ON decisions (to_ms);

CREATE TABLE scaling_events (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workload     TEXT    NOT NULL,
    at_ms        INTEGER NOT NULL,
    replicas_was INTEGER NOT NULL,
    replicas_is  INTEGER NOT NULL,
    cause        TEXT    NOT NULL,
    metric       TEXT,
    -- JSON: pairs of name and value.
    metrics      TEXT    NOT NULL,
    actor_by     TEXT    NOT NULL,
    actor_name   TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    why          TEXT,
    ended_at_ms  INTEGER NOT NULL,
    UNIQUE (workload, at_ms)
) STRICT;
CREATE INDEX scaling_events_workload ON scaling_events (workload, id);
CREATE INDEX scaling_events_at ON scaling_events (at_ms);
