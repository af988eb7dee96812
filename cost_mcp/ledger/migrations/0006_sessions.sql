-- A status line asks what a session came to after every turn: its calls are found without the others.
CREATE INDEX entries_by_session ON entries (tenant, session_id) WHERE session_id IS NOT NULL;
