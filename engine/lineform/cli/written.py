"""Values as the YAML that a person would have written: keys in order, texts in quotes where they could mislead."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 120
_PLAIN = re.compile(
    r"[A-Za-z\u3041-\u30ff\u4e00-\u9fff][\w.\u3041-\u30ff\u4e00-\u9fff-]*|https?://[^\s#,\[\]{}'\"]+[^\s:]"
)
_OTHERWISE = frozenset({"yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Words that some YAML reader takes for something else than a text."""


def yaml_text(values: Mapping[str, Any]) -> str:
    """A YAML document."""
    # Loaded here because start-up must not pay for it: only what writes YAML needs ruamel.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415

    def styled(value: Any) -> Any:
        match value:
            case str():
                return value if _is_plain(value) else DoubleQuotedScalarString(value)
            case Mapping():
                tree = CommentedMap((styled(key), styled(child)) for key, child in value.items())
                if value and all(isinstance(child, int) for child in value.values()):
                    tree.fa.set_flow_style()
                return tree
            case Sequence():
                items = CommentedSeq(styled(child) for child in value)
                if all(isinstance(child, int) for child in value):
                    items.fa.set_flow_style()
                return items
            case _:
                return value

    yaml = YAML()
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(styled(values), out)
    return out.getvalue()


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.casefold() not in _OTHERWISE
