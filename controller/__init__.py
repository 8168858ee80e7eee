"""The fleet controller: a Django project that keeps meters, money and the evidence for both."""
