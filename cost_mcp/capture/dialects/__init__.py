"""How each provider counts: one file per dialect, each with the convention it converts from."""
