-- What somebody should be told: written with what caused it, sent by whichever process is alive.

-- The highest level that was told of each thing in each window, so that no level is told twice. about: a budget's id, else the
-- subject; level: 1 info, 2 warning, 3 critical, 4 exceeded.
CREATE TABLE alert_levels (
    tenant       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    about        TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    each_value   TEXT NOT NULL,
    level        INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    PRIMARY KEY (tenant, kind, about, window_start, each_value)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    seq             INTEGER PRIMARY KEY,
    tenant          TEXT NOT NULL,
    alert_id        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    level           INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    raised_at       INTEGER NOT NULL,
    contents        TEXT NOT NULL,    -- the figures as they were then, as JSON
    offered_at      INTEGER NOT NULL, -- from when on it counts as new to a channel: raised, or last retried
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    UNIQUE (tenant, alert_id)
) STRICT;

CREATE INDEX alerts_by_tenant ON alerts (tenant);
CREATE INDEX alerts_open ON alerts (tenant) WHERE acknowledged_at IS NULL;
CREATE INDEX alerts_by_offer ON alerts (tenant, offered_at);

-- One row for each channel that was to send an alert. next_at: when it is due, or until when its sender has it; none at the end.
CREATE TABLE deliveries (
    tenant       TEXT NOT NULL,
    alert_id     TEXT NOT NULL,
    channel      TEXT NOT NULL,       -- a name, never an address
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'dead')),
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    next_at      INTEGER CHECK ((next_at IS NOT NULL) = (state IN ('waiting', 'sending'))),
    touched_at   INTEGER NOT NULL,
    delivered_at INTEGER,
    error        TEXT,
    PRIMARY KEY (tenant, alert_id, channel),
    FOREIGN KEY (tenant, alert_id) REFERENCES alerts (tenant, alert_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_unfinished ON deliveries (tenant) WHERE next_at IS NOT NULL;

CREATE TRIGGER alert_levels_only_rise BEFORE UPDATE ON alert_levels
WHEN NEW.level <= OLD.level OR NEW.tenant <> OLD.tenant OR NEW.kind <> OLD.kind OR NEW.about <> OLD.about
  OR NEW.window_start <> OLD.window_start OR NEW.each_value <> OLD.each_value
BEGIN SELECT RAISE(ABORT, 'alert levels only rise'); END;

CREATE TRIGGER alert_levels_never_go BEFORE DELETE ON alert_levels
BEGIN SELECT RAISE(ABORT, 'alert levels are kept'); END;

CREATE TRIGGER alerts_never_change BEFORE UPDATE OF seq, tenant, alert_id, kind, level, raised_at, contents ON alerts
BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;

CREATE TRIGGER alerts_never_go BEFORE DELETE ON alerts
BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;

CREATE TRIGGER alerts_once BEFORE INSERT ON alerts
WHEN EXISTS (SELECT 1 FROM alerts WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM alerts WHERE tenant = NEW.tenant AND alert_id = NEW.alert_id)
BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;

CREATE TRIGGER deliveries_end BEFORE UPDATE ON deliveries WHEN OLD.state = 'delivered'
BEGIN SELECT RAISE(ABORT, 'what was delivered stays delivered'); END;

CREATE TRIGGER deliveries_never_go BEFORE DELETE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries are kept'); END;

CREATE TRIGGER deliveries_once BEFORE INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM deliveries WHERE tenant = NEW.tenant AND alert_id = NEW.alert_id AND channel = NEW.channel)
BEGIN SELECT RAISE(ABORT, 'deliveries are kept'); END;
