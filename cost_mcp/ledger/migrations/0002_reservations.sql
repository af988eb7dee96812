-- What is held against budgets for calls about to be made.

CREATE TABLE reservations (
    tenant          TEXT NOT NULL,
    reservation_id  TEXT NOT NULL,
    idempotency_key TEXT,
    fingerprint     TEXT NOT NULL,    -- of the order: the same key with another order is refused
    amount_nanos    INTEGER NOT NULL CHECK (amount_nanos >= 0),
    tokens          INTEGER CHECK (tokens >= 0),
    covered         TEXT NOT NULL,    -- what budgets are looked up with, as JSON
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('held', 'settled', 'released', 'expired')),
    settled_by      TEXT,
    excess_nanos    INTEGER NOT NULL DEFAULT 0 CHECK (excess_nanos >= 0),
    PRIMARY KEY (tenant, reservation_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX reservations_by_key ON reservations (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX reservations_live ON reservations (expires_at) WHERE state = 'held';

-- One row for each budget window a live reservation is held in. By reservation first: that is how they come and go.
CREATE TABLE holds (
    tenant         TEXT NOT NULL,
    reservation_id TEXT NOT NULL,
    budget_id      TEXT NOT NULL,
    window_start   INTEGER NOT NULL,
    each_value     TEXT NOT NULL,
    nanos          INTEGER NOT NULL,
    tokens         INTEGER NOT NULL,
    calls          INTEGER NOT NULL,
    PRIMARY KEY (tenant, reservation_id, budget_id, window_start, each_value),
    FOREIGN KEY (tenant, reservation_id) REFERENCES reservations (tenant, reservation_id)
) STRICT, WITHOUT ROWID;

-- The sums of the holds of a window: one row is read however many holds are alive. No row where nothing is held.
CREATE TABLE held_sums (
    tenant       TEXT NOT NULL,
    budget_id    TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    each_value   TEXT NOT NULL,
    holds        INTEGER NOT NULL,
    nanos        INTEGER NOT NULL,
    tokens       INTEGER NOT NULL,
    calls        INTEGER NOT NULL,
    PRIMARY KEY (tenant, budget_id, window_start, each_value)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER holds_added AFTER INSERT ON holds
BEGIN
    INSERT INTO held_sums (tenant, budget_id, window_start, each_value, holds, nanos, tokens, calls)
    VALUES (NEW.tenant, NEW.budget_id, NEW.window_start, NEW.each_value, 1, NEW.nanos, NEW.tokens, NEW.calls)
    ON CONFLICT DO UPDATE SET holds = holds + 1, nanos = nanos + excluded.nanos, tokens = tokens + excluded.tokens,
        calls = calls + excluded.calls;
END;

CREATE TRIGGER holds_given_back AFTER DELETE ON holds
BEGIN
    UPDATE held_sums SET holds = holds - 1, nanos = nanos - OLD.nanos, tokens = tokens - OLD.tokens, calls = calls - OLD.calls
    WHERE tenant = OLD.tenant AND budget_id = OLD.budget_id AND window_start = OLD.window_start AND each_value = OLD.each_value;
    DELETE FROM held_sums
    WHERE tenant = OLD.tenant AND budget_id = OLD.budget_id AND window_start = OLD.window_start AND each_value = OLD.each_value
      AND holds = 0;
END;

CREATE TRIGGER reservations_never_go BEFORE DELETE ON reservations
BEGIN SELECT RAISE(ABORT, 'reservations are kept'); END;

CREATE TRIGGER reservations_once BEFORE INSERT ON reservations
WHEN EXISTS (SELECT 1 FROM reservations WHERE tenant = NEW.tenant AND reservation_id = NEW.reservation_id)
BEGIN SELECT RAISE(ABORT, 'reservations are kept'); END;

-- 1 for a call that enforcing budgets did not admit beforehand: above its hold, without one, or after it had ended.
ALTER TABLE entries ADD COLUMN unadmitted INTEGER NOT NULL DEFAULT 0;
