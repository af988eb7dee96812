"""Pages for people: drawn once, for the dashboard, for a chat's view and for a report in a file."""
