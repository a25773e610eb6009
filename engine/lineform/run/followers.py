"""Who follows the account, from LINE itself: possible for verified and premium accounts only.

https://developers.line.biz/en/reference/messaging-api/#get-follower-ids
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime

from lineform.errors import BlockedError
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.friends import FriendRow, ImportCount
from lineform.ports.line_account import LineAccount, Refused
from lineform.ports.store import Store
from lineform.run.options import Records

_PROFILES_AT_ONCE = 32
FEW, GONE_PERCENT = 10, 20
"""More friends than a few who are also more than so many percent are not marked without a word."""


async def sync_followers(
    account: LineAccount,
    store: Store,
    client: Client,
    clock: Clock,
    on_page: Callable[[ImportCount], None] | None = None,
    *,
    profiles: bool = False,
    many: bool = False,
) -> ImportCount:
    """Imports every follower, page by page; with `profiles` also their display names, one call each.
    Friends who are not in the whole list are marked as blocking the account; without `many`, not where they are a
    large part of all: then the list is more likely to be another account's, or cut.

    A page that was imported stays imported when a later one fails. Raises BlockedError for an account that LINE gives
    no list to, and where too many would be marked; WrongBot for another bot's token.
    """
    bot = await account.bot()
    records = Records(store)
    total = ImportCount()
    began = clock.now()
    seen = array("Q")
    try:
        await records(store.claim_bot, client.name, bot.user_id)
        start = ""
        while True:
            try:
                page = await account.followers(start)
            except Refused as refused:
                if refused.status != 403:
                    raise
                raise _unverified(client) from refused
            rows = await _rows(account, page.user_ids, profiles)
            count = await records(store.import_friends, client.name, rows, clock.now(), listed=began)
            total += count
            seen.extend(map(_short, page.user_ids))
            if on_page is not None:
                on_page(total)
            start = page.next
            if not start:
                gone = await records(_gone, store, client, seen, began, many=many)
                return total + ImportCount(
                    gone=await records(store.mark_blocked, client.name, gone, began, clock.now())
                )
    finally:
        records.close()


def _gone(store: Store, client: Client, seen: array[int], began: datetime, *, many: bool) -> Sequence[int]:
    """Ids of friends who were known before the list was begun and are not in it. Raises BlockedError where they are
    too many."""
    listed = sorted(seen)
    known = 0
    gone = array("q")
    for friend_id, user_id in store.reachable_before(client.name, began):
        known += 1
        place = bisect_left(listed, short := _short(user_id))
        if place == len(listed) or listed[place] != short:
            gone.append(friend_id)
    if not many and (not listed or len(gone) > FEW) and len(gone) * 100 > known * GONE_PERCENT:
        raise BlockedError(
            f"LINE's list of {len(listed):,} followers lacks {len(gone):,} of the {known:,} friends of '{client.name}' "
            "who were not mentioned since it was begun; they stay as they are",
            hint="is it the right account? If so many have blocked it, say --allow-many-gone",
        )
    return gone


def _short(user_id: str) -> int:
    """Half of a user id, in eight bytes: of a million people, no two have the same."""
    return int(user_id[1:17], 16)


async def _rows(account: LineAccount, user_ids: tuple[str, ...], profiles: bool) -> list[FriendRow]:
    if not profiles:
        return [FriendRow(user_id, blocked=False) for user_id in user_ids]
    gate = asyncio.Semaphore(_PROFILES_AT_ONCE)

    async def row(user_id: str) -> FriendRow:
        async with gate:
            profile = await account.profile(user_id)
        if profile is None:
            return FriendRow(user_id, blocked=False)
        return FriendRow(user_id, profile.display_name, profile.language or None, blocked=False)

    return list(await asyncio.gather(*(row(user_id) for user_id in user_ids)))


def _unverified(client: Client) -> BlockedError:
    return BlockedError(
        f"LINE does not tell who follows '{client.name}': the account is not verified",
        hint="broadcasts and demographic audiences work without the list; for segments and personal messages import "
        "the friends' user ids from a file, or have the account verified in LINE Official Account Manager",
    )
