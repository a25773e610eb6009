"""Decisions about one friend: what happened, what follows from it, and when the next step is due."""
