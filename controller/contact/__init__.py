"""How a consumer is reached, and that nobody changes it without the consumer's consent (MG-11)."""
