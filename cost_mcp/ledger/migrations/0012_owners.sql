-- Where sources share no ids of calls, the best one's word counts of a session; what the others told is kept and not counted.

-- The best source that told of a session of an agent program so far. Nothing here is ever taken back.
CREATE TABLE owners (
    tenant     TEXT NOT NULL,
    product    TEXT NOT NULL,
    session_id TEXT NOT NULL,
    rank       INTEGER NOT NULL,
    source     TEXT NOT NULL,
    PRIMARY KEY (tenant, product, session_id)
) STRICT, WITHOUT ROWID;

-- Calls that came without an id, of the spend of an agent program: no other source can know the id that they were given.
CREATE TABLE unshared_calls (
    tenant  TEXT NOT NULL,
    call_id TEXT NOT NULL,
    product TEXT NOT NULL,
    PRIMARY KEY (tenant, call_id)
) STRICT, WITHOUT ROWID;

-- What is not counted is told beside every report: found without the calls that are.
CREATE INDEX entries_uncounted ON entries (tenant, occurred_at) WHERE counted = 0;

-- The logs that were imported before own what they told of.
INSERT INTO owners (tenant, product, session_id, rank, source)
SELECT e.tenant, s.source, e.session_id, MAX(s.rank), s.source FROM entries e CROSS JOIN series s ON s.series_id = e.series_id
WHERE e.session_id IS NOT NULL AND s.rank >= 30 AND s.source IN ('claude-code', 'codex', 'copilot', 'gemini-cli', 'opencode')
    AND EXISTS (SELECT 1 FROM series WHERE source IN ('claude-code', 'codex', 'copilot', 'gemini-cli', 'opencode'))
GROUP BY e.tenant, s.source, e.session_id;

CREATE TRIGGER owners_only_rise BEFORE UPDATE ON owners
WHEN NEW.rank <= OLD.rank OR NEW.tenant <> OLD.tenant OR NEW.product <> OLD.product OR NEW.session_id <> OLD.session_id
BEGIN SELECT RAISE(ABORT, 'owners only give way to better ones'); END;

CREATE TRIGGER owners_never_go BEFORE DELETE ON owners
BEGIN SELECT RAISE(ABORT, 'owners are kept'); END;

CREATE TRIGGER unshared_calls_never_change BEFORE UPDATE ON unshared_calls
BEGIN SELECT RAISE(ABORT, 'calls without an id of their own are append-only'); END;

CREATE TRIGGER unshared_calls_never_go BEFORE DELETE ON unshared_calls
BEGIN SELECT RAISE(ABORT, 'calls without an id of their own are append-only'); END;

CREATE TRIGGER unshared_calls_once BEFORE INSERT ON unshared_calls
WHEN EXISTS (SELECT 1 FROM unshared_calls WHERE tenant = NEW.tenant AND call_id = NEW.call_id)
BEGIN SELECT RAISE(ABORT, 'calls without an id of their own are append-only'); END;
