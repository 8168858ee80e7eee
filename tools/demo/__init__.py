"""The demonstration: three boards, three virtual days, in plain words, checked step by step."""
