"""Every problem code with its title, in one table: the documentation, SARIF rules and the tests read it.

E0xx reading files and templates · E1xx kinds and their fields · E2xx messages and LINE's limits · E3xx segments and
audiences · E4xx rich menus and images. Guards that stop a plan, an apply or a send are G-codes in `GUARDS`.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    "E280": "a message's text is empty",
    "E281": "a text that still holds a part of an expression",
    "E282": "a run of question marks",
    "E283": "the mark of a lost character",
    "E284": "テスト on a production account",
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
GUARDS: dict[str, str] = {
    "G101": "the token belongs to another bot than the client is pinned to",
    "G102": "a rich menu's alias belongs to a menu that is not ours",
    "G103": "the default rich menu is not ours",
    "G104": "more rich menus than LINE allows",
    "G105": "more rich menu aliases than LINE allows",
    "G201": "LINE's quota of this month is too small",
    "G202": "the client's monthly budget in messages would be exceeded",
    "G203": "the client's monthly budget in yen would be exceeded",
    "G204": "the audience is outside of what the campaign expects",
    "G205": "the number of recipients cannot be known, and a limit needs it",
    "G206": "a rendered message is suspicious",
    "G207": "a recipient's value is unknown and has no default",
    "G208": "LINE would refuse the messages",
    "G209": "a one-time campaign was sent already",
    "G210": "sending is halted for this client",
    "G211": "the campaign changed since its occurrence was held",
    "G212": "too many recipients for a test send",
    "G301": "the store would be lost with this machine",
}
