-- Who acts for all consoles on this database. The same numbers and the same meaning as migrations/sqlite.
CREATE TABLE leases (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Rises with every change of the holder; what only the holder may write proves it.
    fence    BIGINT NOT NULL CHECK (fence >= 0),
    -- One run of one process; empty before the first.
    holder   TEXT   NOT NULL,
    label    TEXT   NOT NULL,
    address  TEXT,
    -- By the database's own clock.
    until_ms BIGINT NOT NULL
);
INSERT INTO leases (name, fence, holder, label, address, until_ms) VALUES ('leader', 0, '', '', NULL, 0);

-- The last change of each workload that was about to be carried out.
CREATE TABLE scaling_begun (
    workload TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- JSON: the change.
    event    TEXT NOT NULL
);
