"""Settings: environment over project file over user file over defaults, each value with its origin."""
