-- What was measured over time. The same numbers and the same meaning as migrations/sqlite.

-- Which number stands for which series: "p95_ms@web". A number never comes back.
CREATE TABLE series (
    id  BIGINT           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE
);

-- One row a second with the values of all series, until its quarter of an hour is complete and becomes blocks.
CREATE TABLE sample_tail (
    at_ms BIGINT NOT NULL PRIMARY KEY,
    data  BYTEA  NOT NULL
);

-- One row for each series, resolution and slice of time: compressed columns. Series 0 says when anything at all was measured.
CREATE TABLE sample_blocks (
    resolution_ms BIGINT NOT NULL,
    series        BIGINT NOT NULL,
    slice_ms      BIGINT NOT NULL,
    -- Rows in it.
    samples       BIGINT NOT NULL,
    data          BYTEA  NOT NULL,
    PRIMARY KEY (resolution_ms, series, slice_ms)
);
-- Compressed already: a second compression only costs time.
ALTER TABLE sample_blocks ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE sample_tail ALTER COLUMN data SET STORAGE EXTERNAL;
