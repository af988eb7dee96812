"""The dashboard in a browser: pages over the same verbs as every other face."""
