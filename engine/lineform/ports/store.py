"""What was recorded: friends, armed revisions, the ledger of sends, leases, the audit log.

The port is synchronous; callers in async rooms go through `wiring`'s executor. An *account* is a client's name. Times
are aware and in UTC. Friends have internal integer ids; only `line_ids` and `friend_ids` know LINE's user ids.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from lineform.ports.audiences import Audiences
from lineform.ports.audit import Audit
from lineform.ports.codes import Codes
from lineform.ports.conversations import Conversations
from lineform.ports.copies import Copies
from lineform.ports.coupons import Coupons
from lineform.ports.friends import Friends
from lineform.ports.inbox import Inbox
from lineform.ports.intake import Intake, Outbox
from lineform.ports.items import Items
from lineform.ports.journeys import Journeys
from lineform.ports.leases import Leases
from lineform.ports.ledger import Ledger, Revisions
from lineform.ports.links import Links
from lineform.ports.menus import Menus
from lineform.ports.paces import Paces
from lineform.ports.profiles import Profiles


class Store(
    Friends,
    Copies,
    Revisions,
    Ledger,
    Audiences,
    Codes,
    Coupons,
    Menus,
    Links,
    Leases,
    Paces,
    Audit,
    Inbox,
    Conversations,
    Items,
    Intake,
    Outbox,
    Journeys,
    Profiles,
    AbstractContextManager["Store"],
    Protocol,
):
    """All of it, behind one URL."""

    shared: bool
    """Whether other machines see the same store."""

    def together(self, account: str) -> AbstractContextManager[Store]:
        """The same store, of which everything that is done inside of the block is written in one transaction or, where
        it raises, not at all. What takes the whole account (`import_friends`, `add_events`, `arm`, `forget`) does not
        belong into it: others may hold single friends and wait for those that are held here. Nor do questions about
        everybody (`select`, `count`, `overlap`, `menu_groups`), which need one state of the store."""
        ...

    def migrate(self) -> None:
        """Brings the tables to this version, forward only; does nothing where they are."""
        ...

    def claim_bot(self, account: str, bot: str) -> None:
        """Remembers which bot an account's records belong to; raises `CredentialError` when it is another than
        before."""
        ...

    def close(self) -> None: ...
