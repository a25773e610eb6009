"""Builds one resource of one client: overrides merged, expressions evaluated, validated, digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineform.lineapi.findings import Reason
from lineform.loading.check_answering import own_problems
from lineform.loading.check_menus import menu_problems
from lineform.loading.check_messages import CODES, MessageChecks, compiled_problems
from lineform.loading.check_scenarios import own_problems as scenario_own_problems
from lineform.loading.check_schedules import schedule_problems
from lineform.loading.check_shown import shown_problems
from lineform.loading.clients import ReadClient
from lineform.loading.images import Images, menu_image_problems
from lineform.loading.mending import Mended, apart_from, mended
from lineform.loading.parts import Parts
from lineform.loading.reading import MESSAGES, Declaration
from lineform.loading.shapes import fields_of
from lineform.loading.sources import LayeredSource, Written, merge
from lineform.loading.validation import FieldProblem, validate
from lineform.model.address import Address
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.catalogue import SPECS
from lineform.model.form import FormSpec
from lineform.model.origin import Path, dotted
from lineform.model.project import Asset, Resource
from lineform.model.reply import ReplySpec
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import menu_size
from lineform.model.route import RouteSpec
from lineform.model.scenario import ScenarioSpec
from lineform.templates.build import Site, TemplateProblem, TreeTemplate


@dataclass(frozen=True, slots=True)
class Built:
    """A resource before the checks that need its neighbours. No resource where it is not valid by itself."""

    resource: Resource | None
    source: LayeredSource
    sites: tuple[Site, ...]
    problems: tuple[FieldProblem, ...]
    spec: Spec | None
    """The resource's, or what is left of it without its faults."""
    unsure: tuple[Path, ...] = ()
    """Places of which nothing more is to be said."""
    lost: frozenset[str] = frozenset()
    """Words that faulty places may have declared."""


@dataclass(frozen=True, slots=True)
class _Base:
    """A template that was found right for one client, so that another client's texts are all that is left to check."""

    template: TreeTemplate
    spec: CampaignSpec
    head: bytes
    """The digest's part that is the same for every client."""
    changed: Mapping[int, tuple[Path, ...]]
    """Where each message holds a client's texts."""


