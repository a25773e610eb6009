"""A foreign rich menu as the file that would declare it: the way back from LINE's object to what people write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lineform.errors import BlockedError
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import SIZES, richmenu_to_line
from lineform.planning.change import differences
from lineform.templates.scalars import may_hold_expression

_HINT = "declare this menu by hand, or leave it to the tool that made it"
_NOT_COMPARED = frozenset({"richMenuId", "name"})


@dataclass(frozen=True, slots=True)
class Adopted:
    """The values of a file, in the order in which people write them, and what of the menu they do not say."""

    values: Mapping[str, Any]
    spec: RichMenuSpec
    lost: tuple[str, ...]


def adopted(menu: Mapping[str, Any], name: str, image: str, *, default: bool) -> Adopted:
    """What declares LINE's menu under this name with this image. Raises BlockedError where nothing can."""
    values = _values(menu, name, image, default=default)
    if spoken := [text for text in _texts(values) if may_hold_expression(text)]:
        raise BlockedError(
            f"the menu holds a text that would be read as an expression here: {spoken[0][:80]}", hint=_HINT
        )
    try:
        spec = RichMenuSpec.model_validate(values)
    except ValidationError as error:
        reasons = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise BlockedError(f"no file can say this menu: {'; '.join(reasons)}", hint=_HINT) from None
    live = {key: value for key, value in menu.items() if key not in _NOT_COMPARED}
    ours = richmenu_to_line(spec)
    found = {d.path: (d.before, d.after) for d in (*differences(ours, live), *differences(live, ours))}
    lost = [f"{path}: {_one(live, path)!r} would be {_one(ours, path)!r}" for path in found]
    return Adopted(values, spec, tuple(lost))


def _one(tree: Any, path: str) -> Any:
    """The value at a path as `differences` writes it; None where there is none."""
    for part in path.replace("[", ".[").split("."):
        try:
            tree = tree[int(part[1:-1])] if part.startswith("[") else tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case Mapping():
            return [text for child in value.values() for text in _texts(child)]
        case list():
            return [text for child in value for text in _texts(child)]
        case _:
            return []


def _values(menu: Mapping[str, Any], name: str, image: str, *, default: bool) -> dict[str, Any]:
    size = menu.get("size", {})
    width, height = size.get("width"), size.get("height")
    word = next((word for word, pixels in SIZES.items() if pixels == (width, height)), None)
    values: dict[str, Any] = {
        "kind": "richmenu",
        "name": name,
        "description": f"Adopted from LINE, where it was called {menu.get('name', '')}",
        "bar": menu.get("chatBarText", ""),
        "size": word or [width, height],
        "image": image,
    }
    if default:
        values["default"] = True
    if not menu.get("selected", False):
        values["open"] = False
    values["cells"] = [_cell(number, area) for number, area in enumerate(menu.get("areas", []), start=1)]
    return values


def _cell(number: int, area: Mapping[str, Any]) -> dict[str, Any]:
    bounds, action = area.get("bounds", {}), dict(area.get("action", {}))
    cell: dict[str, Any] = {"bounds": {side: bounds.get(side) for side in ("x", "y", "width", "height")}}
    kind, label = action.pop("type", ""), action.pop("label", "")
    if label:
        cell["label"] = label
    match kind:
        case "uri":
            cell["uri"] = action.get("uri", "")
        case "message":
            cell["message"] = action.get("text", "")
        case "postback":
            cell["postback"] = action["data"] if action.keys() == {"data"} else action
        case "richmenuswitch":
            cell["switch"] = action.get("richMenuAliasId", "")
        case "clipboard":
            cell["clipboard"] = action.get("clipboardText", "")
        case "datetimepicker":
            cell["datetime"] = action
        case _:
            raise BlockedError(f"tap area {number} has an action that no file can say: {kind or 'none'}", hint=_HINT)
    return cell
