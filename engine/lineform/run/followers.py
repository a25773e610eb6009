"""Who follows the account, from LINE itself: possible for verified and premium accounts only.

https://developers.line.biz/en/reference/messaging-api/#get-follower-ids
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lineform.errors import BlockedError, CredentialError
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.friends import FriendRow, ImportCount
from lineform.ports.line_account import LineAccount, Refused
from lineform.ports.store import Store
from lineform.run.options import Records

_PROFILES_AT_ONCE = 32


async def sync_followers(
    account: LineAccount,
    store: Store,
    client: Client,
    clock: Clock,
    on_page: Callable[[ImportCount], None] | None = None,
    *,
    profiles: bool = False,
) -> ImportCount:
    """Imports every follower, page by page; with `profiles` also their display names, one call each.

    A page that was imported stays imported when a later one fails. Raises BlockedError for an account that LINE gives
    no list to, CredentialError for another bot's token.
    """
    bot = await account.bot()
    if bot.user_id != client.spec.bot:
        raise CredentialError(
            f"the token of client '{client.name}' belongs to the bot '{bot.display_name}' ({bot.basic_id})",
            hint="correct the token in the environment, or 'bot' in the client's file",
        )
    records = Records(store)
    total = ImportCount()
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
            count = await records(store.import_friends, client.name, rows, clock.now())
            total += count
            if on_page is not None:
                on_page(total)
            start = page.next
            if not start:
                return total
    finally:
        records.close()


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
