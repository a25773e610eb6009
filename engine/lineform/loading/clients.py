"""Each client's layers: the project's defaults, its own file, and the values that templates read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineform.loading.collector import Collector
from lineform.loading.documents import Document
from lineform.loading.mending import Mended, mended
from lineform.loading.sources import LayeredSource, Written, merge
from lineform.loading.validation import FieldProblem, validate
from lineform.loading.workspace import PROJECT_FILE
from lineform.loading.yaml import parse_yaml
from lineform.model.client import ClientSpec, EnvReference, Limits, PricePlan, ProjectSpec
from lineform.model.origin import dotted
from lineform.templates.build import TreeTemplate

_REFERENCES = ("token", "testers")


@dataclass(frozen=True, slots=True)
class ReadClient:
    """A client's own file, read and merged; its resources come later."""

    name: str
    spec: ClientSpec
    document: Document
    source: LayeredSource
    values: Mapping[str, Any]
    timezone: str
    limits: Limits
    plan: PricePlan | None
    values_sure: bool = True
    """Whether `values` are all that its templates may read; not where a file has faults."""
    uses_sure: bool = True
    """Whether it is known which resources it uses."""

    @property
    def scope(self) -> dict[str, Any]:
        """What expressions read when this client is built."""
        about = {
            "name": self.name,
            "title": self.spec.title,
            "description": self.spec.description,
            "timezone": self.timezone,
            "environment": self.spec.environment,
        }
        return {"client": about, "values": self.values}


@dataclass(frozen=True, slots=True)
class ReadProject:
    """``lineform.yaml``, or what is left of it."""

    spec: ProjectSpec
    document: Document
    sure: bool
    """Whether there was nothing wrong with it."""


def read_project_file(document: Document | None, collector: Collector) -> ReadProject | None:
    """``lineform.yaml`` with its problems collected; in place of one that cannot be read, an empty one."""
    if document is None:
        document, _ = parse_yaml("kind: project\nname: nameless\n", PROJECT_FILE)
        return None if document is None else ReadProject(ProjectSpec(kind="project", name="nameless"), document, False)
    source = LayeredSource((Written("defaults", document),))
    problems = _expressions(document.value, ("defaults", "values"))
    spec, found = validate(ProjectSpec, document.value)
    for problem in (*problems, *found):
        collector.field(problem, source)
    left = spec or mended(ProjectSpec, document.value, "nameless").spec
    sure = spec is not None and not problems
    return ReadProject(left, document, sure) if isinstance(left, ProjectSpec) else None


def read_client(name: str, document: Document, project: ReadProject, collector: Collector) -> ReadClient | None:
    """A client's file over the project's defaults, or what is left of it, its problems collected. None where nothing
    is."""
    below = Written("defaults", project.document, ("defaults",))
    source = LayeredSource((below, Written("client", document)))
    tree: dict[str, Any] = document.value
    problems = [*_expressions(tree, ("values",), ("overrides",)), *_literal_secrets(tree)]
    secret = {p.path[0] for p in problems if p.code == "E107"}
    tree = {**tree, "overrides": _as_mappings(tree.get("overrides", {}))}
    whole, found = validate(ClientSpec, tree)
    problems += [p for p in found if not p.path or p.path[0] not in secret]
    rest = Mended(whole, ()) if whole is not None else mended(ClientSpec, tree, name)
    values = _values(document.value, project.document.value, rest.spec, problems)
    for problem in problems:
        collector.field(problem, source, address=f"client.{name}", client=name)
    if not isinstance(spec := rest.spec, ClientSpec):
        return None
    base = project.spec.defaults
    limits = Limits(**{**_given(base.limits), **_given(spec.limits)})
    timezone = spec.timezone or base.timezone
    wrong = {path[0] for path in (*rest.unsure, *(p.path for p in problems)) if path}
    values_sure = project.sure and values is not None and "values" not in wrong
    uses_sure = "uses" not in wrong
    return ReadClient(
        name, spec, document, source, values or {}, timezone, limits, spec.plan or base.plan, values_sure, uses_sure
    )


