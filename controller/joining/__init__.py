"""From a house near a pole to a consumer in supply: joining, with all its steps (MG-4)."""
