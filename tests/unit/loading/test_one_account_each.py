"""No two clients are one LINE account: each friend would be sent everything twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading.project import read_project
from lineform.model.problem import Problem
from support.workspaces import CLIENT, SMALL, another, write

COPY = CLIENT.replace("name: aoba", "name: copy")
BOT = next(line for line in CLIENT.splitlines() if line.startswith("bot:")).removeprefix("bot: ")
OTHER_BOT = "U" + "9" * 32


def found(root: Path, *, clients: list[str] | None = None) -> list[Problem]:
    return [problem for problem in read_project(root, clients=clients).problems if problem.code == "E122"]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return write(tmp_path, SMALL, {"clients/copy.yaml": COPY})


def test_a_copied_client_is_told_what_it_has_of_the_other(copied: Path) -> None:
    first, second = found(copied)
    assert first.message == f"the bot {BOT} is that of the client 'aoba' as well"
    assert (first.origin.file, first.client) == ("clients/copy.yaml", "copy")
    assert BOT in first.excerpt
    assert second.message == "the token AOBA_TOKEN is that of the client 'aoba' as well"
    assert "LINE account" in (second.hint or "")


@pytest.mark.parametrize(("asked", "other"), [("aoba", "copy"), ("copy", "aoba")])
def test_whichever_of_them_is_asked_for_is_refused(copied: Path, asked: str, other: str) -> None:
    problems = found(copied, clients=[asked])
    assert [(one.client, one.origin.file) for one in problems] == [(asked, f"clients/{asked}.yaml")] * 2
    assert all(f"'{other}'" in one.message for one in problems)


def test_of_three_the_second_and_the_third_are_told(copied: Path) -> None:
    write(copied, {"clients/third.yaml": CLIENT.replace("name: aoba", "name: third")})
    assert [one.client for one in found(copied)] == ["copy", "copy", "third", "third"]


def test_others_go_on_while_two_are_one(copied: Path) -> None:
    assert found(write(copied, {"clients/other.yaml": another("other")}), clients=["other"]) == []


def test_a_client_with_an_account_of_its_own_is_fine(tmp_path: Path) -> None:
    assert found(write(tmp_path, SMALL, {"clients/copy.yaml": another("copy")})) == []


@pytest.mark.parametrize("broken", ["[]", "{env: [A]}", "secret-itself", "null", "3"])
def test_what_is_no_name_is_no_reason(tmp_path: Path, broken: str) -> None:
    lines = [f"token: {broken}" if line.startswith("token:") else line for line in CLIENT.splitlines()]
    text = "\n".join(lines).replace(BOT, OTHER_BOT)
    files = {"clients/copy.yaml": text.replace("name: aoba", "name: copy"), "clients/aoba.yaml": "\n".join(lines)}
    assert found(write(tmp_path, SMALL, files)) == []
