"""Calls to systems of the business over HTTPS, at public addresses alone."""
