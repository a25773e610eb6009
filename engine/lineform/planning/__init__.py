"""Declared against live: the changes, their order, their meaning's digest."""
