-- What was measured over time. The same numbers and the same meaning as migrations/postgres.

-- Which number stands for which series: "p95_ms@web". A number never comes back.
CREATE TABLE series (
    id  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key TEXT    NOT NULL UNIQUE
) STRICT;

-- One row a second with the values of all series, until its quarter of an hour is complete and becomes blocks.
CREATE TABLE sample_tail (
    at_ms INTEGER NOT NULL PRIMARY KEY,
    data  BLOB    NOT NULL
) STRICT;

-- One row for each series, resolution and slice of time: compressed columns. Series 0 says when anything at all was measured.
CREATE TABLE sample_blocks (
    resolution_ms INTEGER NOT NULL,
    series        INTEGER NOT NULL,
    slice_ms      INTEGER NOT NULL,
    -- Rows in it.
    samples       INTEGER NOT NULL,
    data          BLOB    NOT NULL,
    PRIMARY KEY (resolution_ms, series, slice_ms)
) STRICT;
