"""Windows, states and decisions of budgets. Pure."""
