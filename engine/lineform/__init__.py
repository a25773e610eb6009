"""lineform: a LINE Official Account as code."""

__version__ = "0.1.0"
