"""The face people see at a terminal."""
