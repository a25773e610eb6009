"""The only room that assembles adapters; one file per adapter."""
