"""Loads a workspace: every file, every client, every problem at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lineform.loading.check_accounts import account_problems
from lineform.loading.check_coupons import coupon_problems
from lineform.loading.check_derived import derived_problems
from lineform.loading.check_doors import door_problems
from lineform.loading.check_limits import limit_problems
from lineform.loading.check_links import link_problems
from lineform.loading.check_occasions import occasion_problems
from lineform.loading.check_promises import promise_problems
from lineform.loading.check_repeats import repeat_problems
from lineform.loading.clients import ReadClient, nobody, read_client, read_project_file
from lineform.loading.faults import Faulty, Having, by_client, faulty, owners
from lineform.loading.images import Images
from lineform.loading.leftover import check_left_over
from lineform.loading.reading import Declaration, Workspace, read_workspace, rendered
from lineform.loading.references import References
from lineform.loading.resources import Builder, Built, parse_address
from lineform.loading.selection import USES, Found, select, shared_resources
from lineform.loading.validation import FieldProblem
from lineform.loading.workspace import PROJECT_FILE
from lineform.model.address import Address, Kind
from lineform.model.origin import Origin
from lineform.model.problem import InvalidError, Problem, Severity, did_you_mean
from lineform.model.project import Client, Project, Resource

_USED_UNDER = {kind: key for key, kind in USES.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A workspace as it was read. No project where anything is an error; warnings may stand beside a project."""

    project: Project | None
    problems: tuple[Problem, ...]
    sound: Project | None = None
    """The clients of whom nothing is wrong; None where something is that may be anybody's."""
    faulty: Mapping[str, Faulty] = field(default_factory=dict)
    """The others, by name; also names of folders of clients that do not exist."""


def load_project(root: Path, *, clients: Sequence[str] | None = None) -> Project:
    """The project of the workspace at `root`, of all clients or of these. Raises `InvalidError` with every problem of
    theirs: what is wrong with other clients alone is not told."""
    loaded = read_project(root, clients=clients)
    if loaded.project is None:
        raise InvalidError(loaded.problems)
    return loaded.project


def read_project(root: Path, *, clients: Sequence[str] | None = None) -> Loaded:
    """The same without raising, with the warnings."""
    with _without_collection():
        return _read(root, clients)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Loading makes hundreds of thousands of objects that all stay: looking for garbage among them takes two thirds
    of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What was loaded stays: the collector need not walk through it as soon as it wakes.
            gc.freeze()
            gc.enable()


def _read(root: Path, names: Sequence[str] | None) -> Loaded:
    workspace = read_workspace(root)
    collector = workspace.collector
    project = read_project_file(workspace.project, collector)
    shared = shared_resources(workspace)
    _check_owners(workspace)
    chosen = _chosen(workspace, names)
    collector.extend(account_problems(workspace.clients, chosen))
    if project is None:
        return Loaded(None, tuple(told.problem for told in collector.told()))
    built: dict[str, Client] = {}
    references = References()
    having = Having()
    builder = Builder(workspace.parts, Images(root))
    used: set[int] = set()
    everybody = not workspace.broken_clients
    for name in chosen:
        client = read_client(name, workspace.clients[name], project, collector)
        everybody = everybody and client is not None and client.uses_sure
        if client is not None:
            built[name] = _client(client, shared, workspace, builder, references, used, having)
    if names is None:
        left = [found for found in workspace.resources if id(found) not in used]
        check_left_over(left, nobody(project), shared, workspace, builder, references)
        if everybody:
            _check_unused([found for found in left if not found.file.owner], shared, workspace)
    collector.extend(workspace.parts.problems)
    return _loaded(Project(root, project.spec, built), workspace, having, names)


def _loaded(project: Project, workspace: Workspace, having: Having, names: Sequence[str] | None) -> Loaded:
    found = [(told.problem, owners(told, workspace, having)) for told in workspace.collector.told()]
    mine = by_client(found)
    incomplete = having.unbuilt.keys() - mine.keys()
    if names is not None and not incomplete:
        found = [(problem, whose) for problem, whose in found if not whose or whose.intersection(names)]
    problems = tuple(problem for problem, _ in found)
    if all(problem.severity is Severity.WARNING for problem in problems):
        return Loaded(project, problems, project)
    if any(problem.severity is Severity.ERROR and not whose for problem, whose in found):
        return Loaded(None, problems)
    wrong = {
        name: faulty(name, mine.get(name, problems), _settled(name, project, workspace), having.unbuilt.get(name, ()))
        for name in sorted(mine.keys() | incomplete)
        if names is None or name in names
    }
    clients = {name: client for name, client in project.clients.items() if name not in wrong}
    return Loaded(None, problems, Project(project.root, project.spec, clients), wrong)


def _settled(name: str, project: Project, workspace: Workspace) -> Client | None:
    """A client as it was built, unless a file that cannot be read may declare what is known of its friends."""
    return None if workspace.unread(name).words else project.clients.get(name)


