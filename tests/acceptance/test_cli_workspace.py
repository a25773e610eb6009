"""The verbs that need no account: validate, test, explain, schema, init and preview."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lineform.model.address import Kind
from support.command_line import BEFORE, SALON, Run, bare_environment, replace


def test_the_reference_workspace_is_valid(workspace: Path, run: Run) -> None:
    told = run("validate")
    assert told.code == 0
    assert told.out.startswith("7 clients, ")
    assert run("validate", "--format", "json").data["valid"] is True


def test_a_workspace_is_found_from_inside(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace / "campaigns")
    assert run("validate").code == 0


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_a_problem_has_its_place_in_every_format(workspace: Path, run: Run, output: str) -> None:
    replace(workspace / "campaigns" / "winter-offer.yaml", "segment: reachable", "segment: reachble")
    told = run("validate", "--format", output)
    assert told.code == 3
    assert "E303" in told.out
    assert "campaigns/winter-offer.yaml" in told.out
    if output in {"json", "sarif"}:
        json.loads(told.out)


@pytest.mark.parametrize("mark", ["top", "checkout", "here"])
def test_annotations_name_files_as_the_repository_does(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    replace(workspace / "campaigns" / "winter-offer.yaml", "segment: reachable", "segment: reachble")
    repository = workspace.parent
    monkeypatch.chdir(repository)
    if mark == "top":
        (repository / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
        monkeypatch.chdir(workspace)
    if mark == "checkout":
        monkeypatch.setenv("GITHUB_WORKSPACE", str(repository))
        monkeypatch.chdir(workspace)
    place = f"{workspace.name}/campaigns/winter-offer.yaml"
    assert f"file={place}," in run("validate", "-C", str(workspace), "--format", "github").out
    (problem,) = run("validate", "-C", str(workspace), "--format", "sarif").data["runs"][0]["results"]
    assert problem["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == place


def test_annotations_of_a_workspace_that_is_the_repository_are_relative_to_it(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(workspace / "campaigns" / "winter-offer.yaml", "segment: reachable", "segment: reachble")
    (workspace / ".git").mkdir()
    monkeypatch.chdir(workspace.parent)
    told = run("validate", "-C", str(workspace), "--format", "github")
    assert "file=campaigns/winter-offer.yaml," in told.out


@pytest.mark.parametrize(
    ("blocked", "verb"),
    [
        (".lineform", ("preview",)),
        (".lineform/preview", ("preview",)),
        (".lineform", ("plan", "--sandbox")),
        (".lineform", ("report", "--sandbox")),
        (".lineform", ("friends", "count", "--sandbox")),
        (".lineform", ("report",)),
        (".lineform", ("demo", "--days", "1")),
    ],
)
def test_a_file_in_the_place_of_the_workspaces_folder_stops_every_verb_alike(
    workspace: Path, run: Run, blocked: str, verb: tuple[str, ...]
) -> None:
    path = workspace / blocked
    path.parent.mkdir(exist_ok=True)
    path.write_text("", encoding="utf-8")
    told = run(*verb)
    assert told.code == 4
    assert blocked in told.err
    assert "must be writable" in told.err


def test_a_page_that_was_named_and_cannot_be_written_is_the_command_lines_fault(workspace: Path, run: Run) -> None:
    told = run("preview", "--out", str(workspace / "lineform.yaml" / "index.html"))
    assert told.code == 64
    assert run("init", str(workspace / "lineform.yaml" / "new")).code == 64


@pytest.mark.parametrize("verb", [("plan", "--sandbox"), ("apply", "--yes"), ("run",), ("test",), ("preview",)])
def test_nothing_is_done_with_an_invalid_workspace(workspace: Path, run: Run, verb: tuple[str, ...]) -> None:
    replace(workspace / "campaigns" / "winter-offer.yaml", "segment: reachable", "segment: reachble")
    refused = run(*verb)
    assert refused.code == 3
    assert "E303" in refused.err
    assert not (workspace / ".lineform").exists()


def test_an_unknown_client_is_met_with_the_nearest(workspace: Path, run: Run) -> None:
    unknown = run("validate", "--client", "aoba-saln")
    assert unknown.code == 3
    assert SALON in unknown.out


def test_a_folder_without_a_workspace_says_how_to_start_one(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare_environment(monkeypatch, tmp_path)
    told = run("validate")
    assert told.code == 3
    assert "lineform init" in told.err


def test_the_tests_of_the_workspace_pass(workspace: Path, run: Run) -> None:
    told = run("test")
    assert told.code == 0
    assert told.out.rstrip().endswith("all passed")


def test_a_failing_test_fails_the_command_and_says_why(workspace: Path, run: Run) -> None:
    path = workspace / "clients" / SALON / "tests" / "birthdays.yaml"
    replace(
        path,
        '{name: tomorrow, attributes: {birthday: "1990-03-01"}',
        '{name: tomorrow, attributes: {birthday: "1990-02-28"}',
    )
    failed = run("test", "--client", SALON)
    assert failed.code == 3
    assert "should receive nothing and receives" in failed.out
    assert run("test", "--format", "json").data["passed"] is False
    suites = ET.fromstring(run("test", "--format", "junit").out)  # noqa: S314 - our own output
    assert suites.get("failures") == "1"


def test_explain_names_every_layer(workspace: Path, run: Run) -> None:
    told = run("explain", "--client", "kita-juku", "campaign.winter-offer", "schedule.at")
    assert told.code == 0
    assert "clients/kita-juku.yaml" in told.out
    assert "campaigns/winter-offer.yaml" in told.out


def test_explain_refuses_what_is_not_there(workspace: Path, run: Run) -> None:
    assert run("explain", "--client", SALON, "campaign.winter-offr").code == 64
    assert run("explain", "--client", SALON, "campaign.winter-offer", "schedule.att").code == 64
    assert run("explain", "campaign.winter-offer").code == 64


def test_every_kind_has_a_schema(tmp_path: Path, run: Run) -> None:
    assert run("schema", "campaign").data["$schema"].startswith("https://json-schema.org/")
    assert run("schema", "--out", str(tmp_path / "schemas")).code == 0
    assert {path.name for path in (tmp_path / "schemas").iterdir()} >= {f"{kind}.schema.json" for kind in Kind}
    assert run("schema", "campain").code == 64


def test_a_new_workspace_is_valid_and_its_test_passes(tmp_path: Path, run: Run) -> None:
    new = str(tmp_path / "new")
    assert run("init", new, "--now", BEFORE, "--title", 'さくら"カフェ": 本店').code == 0
    validated = run("validate", "-C", new)
    assert validated.code == 0
    assert "warning" not in validated.out
    assert "5 friends: all passed" in run("test", "-C", new).out
    assert "2026-12-30T10:00" in (tmp_path / "new" / "campaigns" / "thank-you.yaml").read_text(encoding="utf-8")
    assert ".lineform/" in (tmp_path / "new" / ".gitignore").read_text(encoding="utf-8")
    assert run("plan", "--sandbox", "-C", new).code == 0


def test_a_new_workspace_names_what_a_server_needs(tmp_path: Path, run: Run) -> None:
    assert run("init", str(tmp_path / "new"), "--client", "umi-cafe").code == 0
    told = run("serve", "-C", str(tmp_path / "new"))
    assert told.code == 8
    assert "UMI_CAFE_LINE_SECRET is not set" in told.err
    assert "UMI_CAFE_LINE_SECRET" in (tmp_path / "new" / "README.md").read_text(encoding="utf-8")


def test_init_overwrites_nothing(workspace: Path, tmp_path: Path, run: Run) -> None:
    before = (workspace / "lineform.yaml").read_bytes()
    assert run("init", str(workspace)).code == 4
    assert (workspace / "lineform.yaml").read_bytes() == before
    half = tmp_path / "half"
    (half / "richmenus").mkdir(parents=True)
    (half / "richmenus" / "main.yaml").write_text("mine", encoding="utf-8")
    refused = run("init", str(half))
    assert refused.code == 4
    assert "richmenus/main.yaml" in refused.err
    assert not (half / "lineform.yaml").exists()


def test_init_keeps_the_files_of_a_new_repository(tmp_path: Path, run: Run) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("*.pyc", encoding="utf-8")
    assert run("init", str(tmp_path)).code == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.pyc\n.lineform/\n"


@pytest.mark.parametrize("words", [("--client", "My Shop"), ("--bot", "@shop")])
def test_init_refuses_names_that_cannot_be(tmp_path: Path, run: Run, words: tuple[str, ...]) -> None:
    assert run("init", str(tmp_path / "new"), *words).code == 64
    assert not (tmp_path / "new").exists()


def test_a_client_whose_name_begins_with_a_digit_gets_a_variable(tmp_path: Path, run: Run) -> None:
    assert run("init", str(tmp_path / "new"), "--client", "7-shop").code == 0


def test_a_preview_shows_menus_and_messages_and_runs_nothing(workspace: Path, run: Run) -> None:
    told = run("preview", "--client", SALON, "--now", BEFORE, "--friend-name", "<b>はな</b>")
    assert told.code == 0
    page = (workspace / ".lineform" / "preview" / "index.html").read_text(encoding="utf-8")
    for words in (
        "richmenu.main",
        "campaign.winter-offer",
        "next: 2026-12-01 10:00",
        "お客さま",
        "data:image/png;base64,",
    ):
        assert words in page, words
    assert "&lt;b&gt;はな&lt;/b&gt;さま" in page
    assert "<script" not in page
    assert "<b>はな" not in page


def test_a_preview_says_who_sees_which_menu(workspace: Path, run: Run) -> None:
    assert run("preview", "--client", SALON, "--now", BEFORE, "--out", "page.html").code == 0
    page = (workspace / "page.html").read_text(encoding="utf-8")
    assert "Who sees which menu" in page
    first, second, last = (
        page.index(line)
        for line in (
            "birthday&#39;, where anniversary of birthday is this month",
            "regulars&#39;, where has tag regular or visits is at least 8",
            "no menu of their own, where no rule holds",
        )
    )
    assert first < second < last


def test_a_preview_shows_what_steps_say_with_their_links_and_items(workspace: Path, run: Run) -> None:
    clients = ("--client", "uohide", "--client", "kurashi-zakka", "--client", "kita-juku")
    assert run("preview", *clients, "--now", BEFORE, "--out", "page.html").code == 0
    page = (workspace / "page.html").read_text(encoding="utf-8")
    for words in (
        "scenario.welcome/thanks",
        "https://uohide.example/year-end",  # as it is without a friend to track
        "after 10d at 12:00",
        "藍染の小皿 2200円",  # the example of the rule
        "reply.anything",
    ):
        assert words in page, words


def test_a_preview_says_what_does_not_run(workspace: Path, run: Run) -> None:
    for path in ("campaigns/opening", "richmenus/rules"):
        replace(workspace / "clients" / "kita-juku" / f"{path}.yaml", "\nname:", "\nenabled: false\nname:")
    assert run("preview", "--client", "kita-juku", "--now", BEFORE, "--out", "page.html").code == 0
    page = (workspace / "page.html").read_text(encoding="utf-8")
    shown = {name: page[page.index(name) :].split("<figure")[0] for name in ("reply.opening", "reply.anything")}
    assert {name: "not enabled" in card for name, card in shown.items()} == {
        "reply.opening": True,
        "reply.anything": False,
    }
    assert "not enabled: no menu of their own, where no rule holds" in page


def test_a_preview_says_where_a_message_cannot_be_made(workspace: Path, run: Run) -> None:
    path = workspace / "campaigns" / "winter-offer.yaml"
    replace(path, "friend.name | default('お客')", "friend.name")
    replace(path, "messages:", "skip_if_unknown: [name]\nmessages:")
    assert run("preview", "--client", SALON, "--out", "page.html").code == 0
    assert "friend.name is unknown" in (workspace / "page.html").read_text(encoding="utf-8")


def test_chosen_values_are_read_by_their_declared_type(workspace: Path, run: Run) -> None:
    assert run("preview", "--client", SALON, "--set", "name=みどり", "--out", "page.html").code == 0
    assert "みどりさま" in (workspace / "page.html").read_text(encoding="utf-8")
    assert run("preview", "--client", SALON, "--set", "visits=many").code == 64
    unknown = run("preview", "--client", SALON, "--set", "visit=1")
    assert unknown.code == 64
    assert "visits" in unknown.err