def nobody(project: ReadProject) -> ReadClient:
    """In place of a client where no client uses a file: of its values, nothing is known. Its account is a test
    account, on which most is allowed."""
    base = project.spec.defaults
    spec = ClientSpec(
        kind="client",
        name="nobody",
        title="-",
        bot="U" + "0" * 32,
        token=EnvReference(env="TOKEN"),
        environment="test",
    )
    source = LayeredSource((Written("defaults", project.document, ("defaults",)),))
    return ReadClient(
        spec.name,
        spec,
        project.document,
        source,
        base.values,
        base.timezone,
        base.limits,
        base.plan,
        values_sure=False,
        uses_sure=False,
    )


def _given(limits: Limits | None) -> dict[str, Any]:
    return {} if limits is None else {name: getattr(limits, name) for name in limits.model_fields_set}


def _as_mappings(overrides: Any) -> Any:
    return overrides if overrides is not None else {}


def _expressions(tree: Mapping[str, Any], *allowed: tuple[str, ...]) -> list[FieldProblem]:
    """A client's own settings are not templates: only its values and overrides may hold expressions."""
    template = TreeTemplate(tree)
    paths = [*template.holes, *(site.path for site in template.sites), *(p.path for p in template.problems)]
    return [
        FieldProblem(
            path, "E024", f"{dotted(path)} cannot hold an expression", "expressions belong to values and overrides"
        )
        for path in paths
        if not any(path[: len(start)] == start for start in allowed)
    ]


def _literal_secrets(tree: Mapping[str, Any]) -> list[FieldProblem]:
    """A secret in a file stays in git's history for ever. What was written is not repeated here."""
    found: dict[tuple[str | int, ...], Any] = {(key,): tree.get(key) for key in _REFERENCES}
    if isinstance(links := tree.get("links"), dict):
        found["links", "key"] = links.get("key")
        older = links.get("old_keys")
        found |= {("links", "old_keys", n): key for n, key in enumerate(older if isinstance(older, list) else [])}
    return [
        FieldProblem(
            path,
            "E107",
            f"{dotted(path)} must name an environment variable; a secret is never written in a file",
            f"write '{_named(path)}', and make the written one invalid: git keeps it",
        )
        for path, value in found.items()
        if isinstance(value, str | int | float)
    ]


def _named(path: tuple[str | int, ...]) -> str:
    key = path[-1]
    return f"{key}: {{env: {key.upper()}}}" if isinstance(key, str) else "{env: OLD_KEY}"


def _values(
    tree: Mapping[str, Any], project: Mapping[str, Any], spec: object, problems: list[FieldProblem]
) -> Mapping[str, Any] | None:
    own, defaults = tree.get("values", {}), project.get("defaults", {})
    shared = defaults.get("values", {}) if isinstance(defaults, dict) else {}
    if not isinstance(own, dict) or not isinstance(shared, dict):
        return None
    template = TreeTemplate({"values": merge(shared, own)})
    found = [
        FieldProblem(p.path, p.error.code, f"{dotted(p.path)}: {p.error.message}", p.error.hint)
        for p in template.problems
    ]
    found += [_refused(site.path, "a friend") for site in template.sites]
    found += [_refused(path, "other values") for path, text in template.holes.items() if "values" in text.reads.roots]
    if found or not isinstance(spec, ClientSpec):
        problems += found
        return None
    about = {"name": spec.name, "title": spec.title, "description": spec.description, "environment": spec.environment}
    rendered, failed = template.render({"client": about})
    problems += [
        FieldProblem(p.path, p.error.code, f"{dotted(p.path)}: {p.error.message}", p.error.hint) for p in failed
    ]
    values: Mapping[str, Any] = rendered["values"]
    return values


def _refused(path: tuple[str | int, ...], what: str) -> FieldProblem:
    hint = "values are read by messages; only client.name, client.title, … may stand in them"
    return FieldProblem(path, "E029", f"{dotted(path)} reads {what}", hint)
