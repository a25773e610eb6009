"""The offline LINE account: the same HTTP surface, limits, quota and faults, with its own clock."""
