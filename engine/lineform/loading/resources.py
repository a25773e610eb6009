"""Builds one resource of one client: overrides merged, expressions evaluated, validated, digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineform.loading.check_menus import menu_problems
from lineform.loading.check_messages import MessageChecks, compiled_problems
from lineform.loading.check_schedules import schedule_problems
from lineform.loading.clients import ReadClient
from lineform.loading.images import Images, menu_image_problems
from lineform.loading.parts import Parts
from lineform.loading.reading import MESSAGES, Declaration
from lineform.loading.sources import LayeredSource, Written, merge
from lineform.loading.validation import FieldProblem, validate
from lineform.model.address import Address
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.catalogue import SPECS
from lineform.model.origin import Path, dotted
from lineform.model.project import Asset, Resource
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import menu_size
from lineform.templates.build import Site, TemplateProblem, TreeTemplate


@dataclass(frozen=True, slots=True)
class Built:
    """A resource before the checks that need its neighbours. No resource where it is not valid by itself."""

    resource: Resource | None
    source: LayeredSource
    sites: tuple[Site, ...]
    problems: tuple[FieldProblem, ...]


class Builder:
    """Builds resources, and remembers everything that no client changes."""

    def __init__(self, parts: Parts, images: Images) -> None:
        self._parts = parts
        self._images = images
        self._messages = MessageChecks()
        self._constant: dict[tuple[int, str], tuple[TreeTemplate, Built]] = {}
        self._sources: dict[int, tuple[Declaration, LayeredSource]] = {}

    def build(self, found: Declaration, client: ReadClient) -> Built:
        """The resource that a file declares for this client."""
        override = client.spec.overrides.get(str(found.address))
        template, source = found.template, self._source(found)
        if override is not None:
            template, source = self._overridden(found, client, override)
        if not template.constant:
            return self._build(found, template, source, client)
        key = (id(template), client.spec.environment)
        if (known := self._constant.get(key)) is None:
            known = self._constant[key] = (template, self._build(found, template, source, client))
        return _for_client(known[1], client.name)

    def _source(self, found: Declaration) -> LayeredSource:
        if (known := self._sources.get(id(found))) is None:
            known = self._sources[id(found)] = (found, LayeredSource((found.layer,)))
        return known[1]

    def _overridden(
        self, found: Declaration, client: ReadClient, override: dict[str, Any]
    ) -> tuple[TreeTemplate, LayeredSource]:
        base: Path = ("overrides", str(found.address))
        parts: Mapping[Path, Any] = {}
        if isinstance(override.get(MESSAGES), list):
            inlined = self._parts.inline(override[MESSAGES], client.document, (*base, MESSAGES))
            override = {**override, MESSAGES: inlined.tree}
            parts = {(MESSAGES, *path): part for path, part in inlined.parts.items()}
        layer = Written("override", client.document, base, parts)
        return TreeTemplate(merge(found.tree, override)), LayeredSource((found.layer, layer))

    def _build(self, found: Declaration, template: TreeTemplate, source: LayeredSource, client: ReadClient) -> Built:
        scope = client.scope
        tree, failed = template.render(scope)
        model = SPECS[found.address.kind]
        problems = [_template_problem(p) for p in (*template.problems, *failed)]
        problems += [_misplaced(site, model) for site in template.sites if site.path[0] not in model.SEND_TIME]
        spec, invalid = validate(model, tree)
        unsure = [p.path for p in problems]
        problems += [p for p in invalid if not any(p.path[: len(path)] == path for path in unsure)]
        assets: dict[str, Asset] = {}
        context = template.projection(scope)
        if spec is not None:
            problems += self._checked(spec, context, source, assets, production=client.spec.environment == "production")
        resource = None
        if spec is not None and all(p.warning for p in problems):
            digest = digest_of(spec, context, assets)
            resource = Resource(client.name, found.address, spec, source, context, digest, assets)
        return Built(resource, source, template.sites, tuple(problems))

    def _checked(
        self, spec: Spec, context: Mapping[str, Any], source: LayeredSource, assets: dict[str, Asset], *, production: bool
    ) -> list[FieldProblem]:
        if isinstance(spec, CampaignSpec):
            out = schedule_problems(spec.schedule)
            found = self._messages.check(spec.messages, (MESSAGES,), production=production)
            return [*out, *(found or compiled_problems(spec.messages, context, (MESSAGES,)))]
        if isinstance(spec, RichMenuSpec):
            return [*menu_problems(spec), *self._image(spec, source, assets)]
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


def _template_problem(found: TemplateProblem) -> FieldProblem:
    return FieldProblem(found.path, found.error.code, f"{dotted(found.path)}: {found.error.message}", found.error.hint)


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
    return Built(own, built.source, built.sites, built.problems)


def digest_of(spec: Spec, context: Mapping[str, Any], assets: Mapping[str, Asset]) -> str:
    """What this resource means, as sha256: a note for reviewers or a default written out does not change it."""
    plain = spec.model_dump(mode="json", by_alias=True, exclude={"description"}, exclude_defaults=True)
    images = {name: asset.digest for name, asset in assets.items()}
    text = json.dumps([plain, context, images], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def parse_address(text: str) -> Address | None:
    """An address, or None where `text` is none."""
    try:
        return Address.parse(text)
    except ValueError:
        return None
