"""Plants, consumers, connections, and the packages programmed into their meters."""
