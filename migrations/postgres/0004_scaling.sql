-- What is scaled by what rule, what was decided, and what came of it.
CREATE TABLE scaling_policies (
    workload      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL CHECK (version >= 1),
    -- JSON: policy, schedule, hold.
    plan          TEXT    NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    changed_by    TEXT
);

-- Evaluations in a row that came to the same are one row.
CREATE TABLE decisions (
    id          BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workload    TEXT    NOT NULL,
    from_ms     BIGINT NOT NULL,
    to_ms       BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    changed     BIGINT NOT NULL CHECK (changed IN (0, 1)),
    -- JSON: the last decision with its proof, and what would have altered the first.
    decision    TEXT    NOT NULL,
    would       TEXT    NOT NULL,
    -- Who tells it twice tells the same.
    UNIQUE (workload, from_ms)
);
CREATE INDEX decisions_workload ON decisions (workload, id);
CREATE INDEX decisions_to ON decisions (to_ms);

CREATE TABLE scaling_events (
    id           BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workload     TEXT    NOT NULL,
    at_ms        BIGINT NOT NULL,
    replicas_was BIGINT NOT NULL,
    replicas_is  BIGINT NOT NULL,
    cause        TEXT    NOT NULL,
    metric       TEXT,
    -- JSON: pairs of name and value.
    metrics      TEXT    NOT NULL,
    actor_by     TEXT    NOT NULL,
    actor_name   TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    why          TEXT,
    ended_at_ms  BIGINT NOT NULL,
    UNIQUE (workload, at_ms)
);
CREATE INDEX scaling_events_workload ON scaling_events (workload, id);
CREATE INDEX scaling_events_at ON scaling_events (at_ms);
