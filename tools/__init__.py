"""What works around the product: set-up, processes for the demo and the tests, and the checks."""
