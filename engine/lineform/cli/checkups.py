"""One account looked at from all sides: its token, its bot, its month, its default menu, what LINE lets it do."""

from __future__ import annotations

from datetime import timedelta

from lineform.errors import LineformError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.model.richmenu import RichMenuSpec
from lineform.planning.live import DefaultMenu, Quota
from lineform.planning.marks import read_mark
from lineform.plural import plural
from lineform.ports.line_account import LineAccount, Refused
from lineform.report.checks import Check, Verdict, failed
from lineform.run.halt import GUARD, halted_by, how_to_resume
from lineform.store.looking import look_at_store
from lineform.wiring.failing import at_client
from lineform.wiring.session import Session

LITTLE = 0.1
"""Of the month's quota: less than this left is worth a warning."""
PATIENCE = timedelta(seconds=10).total_seconds()


async def account_checks(session: Session, client: Client) -> list[Check]:
    """Every check of one client's account; the first failure ends it, as nothing after it could be learned."""
    checks: list[Check] = []
    try:
        account = session.account(client, patience=PATIENCE)
    except LineformError as error:
        return [failed(f"{client.name}: token", error)]
    # The offline account hands out tokens of its own: what the environment holds was not looked at.
    variable = client.spec.token.env
    offline = session.control is not None
    said = f"the offline account's own, not that of {variable}" if offline else f"{variable} is set"
    checks.append(Check(Verdict.OK, f"{client.name}: token", said))
    try:
        with at_client(client):
            checks.append(await _bot(account, client))
            checks.append(_quota(client, await account.quota()))
            checks.append(await _verified(account, client))
            checks.append(await _default(account, client))
    except LineformError as error:
        checks.append(failed(f"{client.name}: account", error))
    finally:
        await account.close()
    checks += _testers(session, client)
    checks += _halted(session, client)
    return checks


async def _bot(account: LineAccount, client: Client) -> Check:
    bot = await account.bot()
    return Check(Verdict.OK, f"{client.name}: bot", f"{bot.display_name} {bot.basic_id}")


def _quota(client: Client, quota: Quota) -> Check:
    subject = f"{client.name}: quota"
    if quota.limit is None or quota.left is None:
        return Check(Verdict.OK, subject, f"{plural(quota.used, 'message')} this month; the plan has no limit")
    said = f"{quota.left:,} of {quota.limit:,} messages of this month are left"
    if quota.left < quota.limit * LITTLE:
        return Check(Verdict.WARN, subject, said, "LINE refuses sends beyond it; raise it in OA Manager")
    return Check(Verdict.OK, subject, said)


async def _verified(account: LineAccount, client: Client) -> Check:
    """Only verified and premium accounts may list their friends:
    https://developers.line.biz/en/reference/messaging-api/#get-follower-ids"""
    subject = f"{client.name}: verified"
    try:
        await account.followers(limit=1)
    except Refused as refused:
        if refused.status != 403:
            raise
        said = "no: `friends sync` cannot ask LINE who the friends are"
        todo = "broadcasts work; for segments and personal messages import the friends' user ids with `friends import`"
        return Check(Verdict.WARN, subject, said, todo)
    return Check(Verdict.OK, subject, "yes: `friends sync` can collect the friends")


async def _default(account: LineAccount, client: Client) -> Check:
    subject = f"{client.name}: default menu"
    declared = [r.address.name for r in client.of(Kind.RICHMENU) if _is_default(r.spec)]
    default = await account.default_menu()
    menus = {menu["richMenuId"]: menu for menu in await account.menus()}
    owner = _owner(default, menus.get(default.menu_id, {}).get("name"), client)
    if not owner:
        return Check(Verdict.OK, subject, "ours" if default.menu_id else "none")
    if declared:
        todo = f"remove it there, or take it over with `lineform plan --adopt richmenu.{declared[0]}`"
        return Check(Verdict.WARN, subject, f"{owner}, and so richmenu.{declared[0]} cannot be the default", todo)
    return Check(Verdict.OK, subject, f"{owner}; no menu here wants to be it")


def _is_default(spec: object) -> bool:
    return isinstance(spec, RichMenuSpec) and spec.default


def _owner(default: DefaultMenu, name: object, client: Client) -> str:
    """Whose the default menu is, where it is not ours; empty where it is ours or there is none."""
    if default.foreign:
        return "made with another tool or in OA Manager"
    if not default.menu_id:
        return ""
    mark = read_mark(name)
    return "" if mark is not None and mark.client == client.name else f"a menu of others ({default.menu_id})"


def _testers(session: Session, client: Client) -> list[Check]:
    subject = f"{client.name}: testers"
    if client.spec.testers is None:
        return []
    name = client.spec.testers.env
    given = session.settings.environment.get(name, "")
    listed = [part for part in given.split(",") if part.strip()]
    if not listed:
        return [Check(Verdict.WARN, subject, f"{name} is not set", "`lineform send --test` needs it")]
    return [Check(Verdict.OK, subject, plural(len(listed), "tester"))]


def _halted(session: Session, client: Client) -> list[Check]:
    """A store that has no tables yet cannot hold a halt, and looking must not make them."""
    try:
        state = look_at_store(session.settings.store_url(session.project.root))
        if not state.version or not session.has_store:
            return []
        by = halted_by(session.store, client.name, session.clock.now())
    except LineformError:
        # The store has a line of its own, which says why it cannot be read.
        return []
    if not by:
        return []
    return [Check(Verdict.WARN, f"{client.name}: sends", f"{GUARD}: halted by {by}", how_to_resume(client.name))]
