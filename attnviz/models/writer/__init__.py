"""writer: the causal sibling of reader, which foresees the next word."""
