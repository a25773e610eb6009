"""Every problem code with its title, in one table: the documentation, SARIF rules and the tests read it.

E0xx reading files and templates · E1xx kinds and their fields · E2xx messages and LINE's limits · E3xx segments and
audiences · E4xx rich menus and images. Guards that stop a plan, an apply or a send are G-codes in `GUARDS`.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    "E301": "unknown attribute",
    "E302": "unknown tag",
    "E303": "unknown segment",
    "E304": "a comparison that means nothing for the attribute's type",
    "E305": "a value that is not of the attribute's type",
    "E306": "a word that the attribute does not have",
    "E307": "a segment that is defined by itself",
    "E308": "a demographic value that LINE does not know",
    "E309": "an attribute declared twice, differently",
    "E310": "a range with nothing in it",
    "E311": "a condition that is too large",
}
GUARDS: dict[str, str] = {}
