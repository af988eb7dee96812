-- How tasks ended, and what every task came to.

-- A later row of a task stands above an earlier one; none is ever changed.
CREATE TABLE task_outcomes (
    seq         INTEGER PRIMARY KEY,
    tenant      TEXT NOT NULL,
    task_id     TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('merged', 'failed', 'abandoned')),
    done_at     INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    recorded_by TEXT NOT NULL
) STRICT;

CREATE INDEX task_outcomes_by_task ON task_outcomes (tenant, task_id);

CREATE TRIGGER task_outcomes_never_change BEFORE UPDATE ON task_outcomes
BEGIN SELECT RAISE(ABORT, 'task outcomes are append-only'); END;

CREATE TRIGGER task_outcomes_never_go BEFORE DELETE ON task_outcomes
BEGIN SELECT RAISE(ABORT, 'task outcomes are append-only'); END;

CREATE TRIGGER task_outcomes_once BEFORE INSERT ON task_outcomes
WHEN EXISTS (SELECT 1 FROM task_outcomes WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'task outcomes are append-only'); END;

-- Sums of each task over the entries up to state.tasks_seq. typed: of the newest call that names a task type, when it occurred and
-- its row in 16 digits each, the type, and behind a line break its project; '' where no call names one.
CREATE TABLE task_sums (
    tenant         TEXT NOT NULL,
    task_id        TEXT NOT NULL,
    typed          TEXT NOT NULL,
    last_at        INTEGER NOT NULL,
    calls          INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    cost_nanos     INTEGER NOT NULL,   -- billed by use
    plan_nanos     INTEGER NOT NULL,   -- under a plan, at list price
    outcome        TEXT NOT NULL,      -- '' while there is none
    done_at        INTEGER,
    task_type      TEXT NOT NULL AS (CASE typed WHEN '' THEN '' ELSE substr(typed, 33, instr(typed, char(10)) - 33) END),
    project        TEXT NOT NULL AS (substr(typed, instr(typed, char(10)) + 1)),
    -- Finished with its outcome or a day after its last call, whichever is earlier.
    finished_at    INTEGER NOT NULL AS (MIN(last_at + 86400000000, COALESCE(done_at, last_at + 86400000000))),
    comparable     INTEGER NOT NULL AS (unpriced_calls = 0 AND outcome IN ('', 'merged')),
    PRIMARY KEY (tenant, task_id)
) STRICT, WITHOUT ROWID;

-- The baseline of a type: its comparable tasks by when they finished, with what they came to.
CREATE INDEX task_sums_by_type ON task_sums (tenant, task_type, comparable, finished_at, cost_nanos, plan_nanos);
CREATE INDEX task_sums_by_end ON task_sums (tenant, finished_at);

-- The mark stands at 0 and is moved up piece by piece by whoever writes: an older ledger opens as fast as before.
INSERT INTO state (name, value) VALUES ('tasks_seq', 0);
