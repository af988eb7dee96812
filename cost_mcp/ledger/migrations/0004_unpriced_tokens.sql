-- The tokens no price is known for, so that a budget can say what it takes them to cost, whenever it changes its mind.

ALTER TABLE budget_windows ADD COLUMN unpriced_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE budget_windows ADD COLUMN unpriced_output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN unpriced_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN unpriced_output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN unpriced_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN unpriced_output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held_sums ADD COLUMN unpriced_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held_sums ADD COLUMN unpriced_output_tokens INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER holds_added;
DROP TRIGGER holds_given_back;

CREATE TRIGGER holds_added AFTER INSERT ON holds
BEGIN
    INSERT INTO held_sums (tenant, budget_id, window_start, each_value, holds, nanos, tokens, calls, unpriced_input_tokens,
        unpriced_output_tokens)
    VALUES (NEW.tenant, NEW.budget_id, NEW.window_start, NEW.each_value, 1, NEW.nanos, NEW.tokens, NEW.calls,
        NEW.unpriced_input_tokens, NEW.unpriced_output_tokens)
    ON CONFLICT DO UPDATE SET holds = holds + 1, nanos = nanos + excluded.nanos, tokens = tokens + excluded.tokens,
        calls = calls + excluded.calls, unpriced_input_tokens = unpriced_input_tokens + excluded.unpriced_input_tokens,
        unpriced_output_tokens = unpriced_output_tokens + excluded.unpriced_output_tokens;
END;

CREATE TRIGGER holds_given_back AFTER DELETE ON holds
BEGIN
    UPDATE held_sums SET holds = holds - 1, nanos = nanos - OLD.nanos, tokens = tokens - OLD.tokens, calls = calls - OLD.calls,
        unpriced_input_tokens = unpriced_input_tokens - OLD.unpriced_input_tokens,
        unpriced_output_tokens = unpriced_output_tokens - OLD.unpriced_output_tokens
    WHERE tenant = OLD.tenant AND budget_id = OLD.budget_id AND window_start = OLD.window_start AND each_value = OLD.each_value;
    DELETE FROM held_sums
    WHERE tenant = OLD.tenant AND budget_id = OLD.budget_id AND window_start = OLD.window_start AND each_value = OLD.each_value
      AND holds = 0;
END;

-- The unpriced calls alone, found without the others.
CREATE INDEX entries_unpriced ON entries (tenant, occurred_at) WHERE unpriced_calls <> 0;

-- Which windows a call lands in no SQL can tell: where there are unpriced calls in any, the next program to write fills them anew.
INSERT INTO state (name, value) SELECT 'windows_to_fill', EXISTS (SELECT 1 FROM budget_windows WHERE unpriced_calls <> 0);
