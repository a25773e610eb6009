"""One tick: what is due is frozen, then delivered."""
