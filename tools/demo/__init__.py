"""The demonstration: three boards, three virtual days, told in plain words and checked step by step."""
