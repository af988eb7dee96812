"""Which buckets answer a report, and how rows become groups. Pure."""
