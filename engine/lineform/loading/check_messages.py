"""What is wrong with a campaign's messages: LINE's limits, what they read, and text that must not reach a friend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lineform.lineapi.author import NotAMessageError, check_author_message, to_line
from lineform.lineapi.findings import OURS, Finding, Reason
from lineform.loading.changed import surely_right
from lineform.loading.validation import FieldProblem
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.sending.scope import FRIEND_NAMES, RUN_NAMES
from lineform.sending.textguards import suspicious_messages
from lineform.templates.build import Site
from lineform.templates.errors import TemplateError
from lineform.templates.moments import Read
from lineform.templates.scalars import may_hold_expression
from lineform.templates.send import BLOCKS, compile_messages, is_each

ALWAYS_KNOWN = frozenset({"user_id", "tags"})
"""What is known of every friend."""

A_FORM = "a form"
"""Whose messages read the answers under ``event``."""
CODES: dict[Reason, str] = {reason: f"E2{number:02}" for number, reason in enumerate(Reason, 1)}


HOW_WRITTEN = "write an expression as {{ friend.name }}: two half-width braces on either side"


def _repeated(node: Mapping[str, object]) -> tuple[str, ...] | None:
    return tuple(key for key in BLOCKS if key in node) if is_each(node) else None


class MessageChecks:
    """Checks messages, and remembers those that no client changes: they are the same object each time."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], tuple[Any, tuple[FieldProblem, ...]]] = {}

    def check(self, messages: Sequence[Any], path: Path, *, production: bool) -> list[FieldProblem]:
        """Everything that does not depend on the client; `path` is where the list stands."""
        out: list[FieldProblem] = []
        for index, message in enumerate(messages):
            key = (id(message), production)
            if (known := self._known.get(key)) is None:
                # The message is kept beside its result, so that no other object can come to bear its id.
                known = self._known[key] = (message, tuple(_message_problems(message, production)))
            out += [_under(problem, (*path, index)) for problem in known[1]]
        return out

    def fine(self, messages: Sequence[Any], changed: Mapping[int, Sequence[Path]]) -> bool:
        """Whether messages are surely right, that were before their texts at `changed` (paths inside each of them)
        became what they are now."""
        for index, paths in changed.items():
            message = messages[index]
            if any(_worth_asking(_at(message, path)) for path in paths):
                return False
            if not surely_right(message, paths, may_hold_expression, _repeated):
                return False
        return True


_SUSPICIOUS = re.compile(r"[{}｛｝]|[?？]{3}|�|テスト|\A\s*\Z")
"""What every suspicion about a text begins with."""


def _worth_asking(value: Any) -> bool:
    return not isinstance(value, str) or _SUSPICIOUS.search(value) is not None


def _at(message: Any, path: Path) -> Any:
    for step in path:
        message = message[step]
    return message


def _under(problem: FieldProblem, prefix: Path) -> FieldProblem:
    path = (*prefix, *problem.path)
    return FieldProblem(
        path, problem.code, f"{dotted(path)} {problem.message}", problem.hint, problem.at_key, problem.warning
    )


def _message_problems(message: Any, production: bool) -> Iterable[FieldProblem]:
    if isinstance(message, dict) and (keys := _repeated(message)) is not None:
        for key in keys:
            inner = message[key]
            listed = isinstance(inner, list)
            for index, one in enumerate(inner if listed else [inner]):
                prefix: Path = (key, index) if listed else (key,)
                for found in _message_problems(one, production):
                    yield replace(found, path=(*prefix, *found.path))
        return
    findings = check_author_message(message, templated=may_hold_expression, repeated=_repeated)
    yield from (_from_finding(finding) for finding in findings)
    if isinstance(message, dict) and not any(f.reason is Reason.WRONG_TYPE for f in findings):
        empty = {f.path for f in findings if f.reason is Reason.EMPTY}
        yield from (problem for problem in _suspicious(message, production) if problem.path not in empty)


def _from_finding(finding: Finding) -> FieldProblem:
    hint = ""
    if finding.reason in {Reason.UNKNOWN_KEY, Reason.UNFAMILIAR} and finding.path:
        hint = did_you_mean(str(finding.path[-1]), finding.known)
    at_key = finding.reason in {Reason.UNKNOWN_KEY, Reason.UNFAMILIAR, Reason.CONFLICT, Reason.NOT_HERE}
    return FieldProblem(finding.path, CODES[finding.reason], finding.text, hint, at_key, finding.reason in OURS)


def _suspicious(message: dict[str, Any], production: bool) -> Iterable[FieldProblem]:
    try:
        line, paths = to_line(message)
    except NotAMessageError:
        return
    for path, found in suspicious_messages([line], production=production, templated=True):
        hint = HOW_WRITTEN if found.code == "E281" else ""
        yield FieldProblem(paths.author_path(path[1:]), found.code, f"cannot be sent: {found.sentence}", hint)


def compiled_problems(messages: Sequence[Any], context: Mapping[str, Any], path: Path) -> list[FieldProblem]:
    """Whether the messages can be compiled for a send at all, and what the client's values make of their texts."""
    try:
        compiled = compile_messages(messages, context)
    except TemplateError as error:
        return [FieldProblem(path, error.code, f"{dotted(path)} {error.message}", error.hint)]
    if compiled.constant:
        return []
    lines = [to_line(message).line for message in compiled.without_friends()]
    return [
        FieldProblem(path, found.code, f"{dotted(path)} cannot be sent: with the client's values {found.sentence}")
        for _, found in suspicious_messages(lines, production=False, authored=True)
        if found.code == "E281"
    ][:1]


