"""The nouns: money, usage, call, charge, scope, period, budget, report. Frozen, validated, exact; standard library only."""
