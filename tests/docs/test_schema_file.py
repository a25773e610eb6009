"""The schema that editors read is the one that the models make."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from lineform.loading.jsonschemas import all_schemas

ROOT = Path(__file__).parents[2]
FILE = ROOT / "engine" / "schemas" / "lineform.schema.json"


def test_the_committed_schema_is_the_one_that_the_models_make() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == all_schemas()["lineform"], "run: make schema"


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(all_schemas()["lineform"])


def test_every_file_of_the_reference_workspace_refers_to_it() -> None:
    files = [ROOT / "lineform.yaml"]
    for folder in ("campaigns", "segments", "richmenus", "clients"):
        files += [path for path in (ROOT / folder).rglob("*.yaml") if path.parent.name != "messages"]
    assert len(files) > 20
    for path in files:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        prefix, _, reference = first.partition("$schema=")
        assert prefix == "# yaml-language-server: ", path
        assert (path.parent / reference).resolve() == FILE, path