class Builder:
    """Builds resources, and remembers everything that no client changes."""

    def __init__(self, parts: Parts, images: Images) -> None:
        self._parts = parts
        self._images = images
        self._messages = MessageChecks()
        self._constant: dict[tuple[int, str], tuple[TreeTemplate, Built]] = {}
        self._bases: dict[tuple[int, str], _Base] = {}
        self._sources: dict[int, tuple[Declaration, LayeredSource]] = {}
        self._dumps: dict[int, tuple[Any, bytes]] = {}

    def build(self, found: Declaration, client: ReadClient) -> Built:
        """The resource that a file declares for this client."""
        override = client.spec.overrides.get(str(found.address)) if client.spec.overrides else None
        template, source, broken = found.template, self._source(found), found.broken
        if override is not None:
            template, source, broken = self._overridden(found, client, override)
        key = (id(template), client.spec.environment)
        if template.constant:
            if (known := self._constant.get(key)) is None:
                known = self._constant[key] = (template, self._build(found, template, source, client, broken))
            return _for_client(known[1], client.name)
        if (base := self._bases.get(key)) is not None and (
            quick := self._quick(base, found, source, client)
        ) is not None:
            return quick
        built = self._build(found, template, source, client, broken)
        if (new := _base(template, built)) is not None:
            self._bases[key] = new
        return built

    def _quick(self, base: _Base, found: Declaration, source: LayeredSource, client: ReadClient) -> Built | None:
        """The resource, where only texts inside its messages differ from one that is right; None where they may be
        wrong, so that the whole is looked at."""
        scope = client.scope
        tree, failed = base.template.render(scope)
        messages = tree[MESSAGES]
        if failed or not self._messages.fine(messages, base.changed):
            return None
        spec = base.spec.model_copy(update={MESSAGES: tuple(messages)})
        context = base.template.projection(scope)
        digest = _digest(base.head, [self._dumped(message) for message in messages], context, {})
        resource = Resource(client.name, found.address, spec, source, context, digest, {})
        return Built(resource, source, base.template.sites, (), spec)

    def _dumped(self, message: Any) -> bytes:
        known = self._dumps.get(id(message))
        if known is None or known[0] is not message:
            # Kept beside its bytes, so that no other message can come to bear its id.
            known = self._dumps[id(message)] = (message, _dump(message))
        return known[1]

    def _source(self, found: Declaration) -> LayeredSource:
        if (known := self._sources.get(id(found))) is None:
            known = self._sources[id(found)] = (found, LayeredSource((found.layer,)))
        return known[1]

    def _overridden(
        self, found: Declaration, client: ReadClient, override: dict[str, Any]
    ) -> tuple[TreeTemplate, LayeredSource, tuple[Path, ...]]:
        base: Path = ("overrides", str(found.address))
        parts: dict[Path, Any] = {}
        broken = found.broken
        for key in SPECS[found.address.kind].SEND_TIME:
            if not isinstance(override.get(key), list):
                continue
            inlined = self._parts.inline(override[key], client.document, (*base, key))
            override = {**override, key: inlined.tree}
            parts |= {(key, *path): part for path, part in inlined.parts.items()}
            broken = (*(path for path in broken if path[0] != key), *((key, *path) for path in inlined.broken))
        layer = Written("override", client.document, base, parts)
        return TreeTemplate(merge(found.tree, override)), LayeredSource((found.layer, layer)), broken

    def _build(
        self,
        found: Declaration,
        template: TreeTemplate,
        source: LayeredSource,
        client: ReadClient,
        broken: tuple[Path, ...],
    ) -> Built:
        scope = client.scope
        tree, failed = template.render(scope)
        model = SPECS[found.address.kind]
        problems = [_template_problem(p) for p in template.problems]
        timeless = fields_of(model).keys() - set(model.SEND_TIME)
        problems += [_misplaced(site, model) for site in template.sites if site.path[0] in timeless]
        unsure = [*broken, *(p.path for p in (*template.problems, *failed)), *(p.path for p in problems)]
        # Where the client's values are not known, that they lack something says nothing.
        problems += [_template_problem(p) for p in failed] if client.values_sure else []
        spec, invalid = validate(model, tree)
        problems += apart_from(unsure, invalid)
        rest = Mended(spec, ()) if spec is not None else mended(model, tree, found.address.name)
        unsure += rest.unsure
        assets: dict[str, Asset] = {}
        context = template.projection(scope)
        if rest.spec is not None:
            production = client.spec.environment == "production"
            checked = self._checked(rest.spec, tree, source, assets, context, production=production)
            problems += apart_from(unsure, [*checked, *shown_problems(rest.spec, tree)])
            if isinstance(rest.spec, CampaignSpec):
                problems += _uncompiled(rest.spec, context, unsure, problems)
        resource = None
        if spec is not None and not broken and not failed and all(p.warning for p in problems):
            digest = digest_of(spec, context, assets)
            resource = Resource(client.name, found.address, spec, source, context, digest, assets)
        told = tuple(_with_hint(p, template) for p in problems)
        # The one tuple of all clients where nothing is wrong, so that what is said about it is remembered.
        sites = template.sites if resource is not None else tuple(_in_messages(template, timeless))
        return Built(resource, source, sites, told, rest.spec, tuple(unsure), rest.lost)

    def _checked(
        self,
        spec: Spec,
        tree: Any,
        source: LayeredSource,
        assets: dict[str, Asset],
        context: Mapping[str, Any],
        *,
        production: bool,
    ) -> list[FieldProblem]:
        if isinstance(spec, CampaignSpec):
            # Those that were written, more than a campaign may have included.
            messages = written if isinstance(written := tree.get(MESSAGES), list) else spec.messages
            found = self._messages.check(messages, (MESSAGES,), production=production and not spec.allow_test_word)
            return [*schedule_problems(spec.schedule), *found]
        if isinstance(spec, RichMenuSpec):
            return [*menu_problems(spec), *self._image(spec, source, assets)]
        if isinstance(spec, ScenarioSpec):
            return scenario_own_problems(spec, tree, self._messages, context, production=production)
        if isinstance(spec, ReplySpec | FormSpec | RouteSpec):
            return own_problems(spec, tree, self._messages, context, production=production)
        return []

    def _image(self, spec: RichMenuSpec, source: LayeredSource, assets: dict[str, Asset]) -> list[FieldProblem]:
        if spec.image is None:
            return []
        folder = source.origin(("image",)).file.rpartition("/")[0]
        found = self._images.take(folder, spec.image)
        if isinstance(found, str):
            hint = "an image is named relative to the file that names it; without 'image', one is drawn from the cells"
            return [FieldProblem(("image",), "E013", f"image {found}", hint)]
        assets[spec.image] = found.asset
        return menu_image_problems(found.facts, menu_size(spec), ("image",))


