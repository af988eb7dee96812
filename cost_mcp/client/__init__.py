"""The face Python programs see."""
