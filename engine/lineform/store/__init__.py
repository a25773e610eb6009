"""What was recorded: SQLite and PostgreSQL behind one port. It loads SQLAlchemy: import it where a store is used."""

from __future__ import annotations

from lineform.store.open import open_store

__all__ = ["open_store"]
