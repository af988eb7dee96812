"""Logs that agents write of their own accord, read into calls: bytes in, values out. Pure."""