def read_problems(
    sites: Iterable[Site],
    attributes: Collection[str],
    skip_if_unknown: Collection[str],
    given: Mapping[str, Collection[str]],
) -> list[FieldProblem]:
    """Whether every friend's value that the messages read is declared, and what happens where it is unknown. `given`
    holds the declared names of what a message is given, such as pools of codes."""
    return [
        found
        for site in sites
        for read in sorted(site.reads, key=lambda r: (r.path, r.guarded))
        if (found := read_problem(site.path, read, attributes, skip_if_unknown, given)) is not None
    ]


def read_problem(
    path: Path,
    read: Read,
    attributes: Collection[str],
    skip_if_unknown: Collection[str] | None = None,
    given: Mapping[str, Collection[str]] | None = None,
    *,
    events: Mapping[str, bool] | None = None,
    about: str = "a campaign",
) -> FieldProblem | None:
    """What is wrong with one reading at send time. `skip_if_unknown` is None where friends cannot be left out, `given`
    where messages are given nothing; `events` are the names under ``event``, each with whether it is always
    known, None where there is no such thing."""
    root, _, name = read.path.partition(".")
    if root == "friend":
        return _friend_problem(path, name, read.guarded, attributes, skip_if_unknown)
    if root == "run":
        return _run_problem(path, name)
    if root == "event" and events is not None:
        return _event_problem(path, name, read.guarded, events, begun=about != A_FORM)
    if given is not None and root in given:
        return _given_problem(path, root, name, given[root])
    message = f"{dotted(path)} reads '{read.path}', which {about} does not know"
    known = ("client", "values", "friend", *(() if events is None else ("event",)), "run", *(given or ()))
    return FieldProblem(path, "E024", message, f"{about}'s messages read {', '.join(known[:-1])} and {known[-1]}")


def _event_problem(
    path: Path, name: str, guarded: bool, known: Mapping[str, bool], *, begun: bool
) -> FieldProblem | None:
    """`begun` where an event begins what sends, and may be asked for a field."""
    if name not in known:
        names = ", ".join(f"event.{one}" for one in sorted(known))
        hint = did_you_mean(name, known) or (f"known are {names}" if names else "the event is declared without fields")
        return FieldProblem(path, "E026", f"{dotted(path)} reads 'event.{name}', which does not exist", hint)
    if guarded or known[name]:
        return None
    message = f"{dotted(path)} reads 'event.{name}', which may be unknown"
    hint = f"write {{{{ event.{name} | default('…') }}}}"
    hint += f", or 'where: {{{name}: {{known: true}}}}' in the trigger" if begun else ""
    return FieldProblem(path, "E025", message, hint)


def _friend_problem(
    path: Path, name: str, guarded: bool, attributes: Collection[str], skip_if_unknown: Collection[str] | None
) -> FieldProblem | None:
    if not name:
        message = f"{dotted(path)} reads 'friend' as a whole"
        return FieldProblem(path, "E026", message, "name one attribute, such as friend.display_name")
    if name not in FRIEND_NAMES and name not in attributes:
        hint = did_you_mean(name, {*FRIEND_NAMES, *attributes}) or "declare it in a file of kind attributes"
        return FieldProblem(path, "E026", f"{dotted(path)} reads 'friend.{name}', which is not declared", hint)
    if guarded or name in ALWAYS_KNOWN or name in (skip_if_unknown or ()):
        return None
    message = f"{dotted(path)} reads 'friend.{name}', which is unknown for some friends"
    hint = f"write {{{{ friend.{name} | default('…') }}}}"
    if name in attributes and skip_if_unknown is not None:
        hint += ", or list it under skip_if_unknown"
    return FieldProblem(path, "E025", message, hint)


_UNKNOWN = {
    "code": ("E321", "pool of codes", "declare it in a file of kind codes"),
    "coupon": ("E323", "coupon", "declare it in a file of kind coupon, and name it under uses.coupons"),
    "link": ("E314", "link", "declare it with its url under 'links' in a file of kind attributes"),
    "items": ("E328", "recommendations", "declare them in a file of kind recommendations"),
    "page": ("E338", "page", "it is a form with a 'page', or member"),
}


def _given_problem(path: Path, root: str, name: str, known: Collection[str]) -> FieldProblem | None:
    code, noun, where = _UNKNOWN[root]
    if not name:
        return FieldProblem(path, code, f"{dotted(path)} reads '{root}' as a whole", f"name one {noun}: {root}.name")
    if name in known:
        return None
    hint = did_you_mean(name, known) or where
    return FieldProblem(path, code, f"{dotted(path)}: unknown {noun} '{name}'", hint)


def _run_problem(path: Path, name: str) -> FieldProblem | None:
    if name in RUN_NAMES:
        return None
    hint = did_you_mean(name, RUN_NAMES) or f"known are {', '.join(f'run.{one}' for one in RUN_NAMES)}"
    return FieldProblem(path, "E026", f"{dotted(path)} reads 'run.{name}', which does not exist", hint)
