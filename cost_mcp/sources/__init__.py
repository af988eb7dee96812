"""Other programs' files: where they lie, how far they were read, their lines as bytes; what those mean others know."""
