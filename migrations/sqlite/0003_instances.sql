-- Instances that have announced themselves, until they leave or are not heard of any more.
CREATE TABLE instances (
    pool             TEXT    NOT NULL,
    id               TEXT    NOT NULL,
    -- An address and a port, never a name: what the name stood for when it registered.
    address          TEXT    NOT NULL,
    -- Both or neither: where it is checked in place of its address and the pool's path.
    check_address    TEXT,
    check_path       TEXT,
    weight           INTEGER NOT NULL,
    zone             TEXT,
    -- JSON: two lists and a map of text.
    capabilities     TEXT    NOT NULL,
    tags             TEXT    NOT NULL,
    metadata         TEXT    NOT NULL,
    registered_at_ms INTEGER NOT NULL,
    PRIMARY KEY (pool, id)
) STRICT;
