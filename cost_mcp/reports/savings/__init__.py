"""What could have been saved: one rule a file, each computing money from the ledger's own calls at the prices they were charged."""
