"""The face agents see: Model Context Protocol tools, resources and prompts."""
