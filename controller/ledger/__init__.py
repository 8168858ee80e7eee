"""The ledger: every paisa that is owed, paid or earned, as transfers between accounts."""
