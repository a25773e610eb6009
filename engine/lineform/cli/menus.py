"""``lineform menus``: who sees which rich menu, by rule, in numbers of friends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import moment, one_client, open_project, read_settings
from lineform.report.menus import menu_table
from lineform.run.menus import armed_rules
from lineform.scenarios.menus import MenuRules, Tally, tally
from lineform.segments.sentences import phrase
from lineform.wiring.session import open_session


@click.command("menus")
@options.workspace
@options.client
@options.output("text", "json")
@options.now
@options.sandbox
def command(workspace: Path, client: str | None, output: str, now: datetime | None, sandbox: bool) -> None:
    """Count the friends of each armed menu rule, who of them keep a tab, and who are to get another menu.

    Who blocks the account is never counted.
    """
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        at = session.clock.now()
        rules = armed_rules(session.store, owner.name)
        counts = tally(rules, session.store.menu_groups(owner.name, rules, at), at)
        shown = session.store.count_shown(owner.name)
    if output == "json":
        click.echo(json.dumps(_data(owner.name, rules, counts, shown), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(menu_table(owner.name, [(_why(rules, one), one) for one in counts], shown)))


def _why(rules: MenuRules, one: Tally) -> str:
    if one.rule < len(rules.rules):
        return phrase(rules.rules[one.rule].predicate, rules.timezone)
    return "otherwise" if rules.rules else "no rules are armed"


def _data(client: str, rules: MenuRules, counts: tuple[Tally, ...], shown: Mapping[str, int]) -> dict[str, object]:
    return {
        "format_version": 1,
        "client": client,
        "address": rules.address,
        "rules": [
            {
                "rule": one.rule + 1 if one.rule < len(rules.rules) else None,
                "if": _why(rules, one),
                "menu": one.menu or None,
                "friends": one.friends,
                "keep_another": one.kept,
                "to_change": one.changing,
                "change_from": {menu or "none": count for menu, count in one.shown.items()},
            }
            for one in counts
        ],
        "recorded": dict(shown),
    }
