"""Who may do what, and at which plants."""
