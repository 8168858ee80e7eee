"""Text messages and e-mails to consumers: an outbox, and a worker that empties it."""