def _uncompiled(
    spec: CampaignSpec, context: Mapping[str, Any], unsure: Sequence[Path], known: Sequence[FieldProblem]
) -> list[FieldProblem]:
    """Messages that cannot be made for a send, of those that nothing else is wrong with."""
    wrong = {path[:2] for path in (*unsure, *(p.path for p in known if not p.warning)) if path[:1] == (MESSAGES,)}
    if (MESSAGES,) in wrong:
        return []
    out = []
    for index, message in enumerate(spec.messages):
        if (path := (MESSAGES, index)) not in wrong:
            out += compiled_problems([message], context, path)
    return out


def _template_problem(found: TemplateProblem) -> FieldProblem:
    return FieldProblem(found.path, found.error.code, f"{dotted(found.path)}: {found.error.message}", found.error.hint)


def _with_hint(problem: FieldProblem, template: TreeTemplate) -> FieldProblem:
    """A text that is one whole expression keeps the type of what it reads, which surprises where LINE wants a text."""
    if problem.code == CODES[Reason.WRONG_TYPE] and problem.path in template.holes and not problem.hint:
        source = template.holes[problem.path].source
        if template.holes[problem.path].whole and "wants a text" in problem.message:
            return replace(problem, hint=f"write {source.strip()[:-2].rstrip()} | string }}}}")
    return problem


def _in_messages(template: TreeTemplate, timeless: Collection[str]) -> Iterator[Site]:
    """Texts that read what only a send knows, and may; those included that also name what nobody knows."""
    return (site for site in (*template.sites, *template.doubtful) if site.reads and site.path[0] not in timeless)


def _misplaced(site: Site, model: type[Spec]) -> FieldProblem:
    path = min(read.path for read in site.reads)
    message = f"{dotted(site.path)} reads '{path}', which is known only when a message is made"
    allowed = " and ".join(model.SEND_TIME)
    hint = f"only {allowed} may read it" if allowed else "use client and values here"
    return FieldProblem(site.path, "E024", message, hint)


def _for_client(built: Built, client: str) -> Built:
    resource = built.resource
    if resource is None or resource.client == client:
        return built
    own = Resource(
        client, resource.address, resource.spec, resource.source, resource.context, resource.digest, resource.assets
    )
    return Built(own, built.source, built.sites, built.problems, built.spec, built.unsure, built.lost)


def _base(template: TreeTemplate, built: Built) -> _Base | None:
    """A base for other clients, where everything that differs stands inside a message."""
    if built.resource is None or built.problems or not isinstance(spec := built.resource.spec, CampaignSpec):
        return None
    if any(path[0] != MESSAGES or len(path) < 3 for path in template.holes):
        return None
    changed: dict[int, tuple[Path, ...]] = {}
    for path in template.holes:
        if isinstance(index := path[1], int):
            changed[index] = (*changed.get(index, ()), path[2:])
    return _Base(template, spec, _head(spec), changed)


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _dump(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()


def _head(spec: Spec) -> bytes:
    return _dump(spec.model_dump(mode="json", by_alias=True, exclude={"description", MESSAGES}, exclude_defaults=True))


def digest_of(spec: Spec, context: Mapping[str, Any], assets: Mapping[str, Asset]) -> str:
    """What this resource means, as sha256: a note for reviewers, the order of keys, or a default written out does not
    change it."""
    messages = spec.messages if isinstance(spec, CampaignSpec) else ()
    return _digest(_head(spec), [_dump(message) for message in messages], context, assets)


def _digest(head: bytes, messages: list[bytes], context: Mapping[str, Any], assets: Mapping[str, Asset]) -> str:
    images = {name: asset.digest for name, asset in assets.items()}
    # JSON holds no raw line feed, so no two lists of parts are written alike.
    rest = _dump([context, images]) if context or images else b""
    return hashlib.sha256(b"\n".join([head, *messages, rest])).hexdigest()


def parse_address(text: str) -> Address | None:
    """An address, or None where `text` is none."""
    try:
        return Address.parse(text)
    except ValueError:
        return None
