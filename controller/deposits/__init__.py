"""Security deposits: how large, demanded, collected, used for dues, given back (MG-13)."""
