"""Every problem code with its title, in one table: the documentation, SARIF rules and the tests read it.

E0xx reading files and templates · E1xx kinds and their fields · E2xx messages and LINE's limits · E3xx segments and
audiences · E4xx rich menus and images. Guards that stop a plan, an apply or a send are G-codes in `GUARDS`.
"""

from __future__ import annotations

CODES: dict[str, str] = {}
GUARDS: dict[str, str] = {}
