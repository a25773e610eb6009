"""What is wrong with menu rules: menus that nobody declares, and rules that are never reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.model.richmenu import NO_MENU, RichMenuSpec
from lineform.segments.check import check_condition
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.segments.implies import implies
from lineform.segments.predicate import Predicate
from lineform.segments.resolve import to_predicate


def condition_findings(spec: MenuRulesSpec, known: Declared) -> Iterator[Finding]:
    """What is wrong with the rules' conditions."""
    for index, rule in enumerate(spec.rules):
        yield from check_condition(rule.if_, known, ("rules", index, "if"))


def menu_problems(spec: MenuRulesSpec, menus: Collection[str]) -> Iterator[FieldProblem]:
    """Menus that this client does not have."""
    places: list[tuple[Path, str]] = [(("rules", index, "menu"), rule.menu) for index, rule in enumerate(spec.rules)]
    for path, name in [*places, (("default",), spec.default)]:
        if name not in {*menus, NO_MENU}:
            hint = did_you_mean(name, menus) or "let the client use that menu as well, or write none"
            yield FieldProblem(path, "E408", f"{dotted(path)} names no menu of this client: '{name}'", hint)


def unreached(spec: MenuRulesSpec, known: Declared) -> Iterator[FieldProblem]:
    """Rules for friends whom an earlier rule has taken already. The conditions must be right."""
    # Where the clocks stand makes no difference to what follows from what.
    above: list[Predicate] = []
    for index, rule in enumerate(spec.rules):
        predicate = to_predicate(rule.if_, known, "UTC")
        first = next((place for place, earlier in enumerate(above) if implies(predicate, earlier)), None)
        if first is not None:
            path: Path = ("rules", index, "if")
            message = f"{dotted(path)} is never reached: whoever it is about was taken by rules[{first}]"
            yield FieldProblem(path, "E410", message, "put the narrower rule first, or take one of them out")
        above.append(predicate)


def rules_of_client(specs: Mapping[Address, Any]) -> Iterator[tuple[Address, FieldProblem]]:
    """A second file of rules; and a default that everybody sees without a link."""
    menus = {spec.name: spec for spec in specs.values() if isinstance(spec, RichMenuSpec)}
    first = ""
    for address, spec in sorted(specs.items()):
        if not isinstance(spec, MenuRulesSpec):
            continue
        if first:
            message = f"'{first}' holds this client's menu rules already, and the first rule that holds must be one"
            yield address, FieldProblem((), "E409", message, "write all rules into one file, in their order")
        first = first or spec.name
        if spec.default in menus and menus[spec.default].default:
            message = f"default: '{spec.default}' is the account's default menu, which friends without a menu see"
            hint = "write default: none, which links no friend one by one"
            yield address, FieldProblem(("default",), "E411", message, hint, warning=True)
