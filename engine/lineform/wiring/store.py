"""From the settings to the store."""

from __future__ import annotations

from pathlib import Path

from lineform.errors import BlockedError
from lineform.ports.store import Store
from lineform.settings import FORGET_KEY, STORE, Settings
from lineform.store.open import copy_beside, open_store
from lineform.store.sources import Sources

LOST_STORE = "G301"


def workspace_store(settings: Settings, workspace: Path, *, records: bool = True) -> Store:
    """The store of a workspace, with its tables up to date. Close it, or use it with ``with``.

    `records` says whether the command relies on what is written there being found again. On a hosted runner a file is
    gone after the job, and with it the knowledge of what was sent: such a command raises BlockedError there, unless
    the offline account stands in for LINE.
    """
    url = settings.store_url(workspace)
    if records and settings.hosted_runner and not settings.offline and url.casefold().startswith("sqlite"):
        raise BlockedError(
            "this disk is gone after the job, and the ledger with it: the next run could not know what was sent",
            hint=f"Set {STORE} to a PostgreSQL store that all runs share, or use a runner that keeps its disk.",
            code=LOST_STORE,
        )
    store = open_store(
        url,
        settings.environment.get(FORGET_KEY, ""),
        place_of_copy(settings, workspace),
        ask_copy=settings.copy != "off",
        sources=Sources(settings.secret, workspace.resolve()),
    )
    try:
        store.migrate()
    except BaseException:
        store.close()
        raise
    return store


def place_of_copy(settings: Settings, workspace: Path) -> Path | None:
    """Where a workspace's copy of the friends belongs; None where the disk is gone after the job, and keeps none."""
    lasting = settings.offline or not settings.hosted_runner
    return copy_beside(settings.store_url(workspace), workspace.resolve() / ".lineform") if lasting else None
