"""``lineform demo``: the workspace lived through on the offline LINE account, from validation to delivery."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import click

from lineform.apply.result import Outcome as StepOutcome
from lineform.apply.result import StepResult
from lineform.cli import options
from lineform.cli.common import moment, open_sound, say_left_out, use_colour, worst
from lineform.demo.deeds import Deed, deeds_of, history_of
from lineform.demo.page import ClientPage, ShownMenu, demo_page
from lineform.demo.population import populate
from lineform.demo.start import start_of
from lineform.demo.week import Hour, Stage, apply_client, doubled, live, settle
from lineform.errors import LineformError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.planning.marks import read_mark
from lineform.planning.options import PlanOptions
from lineform.planning.steps import describe
from lineform.plural import plural
from lineform.report.plans import plan_text
from lineform.report.rehearsals import rehearsals_text
from lineform.run.outcome import Outcome
from lineform.sending.rehearsal import rehearse
from lineform.sending.revision import declared_by
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.planned import plan_all
from lineform.wiring.sandbox import offline
from lineform.wiring.session import Session

START = datetime(2026, 11, 30, 9, 0)  # noqa: DTZ001 - wall-clock time; the project's time zone is added
"""When the demo begins, unless nothing would be sent in its days."""
FRIENDS = 300


@click.command("demo")
@options.workspace
@options.now
@click.option("--days", type=click.IntRange(1, 400), default=8, show_default=True)
@click.option("--friends", type=click.IntRange(1, 20000), default=FRIENDS, show_default=True, help="Of each client.")
def command(workspace: Path, now: datetime | None, days: int, friends: int) -> int:
    """Live through some days of this workspace with invented friends, offline: validate, test, plan, apply, send.

    Ends with a page in .lineform/demo/index.html. Nothing leaves this machine, and no token is needed.
    """
    began = perf_counter()
    _title("validate")
    project, failed = open_sound(workspace)
    click.echo(
        f"{len(project.clients)} clients, {sum(len(c.resources) for c in project.clients.values())} resources: valid"
    )
    _title("test")
    results = [rehearse(client, test) for client in project.clients.values() for test in client.of(Kind.TEST)]
    click.echo(rehearsals_text(results, colour=use_colour()))
    usual = START.replace(tzinfo=ZoneInfo(project.spec.defaults.timezone))
    start = moment(project, now) or start_of(project.clients.values(), usual, timedelta(days=days))
    folder = project.root / ".lineform" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = Settings(store=f"sqlite:///{(folder / 'store.db').as_posix()}")
    with ExitStack() as stack:
        running = stack.enter_context(offline(project, settings, folder / "line.db", now=start, seed=1))
        clock = SettableClock(start)
        session = Session(project, running.settings, clock, running.control)
        stack.callback(session.close)
        stage = Stage(session, clock, running.control)
        wrong = asyncio.run(_play(stage, start, timedelta(days=days), friends))
        page = folder / "index.html"
        page.write_text(asyncio.run(_page(stage, start)), encoding="utf-8")
    _title("done")
    for line in wrong:
        click.echo(line, err=True)
    click.echo(f"{page.relative_to(project.root)} shows it all ({perf_counter() - began:.1f} s)")
    return worst([int(bool(wrong)), say_left_out(project, failed)])


def _title(word: str) -> None:
    click.echo(("\n" + click.style(f"── {word} ", bold=True)) if use_colour() else f"\n-- {word}")


async def _play(stage: Stage, start: datetime, length: timedelta, friends: int) -> list[str]:
    """Everything between validation and the page; what went wrong, a line each."""
    _title("friends")
    deeds = {}
    for client in stage.clients:
        words = declared_by(client)
        town = populate(client.name, words, friends, start, members=client.spec.members is not None)
        settle(stage, client, town, history_of(client, words, town, start))
        deeds[client.name] = deeds_of(client, words, town, start, length)
        click.echo(f"{client.name}: {len(town.people)} friends, {sum(p.blocked for p in town.people)} of them block it")
    await _plan_and_apply(stage)
    _lose_an_answer(stage)
    _title(f"run, from {start:%Y-%m-%d %H:%M}")
    await _week(stage, deeds, start, length)
    return doubled(stage.control, [client.name for client in stage.clients])


async def _plan_and_apply(stage: Stage) -> None:
    _title("plan")
    planned = await plan_all(stage.session, PlanOptions(), with_store=True)
    told = planned.file, planned.live, planned.outlooks
    click.echo(plan_text(*told, budgets=planned.budgets, colour=use_colour()))
    for error in planned.failures.values():
        raise error
    _title("apply")
    for client, plan in zip(stage.clients, planned.file.clients, strict=True):
        await apply_client(stage, client, plan, partial(_say_step, client.name))
    again = await plan_all(stage.session, PlanOptions(), with_store=True)
    if not again.file.empty:
        raise LineformError("a second plan is not empty, and that is a bug")
    click.echo("planned again: nothing to do")


def _say_step(client: str, step: StepResult) -> None:
    if step.outcome is not StepOutcome.STARTED:
        click.echo(f"{client}: {describe(step.step)}: {step.outcome.value}")


def _lose_an_answer(stage: Stage) -> None:
    """Let LINE accept a call and lose the answer, once on each route: the ledger asks again with the same key."""
    for path in (r"/v2/bot/message/push", r"/v2/bot/message/multicast"):
        stage.control.fault("cut-after", method="POST", path=path, skip=1, count=1)


async def _week(stage: Stage, deeds: Mapping[str, Sequence[Deed]], start: datetime, length: timedelta) -> None:
    day = None
    zone = ZoneInfo(stage.session.project.spec.defaults.timezone)
    names = max(len(client.name) for client in stage.clients)
    async for hour in live(stage, deeds, start.astimezone(UTC) + length):
        local = hour.at.astimezone(zone)
        if local.date() != day:
            day = local.date()
            click.echo(f"{local:%m-%d %a}")
        for client, line in _said(hour):
            click.echo(f"  {local:%H:%M} {client:<{names}} {line}")


def _said(hour: Hour) -> list[tuple[str, str]]:
    """What is told of an hour, by client."""
    lines = []
    for client, did in hour.did.items():
        if did:
            said = ", ".join(f"{what} ({count})" if count > 1 else what for what, count in sorted(did.items()))
            lines.append((client, f"friends: {said}"))
    for report in hour.reports:
        for entry in report.entries:
            calls = ", ".join(f"{count} × {route.value}" for route, count in sorted(entry.routes.items()))
            people = plural(entry.recipients, "person", "people") if entry.outcome is not Outcome.SKIPPED else ""
            detail = ", ".join(part for part in (people, calls, entry.reason) if part)
            lines.append((report.client, f"{entry.address:<28} {entry.outcome.value:<9} {detail}"))
    return lines


async def _page(stage: Stage, start: datetime) -> str:
    zone = ZoneInfo(stage.session.project.spec.defaults.timezone)
    parts = [await _part(stage, client) for client in stage.clients]
    return demo_page(parts, start.astimezone(zone), stage.clock.now().astimezone(zone))


async def _part(stage: Stage, client: Client) -> ClientPage:
    account = stage.session.account(client)
    try:
        quota = await account.quota()
        menus = []
        for menu in await account.menus():
            mark = read_mark(menu.get("name"))
            image = await account.menu_image(menu["richMenuId"])
            if image is not None:
                menus.append(ShownMenu(str(mark.address if mark else menu.get("name")), menu, image))
    finally:
        await account.close()
    people = stage.control.friends(client.name)
    count = stage.session.store.count_friends(client.name)
    return ClientPage(
        client,
        sorted(menus, key=lambda shown: shown.name),
        stage.session.store.sends(client.name),
        stage.control.deliveries(client.name),
        {person["user"]: person["displayName"] for person in people},
        count.friends,
        count.blocked,
        f"{quota.used:,} used" if quota.limit is None else f"{quota.used:,} of {quota.limit:,} used",
    )
