"""The schemas accept what loads, and refuse what an editor should underline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lineform.loading.jsonschemas import all_schemas
from lineform.loading.yaml import parse_yaml
from lineform.model.catalogue import SPECS
from support.workspaces import ATTRIBUTES, CAMPAIGN, CLIENT, PROJECT

SCHEMAS = all_schemas()
ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in ("campaigns", "segments", "richmenus", "clients")
    for path in (ROOT / folder).rglob("*.yaml")
    if "messages" not in path.relative_to(ROOT).parts
)


def read(text: str) -> Any:
    document, _ = parse_yaml(text, "a.yaml")
    assert document is not None
    return document.value


def errors(tree: Any, name: str = "lineform") -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    return [error.json_path for error in validator.iter_errors(tree)]


def test_there_is_one_for_each_kind_and_one_for_all() -> None:
    assert set(SCHEMAS) == {"lineform", *(kind.value for kind in SPECS)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reference_workspace_is_accepted(path: Path) -> None:
    tree = read(path.read_text(encoding="utf-8"))
    assert errors(tree) == []
    assert errors(tree, tree["kind"]) == []


@pytest.mark.parametrize(
    "text",
    [
        PROJECT, CLIENT, ATTRIBUTES, CAMPAIGN,
        CAMPAIGN.replace("- text: こんにちは", '- {flex: messages/card.yaml, altText: "{{ values.x }}"}'),
        CAMPAIGN.replace("- text: こんにちは", "- {part: messages/hello.yaml}"),
        CAMPAIGN.replace('"2026-12-01T10:00"', '"{{ values.at }}"'),
        "kind: richmenu\nname: x\nbar: '{{ client.title }}'\ncells: [{at: A1, uri: '{{ values.u }}'}]",
    ],
)  # fmt: skip
def test_what_loads_is_accepted(text: str) -> None:
    assert errors(read(text)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: campaign", "kind: campain"),
        ("audience: everyone", "audience: evryone"),
        ("audience:", "audiance:"),
        ("audience: everyone", "audience: {where: {}}"),
        ("- text: こんにちは", "- txt: こんにちは"),
        ("- text: こんにちは", "- {text: a, altText: b}"),
        ('"2026-12-01T10:00"', "tomorrow"),
        ("name: sale", "name: Winter Sale"),
    ],
)
def test_what_does_not_load_is_refused(old: str, new: str) -> None:
    assert errors(read(CAMPAIGN.replace(old, new))) != []


def test_every_field_is_described_where_its_model_is() -> None:
    fields = SCHEMAS["campaign"]["properties"]
    assert fields["messages"]["description"].startswith("One to five messages")
    assert fields["audience"]["description"].startswith("Who receives it")
