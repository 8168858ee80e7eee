"""Where every meter is: in which store, kept for whom, fitted, or broken."""
