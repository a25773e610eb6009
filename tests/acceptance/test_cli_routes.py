"""`lineform routes`: what is printed on posters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from support.answering import BASE
from support.command_line import runner
from support.workspaces import write

ROUTE = "kind: route\nname: poster\ntitle: ポスター\n"


def test_addresses_are_listed_and_pictures_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runner(capsys)
    root = write(tmp_path / "w", BASE, {"routes/poster.yaml": ROUTE})
    listed = run("routes", "-C", str(root))
    assert listed.code == 0
    assert "https://go.example/r/aoba/poster  (a text that the friend sends)" in listed.out
    out = tmp_path / "qr"
    made = run("routes", "-C", str(root), "--format", "json", "--out", str(out))
    (one,) = json.loads(made.out)["routes"]
    assert one["url"] == "https://go.example/r/aoba/poster"
    with Image.open(out / "aoba-poster.png") as picture:
        assert picture.width == picture.height >= 400
    assert "<svg" in (out / "aoba-poster.svg").read_text(encoding="utf-8")


def test_a_workspace_without_routes_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runner(capsys)
    assert "no client has entry routes" in run("routes", "-C", str(write(tmp_path, BASE))).out
