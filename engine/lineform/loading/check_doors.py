"""Entry routes that nobody could be told by, and pages that have no address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.form import FormSpec
from lineform.model.origin import dotted
from lineform.model.route import RouteSpec
from lineform.scenarios.passes import MEMBER

_LINKS = "links: {base: https://…, key: {env: …}}"


def door_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What keeps a client's routes and pages from working, each with its address."""
    written = client.document.value or {}
    for address, one in built.items():
        for site in one.sites:
            pages = {read.path.partition(".")[2] for read in site.reads if read.root == "page"}
            if MEMBER in pages and client.spec.members is None and "members" not in written:
                hint = "write 'members: {login: https://…}' in the client's file: the business's own login"
                yield address, FieldProblem(site.path, "E339", f"{dotted(site.path)}: nobody can become a member", hint)
            if pages and client.spec.links is None and "links" not in written:
                hint = f"write '{_LINKS}' in the client's file: where `lineform serve` answers"
                yield address, FieldProblem(site.path, "E337", f"{dotted(site.path)}: its page has no address", hint)
        match one.spec:
            case RouteSpec() if client.spec.entry is None and "entry" not in written:
                message = "nothing tells who comes by this route: LINE's event of a follow does not say it"
                hint = "write 'entry: {liff: …}' or 'entry: {basic_id: …}' in the client's file"
                yield address, FieldProblem((), "E336", message, hint)
            case RouteSpec() if client.spec.links is None and "links" not in written:
                hint = f"write '{_LINKS}' in the client's file: where `lineform serve` answers"
                yield address, FieldProblem((), "E337", "the page of this route has no address", hint)
            case FormSpec() if one.spec.page is not None and client.spec.links is None and "links" not in written:
                hint = f"write '{_LINKS}' in the client's file: where `lineform serve` answers"
                yield address, FieldProblem(("page",), "E337", "page: it has no address", hint)
