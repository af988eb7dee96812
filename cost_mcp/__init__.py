"""cost-mcp: the ledger and the wallet of AI agents."""
