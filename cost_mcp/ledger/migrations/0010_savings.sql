-- What somebody did about suggested savings, so that what it truly saved can be measured.

-- at: since when a suggestion is applied, or when it was given up. contents: rule, subject and what the time before came to, as JSON.
CREATE TABLE savings_applied (
    seq       INTEGER PRIMARY KEY,
    tenant    TEXT NOT NULL,
    saving_id TEXT NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('applied', 'dropped')),
    at        INTEGER NOT NULL,
    noted_at  INTEGER NOT NULL,
    noted_by  TEXT NOT NULL,
    contents  TEXT NOT NULL
) STRICT;

CREATE INDEX savings_applied_by_tenant ON savings_applied (tenant);

CREATE TRIGGER savings_applied_never_change BEFORE UPDATE ON savings_applied
BEGIN SELECT RAISE(ABORT, 'applied savings are append-only'); END;

CREATE TRIGGER savings_applied_never_go BEFORE DELETE ON savings_applied
BEGIN SELECT RAISE(ABORT, 'applied savings are append-only'); END;

CREATE TRIGGER savings_applied_once BEFORE INSERT ON savings_applied
WHEN EXISTS (SELECT 1 FROM savings_applied WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'applied savings are append-only'); END;

-- The few rows that reverse others, found without these: whoever goes through calls one by one leaves out what they outweigh.
CREATE INDEX entries_reversed ON entries (tenant, occurred_at) WHERE sign = -1;
