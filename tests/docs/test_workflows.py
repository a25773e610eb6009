"""The workflows of this repository, which others start from: where they run, and what reaches their shells."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineform.loading import load_project
from lineform.model.catalogue import SHARED_FOLDERS
from support.command_line import ROOT

WORKFLOWS: dict[str, dict[str | bool, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
JOBS = [(name, job, spec) for name, workflow in WORKFLOWS.items() for job, spec in workflow["jobs"].items()]
STEPS = [(f"{name}/{job}", step) for name, job, spec in JOBS for step in spec["steps"]]


@pytest.mark.parametrize(("name", "job", "spec"), [entry for entry in JOBS if "secrets." in str(entry[2])])
def test_a_job_with_secrets_runs_only_where_it_was_enabled(name: str, job: str, spec: dict[str, Any]) -> None:
    assert "vars.LINEFORM_ENABLED == 'true'" in spec["if"], f"{name}/{job}"


@pytest.mark.parametrize(("where", "step"), [entry for entry in STEPS if "run" in entry[1]])
def test_nothing_from_outside_is_written_into_a_script(where: str, step: dict[str, Any]) -> None:
    assert "${{" not in step["run"], where


def test_every_client_has_its_token_where_line_is_spoken_to_and_its_link_key_where_links_are_signed() -> None:
    clients = load_project(ROOT).clients.values()
    tokens = {client.spec.token.env for client in clients}
    keys = {client.spec.links.key.env for client in clients if client.spec.links is not None}
    for name in ("plan", "apply", "run", "drift"):
        (given, *others) = [set(step["env"]) for where, step in STEPS if where.startswith(name) and "env" in step]
        wanted = tokens | (keys if name == "run" else set())
        assert all(wanted <= some for some in (given, *others) if some & tokens), name


def triggers(workflow: str) -> Any:
    """What starts this workflow."""
    return WORKFLOWS[workflow][True]  # YAML 1.1 reads the key `on` as true


def test_sends_are_looked_for_every_five_minutes_of_the_whole_day() -> None:
    assert [entry["cron"] for entry in triggers("run")["schedule"]] == ["3-58/5 * * * *"]


def test_every_folder_that_a_workspace_reads_is_looked_at() -> None:
    for name, event in (("check", "pull_request"), ("plan", "pull_request"), ("apply", "push")):
        assert set(triggers(name)[event]["paths"]) == {
            "lineform.yaml",
            *(f"{folder}/**" for folder in SHARED_FOLDERS),
        }, name


def _script(job: str, verb: str) -> str:
    steps = WORKFLOWS["apply"]["jobs"][job]["steps"]
    return next(str(step["run"]) for step in steps if f"lineform {verb}" in step.get("run", ""))


def _fake(folder: Path, does: str) -> None:
    """A lineform that does this."""
    fake = folder / ".venv" / "bin" / "lineform"
    fake.parent.mkdir(parents=True)
    fake.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    fake.chmod(0o755)


@pytest.mark.parametrize(("does", "goes_on"), [("echo {} > plan.json; exit 8", True), ("exit 3", False)])
def test_a_client_that_cannot_be_planned_keeps_no_other_from_its_change(
    does: str, goes_on: bool, tmp_path: Path
) -> None:
    _fake(tmp_path, does)
    script = re.sub(r'^\s*echo "digest=.*$', "echo planned", _script("plan", "plan"), flags=re.MULTILINE)
    env = {"PATH": os.environ["PATH"], "PRUNE": "", "ADOPT": "", "GITHUB_STEP_SUMMARY": "summary"}
    command = ["bash", "-e", "-c", script]
    told = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (told.returncode == 0, told.stdout) == (goes_on, "planned\n" if goes_on else "")


@pytest.mark.parametrize(("job", "verb"), [("plan", "plan"), ("apply", "apply")])
@pytest.mark.parametrize(
    ("prune", "adopt", "options"),
    [
        ("", "", []),
        ("false", "", []),
        ("true", "richmenu.main", ["--prune", "--adopt", "richmenu.main"]),
        ("true", "a b", ["--prune", "--adopt", "a", "--adopt", "b"]),
        ("", "$(touch hacked) *", ["--adopt", "$(touch", "--adopt", "hacked)", "--adopt", "*"]),
    ],
)
def test_what_a_person_enters_reaches_plan_and_apply_as_options_and_is_never_run(
    job: str, verb: str, prune: str, adopt: str, options: list[str], tmp_path: Path
) -> None:
    _fake(tmp_path, 'printf "%s\\n" "$@" > said')
    script = re.sub(r'^\s*echo "digest=.*$', "", _script(job, verb), flags=re.MULTILINE)
    env = {
        "PATH": os.environ["PATH"],
        "PRUNE": prune,
        "ADOPT": adopt,
        "DIGEST": "abc",
        "GITHUB_STEP_SUMMARY": "summary",
    }
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=env, check=True, timeout=30)
    said = (tmp_path / "said").read_text(encoding="utf-8").splitlines()
    assert said[0] == verb
    fixed = ["--format", "markdown", "--out", "plan.json"] if verb == "plan" else ["--yes", "--digest", "abc"]
    assert said[1:] == [*fixed, *options]
    assert not (tmp_path / "hacked").exists()
