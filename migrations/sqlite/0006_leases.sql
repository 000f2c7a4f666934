-- Who acts for all consoles on this database.
CREATE TABLE leases (
    name     TEXT NOT NULL PRIMARY KEY,
    -- Rises with every change of the holder; what only the holder may write proves it.
    fence    INTEGER NOT NULL CHECK (fence >= 0),
    -- One run of one process; empty before the first.
    holder   TEXT   NOT NULL,
    label    TEXT   NOT NULL,
    address  TEXT,
    -- By the database's own clock.
    until_ms INTEGER NOT NULL
) STRICT;
INSERT INTO leases (name, fence, holder, label, address, until_ms) VALUES ('leader', 0, '', '', NULL, 0);

-- The last change of each workload that was about to be carried out.
CREATE TABLE scaling_begun (
    workload TEXT NOT NULL PRIMARY KEY,
    -- JSON: the change.
    event    TEXT NOT NULL
) STRICT;
