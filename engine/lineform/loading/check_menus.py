"""What is wrong with a rich menu: its cells in the grid, LINE's limits, and where its switches lead."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lineform.lineapi.check import check_richmenu
from lineform.lineapi.findings import OURS, Finding
from lineform.loading.check_messages import CODES
from lineform.loading.validation import FieldProblem
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.model.richmenu import ACTION_KEYS, Cell, RichMenuSpec
from lineform.model.richmenu_line import Box, layout, richmenu_to_line


def menu_problems(spec: RichMenuSpec) -> list[FieldProblem]:
    """Everything that does not depend on other files."""
    out = list(_outside_grid(spec))
    if spec.grid[0] > 6 or spec.grid[1] > 6:
        out.append(FieldProblem(("grid",), "E404", "grid has more than 6 columns or rows", "`at` counts from A1 to F6"))
    findings = [_from_finding(spec, one) for one in check_richmenu({"name": "-", **richmenu_to_line(spec)})]
    if not out:
        return [*findings, *_overlaps(layout(spec))]
    # Where cells do not fit the grid, that their areas do not fit the picture either was said with it.
    return [*out, *(one for one in findings if one.path[2:] != ("at",))]


def _outside_grid(spec: RichMenuSpec) -> list[FieldProblem]:
    columns, rows = spec.grid
    out = []
    for index, cell in enumerate(spec.cells):
        if cell.at is None:
            continue
        right = ord(cell.at[0]) - ord("A") + cell.span[0]
        bottom = int(cell.at[1]) - 1 + cell.span[1]
        if right > columns or bottom > rows:
            path: Path = ("cells", index, "at")
            message = (
                f"{dotted(path)} leaves the grid: {cell.at} with span {list(cell.span)} does not fit {columns} x {rows}"
            )
            out.append(FieldProblem(path, "E404", message))
    return out


def _overlaps(boxes: Sequence[Box]) -> list[FieldProblem]:
    out = []
    for index, box in enumerate(boxes):
        for earlier in range(index):
            other = boxes[earlier]
            if (
                box.x < other.x + other.width
                and other.x < box.x + box.width
                and box.y < other.y + other.height
                and other.y < box.y + box.height
            ):
                message = f"cells[{index}] lies over cells[{earlier}]: LINE takes the tap for the first of them"
                out.append(FieldProblem(("cells", index), "E405", message, warning=True))
                break
    return out


def _from_finding(spec: RichMenuSpec, finding: Finding) -> FieldProblem:
    path = _written(spec, finding.path)
    return FieldProblem(path, CODES[finding.reason], f"{dotted(path)} {finding.text}", warning=finding.reason in OURS)


def _written(spec: RichMenuSpec, path: Path) -> Path:
    match path:
        case ("areas", int(index), "action", *rest):
            cell = spec.cells[index]
            return ("cells", index, *_action_path(cell, tuple(rest)))
        case ("areas", int(index), *_):
            return ("cells", index, "bounds" if spec.cells[index].bounds is not None else "at")
        case ("chatBarText", *_):
            return ("bar",)
        case ("size", *_):
            return ("size",)
        case ("selected", *_):
            return ("open",)
    return ()


def _action_path(cell: Cell, rest: Path) -> Path:
    if rest and rest[0] == "label":
        return ("label",)
    key = next(k for k in ACTION_KEYS if getattr(cell, k) is not None)
    return (key, *rest) if isinstance(getattr(cell, key), dict) else (key,)


def switch_problems(spec: RichMenuSpec, menus: Collection[str]) -> list[FieldProblem]:
    """Whether every switch leads to a menu of the same client."""
    out = []
    for index, cell in enumerate(spec.cells):
        if cell.switch is not None and cell.switch not in menus:
            path: Path = ("cells", index, "switch")
            hint = did_you_mean(cell.switch, menus) or "let the client use that menu as well"
            out.append(
                FieldProblem(path, "E406", f"{dotted(path)} names no menu of this client: '{cell.switch}'", hint)
            )
    return out