def _chosen(workspace: Workspace, names: Sequence[str] | None) -> list[str]:
    known = sorted(workspace.clients)
    everywhere = {*known, *workspace.broken_clients}
    if names is None:
        if not everywhere and workspace.project is not None:
            hint = "write clients/<name>.yaml with 'kind: client'"
            workspace.collector.add(Problem("E108", "the workspace has no clients", Origin(PROJECT_FILE), hint=hint))
        return known
    for name in names:
        if name not in everywhere:
            hint = did_you_mean(name, known) or (f"known are {', '.join(known[:20])}" if known else "there are none")
            workspace.collector.add(Problem("E109", f"there is no client '{name}'", Origin("clients"), hint=hint))
    return [name for name in known if name in set(names)]


def _check_owners(workspace: Workspace) -> None:
    known = {*workspace.clients, *workspace.broken_clients}
    for found in workspace.resources:
        owner = found.file.owner
        if owner and owner not in known:
            message = f"the folder belongs to the client '{owner}', which does not exist"
            hint = did_you_mean(owner, known) or f"write clients/{owner}.yaml"
            workspace.collector.add(Problem("E106", message, Origin(found.file.file), str(found.address), hint=hint))


def _check_unused(left: Sequence[Found], shared: Mapping[Address, Found], workspace: Workspace) -> None:
    """Shared files that nobody asks for: a warning, or an error for a test of a campaign that does not exist."""
    if workspace.collector.has("E110"):
        return  # who asks for something by a wrong name may mean any of them
    campaigns = [address.name for address in shared if address.kind is Kind.CAMPAIGN]
    unread = workspace.unread("").names
    for found in left:
        address, origin = found.address, Origin(found.file.file)
        if shared[address] is not found:
            continue
        tested = found.tree.get("campaign") if isinstance(found, Declaration) else None
        if address.kind is Kind.TEST and isinstance(tested, str) and tested not in {*campaigns, *unread}:
            message, hint = f"there is no shared campaign '{tested}'", did_you_mean(tested, campaigns)
            workspace.collector.add(Problem("E116", message, origin, str(address), hint=hint))
        else:
            key = _USED_UNDER.get(address.kind, "campaigns")
            name = tested if isinstance(tested, str) else address.name
            hint = f"name it in a client's file under uses: {{{key}: [{name}]}}"
            problem = Problem("E117", "no client uses this file", origin, str(address), "", hint, "", Severity.WARNING)
            workspace.collector.add(problem)


def _client(
    client: ReadClient,
    shared: dict[Address, Found],
    workspace: Workspace,
    builder: Builder,
    references: References,
    used: set[int],
    having: Having,
) -> Client:
    selected = having.selected[client.name] = select(client, shared, workspace)
    having.overridden[client.name] = client.spec.overrides
    used.update(map(id, selected.values()))
    _check_overrides(client, selected, workspace)
    built: dict[Address, Built] = {}
    for address, found in selected.items():
        declared = found if isinstance(found, Declaration) else rendered(found, client.scope, client.name, workspace)
        if declared is None:
            continue
        one = built[address] = builder.build(declared, client)
        _collect(one.problems, one, address, client, workspace)
    for address, problem in references.problems(built, workspace.unread(client.name), webhooks=client.spec.webhooks):
        _collect((problem,), built[address], address, client, workspace)
    for address, found_problem in _between(client, built):
        _collect((found_problem,), built[address], address, client, workspace)
    resources: dict[Address, Resource] = {a: b.resource for a, b in built.items() if b.resource is not None}
    if len(resources) < len(selected):
        having.unbuilt[client.name] = frozenset(selected.keys() - resources.keys())
    return Client(
        client.name, client.spec, client.source, client.timezone, client.limits, client.plan, client.values, resources
    )


def _between(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What a client's own settings and its resources say against each other."""
    yield from limit_problems(client, built)
    yield from promise_problems(client, built)
    yield from link_problems(client, built)
    yield from coupon_problems(client, built)
    yield from door_problems(client, built)
    yield from derived_problems(client, built)
    yield from occasion_problems(client, built)
    yield from repeat_problems(client, built)


def _collect(
    problems: Sequence[FieldProblem], built: Built, address: Address, client: ReadClient, workspace: Workspace
) -> None:
    for problem in problems:
        workspace.collector.field(problem, built.source, address=str(address), client=client.name)


def _check_overrides(client: ReadClient, selected: dict[Address, Found], workspace: Workspace) -> None:
    known = [str(address) for address in selected]
    for text, override in client.spec.overrides.items():
        address = parse_address(text)
        if address is None or address not in selected:
            what = (
                "is no address such as campaign.winter-sale" if address is None else "is nothing that this client uses"
            )
            near = did_you_mean(text, known)
            problem = FieldProblem(("overrides", text), "E111", f"overrides: '{text}' {what}", near, at_key=True)
            workspace.collector.field(problem, client.source, address=f"client.{client.name}", client=client.name)
            continue
        for key in ("kind", "name"):
            if key in override:
                message = f"overrides: '{key}' cannot be overridden"
                problem = FieldProblem(("overrides", text, key), "E115", message, at_key=True)
                workspace.collector.field(problem, client.source, address=f"client.{client.name}", client=client.name)
