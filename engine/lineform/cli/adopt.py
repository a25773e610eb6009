"""``lineform adopt``: a rich menu that others made by the API, written down as files of this workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import unwritable
from lineform.cli.common import load, moment, one_client, open_project, read_settings, use_colour
from lineform.cli.written import yaml_text
from lineform.errors import BlockedError, UsageError
from lineform.model.address import NAME, Address, Kind
from lineform.model.problem import InvalidError, did_you_mean
from lineform.model.project import Client
from lineform.model.richmenu import RichMenuSpec
from lineform.planning.adoption import adopted
from lineform.planning.marks import read_mark
from lineform.ports.line_account import LineAccount
from lineform.report.problems import problems_text
from lineform.wiring.failing import at_client
from lineform.wiring.session import Session, open_session

_ENDINGS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True, slots=True)
class Found:
    """A foreign menu as the account shows it."""

    menu: Mapping[str, object]
    image: bytes
    aliases: tuple[str, ...]
    default: bool


@click.command("adopt")
@options.workspace
@options.client
@click.argument("pairs", nargs=-1, required=True, metavar="MENU_ID NAME [MENU_ID NAME]…")
@click.option("--shared", is_flag=True, help="Write into richmenus/, for all clients, not into this client's folder.")
@click.option("--lossy", is_flag=True, help="Write a menu even if a file cannot say all of it; what is lost is told.")
@options.now
@options.sandbox
def command(
    workspace: Path,
    client: str | None,
    pairs: tuple[str, ...],
    shared: bool,
    lossy: bool,
    now: datetime | None,
    sandbox: bool,
) -> None:
    """Write the rich menu MENU_ID of the account as NAME.yaml with its image. Only reads the account.

    Menus that switch to each other are adopted together. Call a menu as its alias is called: then
    `lineform plan --adopt richmenu.NAME` takes the alias over, and its friends keep their menu.
    """
    wanted = _pairs(pairs)
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    folder = project.root / "richmenus" if shared else project.root / "clients" / owner.name / "richmenus"
    for name in wanted.values():
        if Address(Kind.RICHMENU, name) in owner.resources:
            raise UsageError(f"{owner.name} has a richmenu.{name} already", hint="choose another name")
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session, at_client(owner):
        found = asyncio.run(_read(session, owner, list(wanted)))
    files: dict[Path, bytes] = {}
    has_default = any(isinstance(r.spec, RichMenuSpec) and r.spec.default for r in owner.of(Kind.RICHMENU))
    for menu_id, name in wanted.items():
        files |= _files(folder, menu_id, name, found[menu_id], default=not has_default, lossy=lossy)
    _write_all(project.root, files, owner.name)
    for path in files:
        click.echo(f"wrote {path.relative_to(project.root)}")
    if shared:
        click.echo(f"name it under `uses: richmenus:` of the clients that take it: {', '.join(wanted.values())}")
    for menu_id, name in wanted.items():
        _next(menu_id, name, found[menu_id])


def _pairs(words: Sequence[str]) -> dict[str, str]:
    if len(words) % 2:
        raise UsageError("each MENU_ID needs a NAME behind it")
    wanted = dict(zip(words[::2], words[1::2], strict=True))
    for name in wanted.values():
        if not NAME.fullmatch(name):
            raise UsageError(f"'{name}' cannot be a menu's name", hint="use small letters, digits, - and _")
    if len(set(wanted.values())) * 2 < len(words):
        raise UsageError("each menu is adopted once, under a name of its own")
    return wanted


async def _read(session: Session, owner: Client, menu_ids: Sequence[str]) -> dict[str, Found]:
    account = session.account(owner)
    try:
        menus = {str(menu["richMenuId"]): menu for menu in await account.menus()}
        aliases = await account.aliases()
        default = (await account.default_menu()).menu_id
        return {
            menu_id: Found(
                _foreign(menus, menu_id),
                await _image(account, menu_id),
                tuple(sorted(alias for alias, target in aliases.items() if target == menu_id)),
                menu_id == default,
            )
            for menu_id in menu_ids
        }
    finally:
        await account.close()


def _foreign(menus: Mapping[str, Mapping[str, object]], menu_id: str) -> Mapping[str, object]:
    menu = menus.get(menu_id)
    if menu is None:
        others = {i: m.get("name") for i, m in menus.items() if read_mark(m.get("name")) is None}
        listed = ", ".join(f"{i} ({name})" for i, name in others.items()) or "nothing"
        hint = did_you_mean(menu_id, menus) or f"to be adopted: {listed}; what OA Manager made, the API does not show"
        raise UsageError(f"the account has no rich menu {menu_id}", hint=hint)
    mark = read_mark(menu.get("name"))
    if mark is not None:
        raise BlockedError(
            f"the menu is {mark.address} of {mark.client}: lineform made it", hint="its file is the place to change it"
        )
    return menu


async def _image(account: LineAccount, menu_id: str) -> bytes:
    image = await account.menu_image(menu_id)
    if image is None:
        raise BlockedError(f"the menu {menu_id} has no image", hint="nobody can see it; delete it where it was made")
    return image


def _files(folder: Path, menu_id: str, name: str, found: Found, *, default: bool, lossy: bool) -> dict[Path, bytes]:
    ending = next((ending for start, ending in _ENDINGS.items() if found.image.startswith(start)), None)
    if ending is None:
        raise BlockedError(f"the image of {menu_id} is neither PNG nor JPEG", hint="LINE takes no other image")
    result = adopted(found.menu, name, f"{name}.{ending}", default=found.default and default)
    if result.lost and not lossy:
        listed = "\n".join(f"  {line}" for line in result.lost)
        raise BlockedError(
            f"a file cannot say all of {menu_id}:\n{listed}", hint="--lossy writes the rest and leaves this out"
        )
    for line in result.lost:
        click.echo(f"richmenu.{name}: lost: {line}", err=True)
    text = yaml_text(result.values)
    return {folder / f"{name}.yaml": text.encode(), folder / f"{name}.{ending}": found.image}


def _write_all(root: Path, files: Mapping[Path, bytes], client: str) -> None:
    """Writes all files; where the workspace would not be valid with them, takes them away again and raises."""
    if there := [path.name for path in files if path.exists()]:
        raise BlockedError(f"these files are there already: {', '.join(there)}", hint="choose another name")
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        loaded = load(root, [client])
    except OSError as error:
        _take_away(files)
        raise unwritable(error) from error
    except BaseException:
        _take_away(files)
        raise
    if loaded.project is None:
        _take_away(files)
        click.echo(problems_text(loaded.problems, colour=use_colour(err=True)), err=True)
        click.echo("nothing was written: with these files the workspace would not be valid", err=True)
        raise click.exceptions.Exit(InvalidError.exit_code)


def _take_away(files: Mapping[Path, bytes]) -> None:
    for path in files:
        path.unlink(missing_ok=True)


def _next(menu_id: str, name: str, found: Found) -> None:
    if found.aliases and name not in found.aliases:
        click.echo(f"{menu_id} has the alias {', '.join(found.aliases)}, not {name}: taps to it stay with the old menu")
    click.echo(
        f"next: lineform plan --adopt richmenu.{name}; the old menu stays until the tool that made it deletes it"
    )
