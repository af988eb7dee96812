-- Which windows of an each-budget have most spent and held, found without the others however many values there are. A row for each
-- window that holds a call or an amount; budgets without each have none.
-- amount: what is spent and held in the budget's unit, 16 bytes, the highest first: no sum is too large to be put in order.
CREATE TABLE ranked_windows (
    tenant       TEXT NOT NULL,
    budget_id    TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    each_value   TEXT NOT NULL,
    amount       BLOB NOT NULL CHECK (length(amount) = 16),
    PRIMARY KEY (tenant, budget_id, window_start, each_value)
) STRICT, WITHOUT ROWID;

CREATE INDEX ranked_windows_by_amount ON ranked_windows (tenant, budget_id, window_start, amount DESC, each_value);

-- What counts in a budget no SQL can tell: where there are windows of such budgets, the next program to write ranks them.
INSERT INTO state (name, value) SELECT 'windows_to_rank',
    EXISTS (SELECT 1 FROM budget_windows WHERE each_value <> '') OR EXISTS (SELECT 1 FROM held_sums WHERE each_value <> '');
