"""Measurements, side by side in one run: ratios and medians, for the table in the README."""
