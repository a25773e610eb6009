"""The reference workspace lived through on the offline account."""
