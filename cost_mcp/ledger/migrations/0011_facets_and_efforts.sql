-- Sums of the entries up to state.summed_seq, kept beside the rollups for the questions that those answer slowly. The mark stands at 0
-- and is moved up piece by piece by whoever writes: an older ledger opens as fast as before, and reports do without until then.
-- grain: quarter-hours in a bucket (4, 96); bucket: quarter-hours since 1970.
INSERT INTO state (name, value) VALUES ('summed_seq', 0);

-- By one dimension alone: what a day by model comes to is read without every combination of agent, project and feature.
CREATE TABLE facets (
    tenant                      TEXT NOT NULL,
    grain                       INTEGER NOT NULL,
    dimension                   TEXT NOT NULL,
    bucket                      INTEGER NOT NULL,
    value                       TEXT NOT NULL,
    billing                     TEXT NOT NULL,
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
    PRIMARY KEY (tenant, grain, dimension, bucket, value, billing)
) STRICT, WITHOUT ROWID;

-- Tasks and sessions by number, so that sums name them in a few bytes.
CREATE TABLE names (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

-- By task and session (numbers in names; 0 for none) and series.
CREATE TABLE efforts (
    tenant                      TEXT NOT NULL,
    grain                       INTEGER NOT NULL,
    bucket                      INTEGER NOT NULL,
    task                        INTEGER NOT NULL,
    session                     INTEGER NOT NULL,
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
    PRIMARY KEY (tenant, grain, bucket, task, session, series_id)
) STRICT, WITHOUT ROWID;
