"""Answers people in real time: what comes in is kept first and worked on after; a tick runs beside it."""
