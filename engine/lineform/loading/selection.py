"""Which resources a client has: its own files, and the shared ones that its ``uses`` names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from lineform.loading.clients import ReadClient
from lineform.loading.collector import Collector
from lineform.loading.reading import Declaration, TemplateFile, Workspace
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address, Kind
from lineform.model.origin import Origin, dotted
from lineform.model.problem import Problem, did_you_mean

Found = Declaration | TemplateFile

USES = {
    "campaigns": Kind.CAMPAIGN,
    "scenarios": Kind.SCENARIO,
    "segments": Kind.SEGMENT,
    "audiences": Kind.AUDIENCE,
    "richmenus": Kind.RICHMENU,
    "menu_rules": Kind.MENU_RULES,
    "replies": Kind.REPLY,
    "forms": Kind.FORM,
    "routes": Kind.ROUTE,
    "attributes": Kind.ATTRIBUTES,
    "codes": Kind.CODES,
    "recommendations": Kind.RECOMMENDATIONS,
    "coupons": Kind.COUPON,
}


_NOUNS = {
    "attributes": "file of attributes",
    "codes": "pool of codes",
    "recommendations": "file of recommendations",
    "menu_rules": "file of menu rules",
    "replies": "reply",
}


def shared_resources(workspace: Workspace) -> dict[Address, Found]:
    """All shared files by address; two files of one address are a problem."""
    return _unique([found for found in workspace.resources if not found.file.owner], workspace.collector)


def own_resources(workspace: Workspace, client: str) -> dict[Address, Found]:
    """The files under ``clients/<name>/``."""
    return _unique([found for found in workspace.resources if found.file.owner == client], workspace.collector)


def _unique(resources: Sequence[Found], collector: Collector) -> dict[Address, Found]:
    out: dict[Address, Found] = {}
    for found in resources:
        first = out.setdefault(found.address, found)
        if first is not found:
            message = f"{found.address} is declared already in {first.file.file}"
            collector.add(
                Problem("E105", message, Origin(found.file.file), str(found.address), hint="rename one of them",
                        written_by=(Origin(first.file.file),))
            )  # fmt: skip
    return out


def select(client: ReadClient, shared: dict[Address, Found], workspace: Workspace) -> dict[Address, Found]:
    """Everything that this client has, by address; names that nothing answers to are problems."""
    out = own_resources(workspace, client.name)
    unread = workspace.unread(client.name).names
    for key, kind in USES.items():
        names = {address.name: found for address, found in shared.items() if address.kind is kind}
        for index, pattern in enumerate(getattr(client.spec.uses, key)):
            chosen = _matching(pattern, names)
            if not chosen and pattern != "*" and pattern not in unread:
                own = {a.name for a in out if a.kind is kind}
                workspace.collector.field(
                    _unmatched(("uses", key, index), pattern, names, own), client.source,
                    address=f"client.{client.name}", client=client.name,
                )  # fmt: skip
            for name in chosen:
                _add(names[name], out, client, workspace)
    campaigns = {address.name for address in out if address.kind is Kind.CAMPAIGN}
    for address, found in shared.items():
        if address.kind is Kind.TEST and isinstance(found, Declaration) and found.tree.get("campaign") in campaigns:
            out.setdefault(address, found)
    return out


def _matching(pattern: str, names: Collection[str]) -> list[str]:
    if "*" not in pattern:
        return [pattern] if pattern in names else []
    form = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    return [name for name in names if form.fullmatch(name)]


def _unmatched(path: tuple[str | int, ...], pattern: str, names: Collection[str], own: Collection[str]) -> FieldProblem:
    noun = _NOUNS.get(str(path[1])) or str(path[1]).removesuffix("s")
    if pattern in own:
        hint = "files under the client's own folder belong to it without being named"
    else:
        hint = did_you_mean(pattern, names)
    return FieldProblem(path, "E110", f"{dotted(path)}: no shared {noun} is called '{pattern}'", hint)


def _add(found: Found, out: dict[Address, Found], client: ReadClient, workspace: Workspace) -> None:
    first = out.setdefault(found.address, found)
    if first is not found and first.file.owner:
        message = f"{client.name} has its own {found.address}, and uses the shared one of {found.file.file} as well"
        hint = "rename its own, or put the differences under overrides"
        workspace.collector.add(
            Problem("E105", message, Origin(first.file.file), str(found.address), client.name, hint,
                    written_by=(Origin(found.file.file),))
        )  # fmt: skip
        out[found.address] = first
