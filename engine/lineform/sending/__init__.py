"""Decisions about sends: what is due, by which route, in which batches, under which key, at what cost."""
