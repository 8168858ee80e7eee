"""The measured record: interval readings, events, and the gaps in both."""
