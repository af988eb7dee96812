"""The verbs; the only place where the floors below meet."""
