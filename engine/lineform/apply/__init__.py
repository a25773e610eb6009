"""Walks a plan's steps against an account."""
