"""Links whose taps are to be recorded, and cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineform.lineapi.author import NotAMessageError
from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.spoken import Speaking, messages_of
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.attributes import AttributesSpec
from lineform.sending.given import LINK, names_read, paths_read
from lineform.sending.tracking import declared_links, tracked
from lineform.sending.wording import line_form
from lineform.templates.errors import TemplateError


def link_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What keeps the links of a client's messages from being tracked, each with its address."""
    wanted = {a: one.spec for a, one in built.items() if isinstance(one.spec, Speaking) and one.spec.track}
    if not wanted:
        return
    links = declared_links(one.spec for one in built.values() if isinstance(one.spec, AttributesSpec))
    for address, spec in wanted.items():
        if client.spec.links is None and "links" not in (client.document.value or {}):
            message = "track: this client has no address that tracked links lead through"
            hint = "write 'links: {base: https://…, key: {env: …}}' in the client's file"
            yield address, FieldProblem(("track",), "E119", message, hint)
        if built[address].resource is not None and not _has_links(spec, links):
            message = "track: no address in these messages is a declared link"
            hint = "declare one with its url under 'links' in a file of kind attributes, or leave 'track' out"
            yield address, FieldProblem(("track",), "E119", message, hint)


def _has_links(spec: Speaking, links: Mapping[str, str]) -> bool:
    try:
        made = tracked([line_form(message) for _, message in messages_of(spec)], links)
        return bool(names_read(paths_read(made), LINK))
    except (NotAMessageError, TemplateError):
        return True  # told elsewhere
