-- What was read of other programs' logs, and the prices that were looked up, so that neither has to be done twice.

-- How far each file was read. A row is written with the last calls of what it says was read, never before them.
CREATE TABLE import_cursors (
    tenant      TEXT NOT NULL,
    source      TEXT NOT NULL,
    path        TEXT NOT NULL,
    stamp       TEXT NOT NULL,                        -- of the file when it was read: the same again, and nothing in it is new
    fingerprint TEXT NOT NULL,                        -- of its beginning and of what lies before the offset
    offset      INTEGER NOT NULL CHECK (offset >= 0),
    line        INTEGER NOT NULL CHECK (line >= 0),
    state       TEXT,                                 -- what its parser goes on with; NULL: once it has grown it is read anew
    calls       INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    read_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, source, path)
) STRICT, WITHOUT ROWID;

-- Rules of price books as they were resolved. mark: the books they come from, as they were then; asked: the question, as JSON.
CREATE TABLE resolved_prices (
    tenant TEXT NOT NULL,
    mark   TEXT NOT NULL,
    asked  TEXT NOT NULL,
    rule   TEXT NOT NULL,
    PRIMARY KEY (tenant, mark, asked)
) STRICT, WITHOUT ROWID;

-- How much of a subscription's allowance was used up when a log last said so. limit_window: the provider's word for which window.
CREATE TABLE plan_limits (
    tenant         TEXT NOT NULL,
    source         TEXT NOT NULL,
    name           TEXT NOT NULL,
    limit_window   TEXT NOT NULL,
    seen_at        INTEGER NOT NULL,
    used_percent   TEXT NOT NULL,
    window_minutes INTEGER,
    resets_at      INTEGER,
    plan           TEXT,
    PRIMARY KEY (tenant, source, name, limit_window)
) STRICT, WITHOUT ROWID;
