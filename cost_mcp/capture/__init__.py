"""Usage as providers and logs tell it, turned into ours by declared convention. Pure."""
