"""Prices: which unit prices apply to a call, and the charges they make of its usage. Pure."""
