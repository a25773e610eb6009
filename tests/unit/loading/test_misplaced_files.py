"""A file that somebody wrote for the workspace and that nothing reads is told, with the place where it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading.misplaced import ENTRIES, FOLDERS
from lineform.model.address import Kind
from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, SMALL, only, problems, write

MORE = CAMPAIGN.replace("name: sale", "name: more")


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("campaign/more.yaml", "campaigns/more.yaml"),
        ("scenarios/more.yaml", "campaigns/more.yaml"),
        ("more.yaml", "campaigns/more.yaml"),
        ("campaigns/more.YAML", "campaigns/more.yaml"),
        ("Campaigns/more.yaml", "campaigns/more.yaml"),
        ("campaigns/more.yaml.txt", "campaigns/more.yaml"),
        ("campaigns/more.yml.j2.txt", "campaigns/more.yml.j2"),
        ("campaigns/messages/more.yaml", "campaigns/more.yaml"),
        ("campaigns/winter/messages/more.yaml", "campaigns/winter/more.yaml"),
        ("clients/aoba/campaigns/more.Yml", "clients/aoba/campaigns/more.yml"),
        ("shop/aoba/campaigns/more.yaml", "campaigns/more.yaml"),
    ],
)
def test_a_campaign_that_is_not_read_is_told(tmp_path: Path, file: str, place: str) -> None:
    found = only(write(tmp_path, SMALL, {file: MORE}))
    assert (found.code, found.severity, str(found.origin)) == ("E106", Severity.WARNING, file)
    assert found.hint == f"did you mean {place}?"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".hidden/more.yaml", MORE),
        ("node_modules/more.yaml", MORE),
        ("tests/more.yaml", MORE),
        ("campaigns/more.yaml.bak", MORE),
        ("campaigns/messages/card.yaml", "type: bubble\n"),
        ("deploy/app.yaml", "apiVersion: v1\nkind: Deployment\nname: app\n"),
        ("deploy/route.yaml", "kind: route\n"),
        ("campaigns/notes.txt", MORE),
        ("big/more.yaml", MORE + "# " + "x" * 70_000),
    ],
)
def test_what_was_written_for_something_else_is_not_told(tmp_path: Path, file: str, text: str) -> None:
    assert problems(write(tmp_path, SMALL, {file: text})) == []


def test_another_workspace_inside_is_left_alone(tmp_path: Path) -> None:
    inner = {f"example/{name}": text for name, text in {**SMALL, "more.yaml": MORE}.items()}
    assert problems(write(tmp_path, SMALL, inner)) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "workspace", SMALL)
    write(tmp_path / "elsewhere", {"campaign/more.yaml": MORE})
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    assert problems(root) == []


def test_a_large_repository_is_not_looked_through(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL)
    (root / "a").mkdir()
    for number in range(ENTRIES):
        (root / "a" / f"{number}.txt").touch()
    write(root, {"b/c/more.yaml": MORE})
    assert problems(root) == []


def test_every_kind_has_its_folder() -> None:
    assert FOLDERS.keys() == set(Kind) - {Kind.PROJECT}
