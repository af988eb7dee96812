-- The ledger: calls as they were recorded, and what is derived from them.
-- Instants are microseconds since 1970 in UTC, money is whole nano-dollars, an absent name is '' in keys and NULL elsewhere.

CREATE TABLE migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

-- Counters every process looks at inside its transaction.
CREATE TABLE state (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO state (name, value) VALUES ('budget_revision', 0), ('folded_seq', 0);

-- Every combination of dimensions that was ever seen, once; calls and rollups name it by number.
CREATE TABLE series (
    series_id        INTEGER PRIMARY KEY,
    tenant           TEXT NOT NULL,
    billing          TEXT NOT NULL,
    source           TEXT NOT NULL,
    rank             INTEGER NOT NULL,
    project          TEXT NOT NULL,
    agent            TEXT NOT NULL,
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    feature          TEXT NOT NULL,
    purpose          TEXT NOT NULL,
    task_type        TEXT NOT NULL,
    response_model   TEXT NOT NULL,
    catalog_provider TEXT NOT NULL,
    catalog_model    TEXT NOT NULL,
    UNIQUE (tenant, billing, source, rank, project, agent, provider, model, feature, purpose, task_type,
            response_model, catalog_provider, catalog_model)
) STRICT;

CREATE TABLE price_entries (
    price_id INTEGER PRIMARY KEY,
    tenant   TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    contents TEXT NOT NULL,
    UNIQUE (tenant, entry_id)
) STRICT;

-- One row per report that counts (sign +1) and per reversal of one (sign -1, every amount negated), so that plain sums are right.
-- No row ever goes, so a new one always gets the next higher number: AUTOINCREMENT would only write one page more per commit.
CREATE TABLE entries (
    seq                            INTEGER PRIMARY KEY,
    tenant                         TEXT NOT NULL,
    call_id                        TEXT NOT NULL,
    revision                       INTEGER NOT NULL CHECK (revision >= 1),
    sign                           INTEGER NOT NULL CHECK (sign IN (1, -1)),
    counted                        INTEGER NOT NULL CHECK (counted IN (0, 1)),
    series_id                      INTEGER NOT NULL REFERENCES series (series_id),
    occurred_at                    INTEGER NOT NULL,
    recorded_at                    INTEGER NOT NULL,
    task_id                        TEXT,
    task_title                     TEXT,
    session_id                     TEXT,
    service_tier                   TEXT NOT NULL,
    supplied                       INTEGER NOT NULL,
    priced                         TEXT NOT NULL,
    price_id                       INTEGER REFERENCES price_entries (price_id),
    reservation_id                 TEXT,
    cost_nanos                     INTEGER NOT NULL,
    charged_nanos                  INTEGER NOT NULL, -- what enforcing budgets count: not less than the list price when an agent states a cost
    list_cost_nanos                INTEGER,
    stated_cost_nanos              INTEGER,
    unpriced_calls                 INTEGER NOT NULL,
    provisional_calls              INTEGER NOT NULL,
    input_tokens                   INTEGER NOT NULL,
    output_tokens                  INTEGER NOT NULL,
    cache_read_input_tokens        INTEGER NOT NULL,
    cache_creation_input_tokens    INTEGER NOT NULL,
    cache_creation_1h_input_tokens INTEGER NOT NULL,
    reasoning_output_tokens        INTEGER NOT NULL,
    input_audio_tokens             INTEGER NOT NULL,
    cache_read_input_audio_tokens  INTEGER NOT NULL,
    output_audio_tokens            INTEGER NOT NULL,
    input_image_tokens             INTEGER NOT NULL,
    output_image_tokens            INTEGER NOT NULL,
    web_search_requests            INTEGER NOT NULL,
    charges                        TEXT NOT NULL,    -- [[meter, quantity, "unit price", cost in nanos], …]
    tags                           TEXT,
    metadata                       TEXT,
    notes                          TEXT,             -- what pricing remarked: {"warnings": […], "nearest": […]}
    UNIQUE (tenant, call_id, revision, sign)
) STRICT;

CREATE INDEX entries_by_time ON entries (tenant, occurred_at);
CREATE INDEX entries_by_task ON entries (tenant, task_id) WHERE task_id IS NOT NULL;

-- The budgets in force. The definition is JSON; what the ledger itself looks up stands in columns.
CREATE TABLE budgets (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    budget_id  TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_changes (
    seq        INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    before     TEXT,
    after      TEXT
) STRICT;

CREATE INDEX budget_changes_by_name ON budget_changes (tenant, name);

-- What every window of a budget holds. All windows of one moment lie together: the tightest are found without the others.
CREATE TABLE budget_windows (
    tenant             TEXT NOT NULL,
    budget_id          TEXT NOT NULL,
    window_start       INTEGER NOT NULL,
    each_value         TEXT NOT NULL,
    billing            TEXT NOT NULL,
    source             TEXT NOT NULL,
    rank               INTEGER NOT NULL,
    calls              INTEGER NOT NULL,
    unpriced_calls     INTEGER NOT NULL,
    provisional_calls  INTEGER NOT NULL,
    cost_nanos         INTEGER NOT NULL,
    charged_nanos      INTEGER NOT NULL,
    provisional_nanos  INTEGER NOT NULL,
    tokens             INTEGER NOT NULL,
    provisional_tokens INTEGER NOT NULL,
    PRIMARY KEY (tenant, budget_id, window_start, each_value, billing, source, rank)
) STRICT, WITHOUT ROWID;

-- Sums of the entries up to state.folded_seq. grain: quarter-hours in a bucket (1, 4, 96); bucket: quarter-hours since 1970.
CREATE TABLE rollups (
    tenant                      TEXT NOT NULL,
    grain                       INTEGER NOT NULL,
    bucket                      INTEGER NOT NULL,
    series_id                   INTEGER NOT NULL REFERENCES series (series_id),
    calls                       INTEGER NOT NULL,
    unpriced_calls              INTEGER NOT NULL,
    provisional_calls           INTEGER NOT NULL,
    cost_nanos                  INTEGER NOT NULL,
    charged_nanos               INTEGER NOT NULL,
    provisional_nanos           INTEGER NOT NULL,
    provisional_tokens          INTEGER NOT NULL,
    input_tokens                INTEGER NOT NULL,
    output_tokens               INTEGER NOT NULL,
    cache_read_input_tokens     INTEGER NOT NULL,
    cache_creation_input_tokens INTEGER NOT NULL,
    reasoning_output_tokens     INTEGER NOT NULL,
    web_search_requests         INTEGER NOT NULL,
    PRIMARY KEY (tenant, grain, bucket, series_id)
) STRICT, WITHOUT ROWID;

-- Append-only, in the database too. INSERT OR REPLACE deletes without asking a delete trigger: refuse the key before it can.

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER entries_once BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entries WHERE tenant = NEW.tenant AND call_id = NEW.call_id AND revision = NEW.revision AND sign = NEW.sign)
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER price_entries_never_change BEFORE UPDATE ON price_entries
BEGIN SELECT RAISE(ABORT, 'price entries are append-only'); END;

CREATE TRIGGER price_entries_never_go BEFORE DELETE ON price_entries
BEGIN SELECT RAISE(ABORT, 'price entries are append-only'); END;

CREATE TRIGGER price_entries_once BEFORE INSERT ON price_entries
WHEN EXISTS (SELECT 1 FROM price_entries WHERE price_id = NEW.price_id)
  OR EXISTS (SELECT 1 FROM price_entries WHERE tenant = NEW.tenant AND entry_id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'price entries are append-only'); END;

CREATE TRIGGER series_never_change BEFORE UPDATE ON series
BEGIN SELECT RAISE(ABORT, 'series are append-only'); END;

CREATE TRIGGER series_never_go BEFORE DELETE ON series
BEGIN SELECT RAISE(ABORT, 'series are append-only'); END;

CREATE TRIGGER series_once BEFORE INSERT ON series
WHEN EXISTS (SELECT 1 FROM series WHERE series_id = NEW.series_id)
BEGIN SELECT RAISE(ABORT, 'series are append-only'); END;

CREATE TRIGGER budget_changes_never_change BEFORE UPDATE ON budget_changes
BEGIN SELECT RAISE(ABORT, 'budget changes are append-only'); END;

CREATE TRIGGER budget_changes_never_go BEFORE DELETE ON budget_changes
BEGIN SELECT RAISE(ABORT, 'budget changes are append-only'); END;

CREATE TRIGGER budget_changes_once BEFORE INSERT ON budget_changes
WHEN EXISTS (SELECT 1 FROM budget_changes WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'budget changes are append-only'); END;
