"""A world in which sends go wrong, played from a seed on a virtual clock: `make bench NAME=faults`."""
