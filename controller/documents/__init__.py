"""Papers: bills, receipts, statements, deposit slips and ledger pages, in three languages."""
