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

INSERT INTO task_sums (tenant, task_id, typed, last_at, calls, unpriced_calls, cost_nanos, plan_nanos, outcome)
SELECT e.tenant, e.task_id,
    COALESCE(MAX(CASE WHEN e.sign = 1 AND r.seq IS NULL AND s.task_type <> ''
        THEN printf('%016d%016d', e.occurred_at, e.seq) || s.task_type || char(10) || s.project END), ''),
    COALESCE(MAX(CASE WHEN e.sign = 1 AND r.seq IS NULL THEN e.occurred_at END), 0),
    SUM(e.sign), SUM(e.unpriced_calls),
    SUM(CASE s.billing WHEN 'api' THEN e.cost_nanos ELSE 0 END), SUM(CASE s.billing WHEN 'api' THEN 0 ELSE e.cost_nanos END), ''
FROM entries e CROSS JOIN series s ON s.series_id = e.series_id
LEFT JOIN entries r ON e.sign = 1 AND r.tenant = e.tenant AND r.call_id = e.call_id AND r.revision = e.revision AND r.sign = -1
WHERE e.counted = 1 AND e.task_id IS NOT NULL
GROUP BY e.tenant, e.task_id HAVING SUM(e.sign) <> 0;

INSERT INTO state (name, value) SELECT 'tasks_seq', COALESCE(MAX(seq), 0) FROM entries;
