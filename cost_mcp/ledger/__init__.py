"""The append-only record of calls, budget windows and rollups; the only place that speaks SQL."""
