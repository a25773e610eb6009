"""Every endpoint of the offline account, and every kind of work that LINE does after a 202.

An area of LINE's API that comes later is one more file here and one more line in each list; until then its paths are
answered 404, as LINE answers a path that does not exist.
"""

from __future__ import annotations

from lineform.sandbox.api import (
    aliases,
    audience_rows,
    audience_uploads,
    audiences,
    bot,
    coupons,
    identity,
    messages,
    narrowcast,
    quota,
    richmenu_batch,
    richmenu_links,
    richmenus,
    tokens,
    webhook,
)
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

ROUTES: tuple[Route, ...] = (
    *tokens.ROUTES,
    *bot.ROUTES,
    *quota.ROUTES,
    *messages.ROUTES,
    *narrowcast.ROUTES,
    *richmenus.ROUTES,
    *richmenu_links.ROUTES,
    *richmenu_batch.ROUTES,
    *aliases.ROUTES,
    *audience_uploads.ROUTES,
    *audiences.ROUTES,
    *coupons.ROUTES,
    *webhook.ROUTES,
    *identity.ROUTES,
)


def enlist_workers(world: World) -> None:
    """Tells the world who works on each kind of job."""
    world.worker("narrowcast", narrowcast.work)
    world.worker("bulk", richmenu_links.work_bulk)
    world.worker("batch", richmenu_batch.work_batch)
    world.worker("audience-job", audience_uploads.work_job)
    world.worker("audience-ready", audience_rows.work_ready)
    world.worker("audience-end", audience_rows.work_end)
    world.worker("audience-removal", audience_rows.work_removal)
