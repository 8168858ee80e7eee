"""20-digit tokens: vending keys, the account numbers of meters, vouchers (docs/tokens.md)."""
