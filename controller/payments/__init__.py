"""Money from consumers: points of sale, receipts, agents' cash, and providers' callbacks."""
