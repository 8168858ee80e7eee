"""The interface for online points of sale, ATMs and payment providers (docs/payments.md)."""
