"""Of several clients, what is wrong with one stays its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lineform.cli import lineform
from lineform.cli.boundary import guarded
from support.agency import BEFORE, CAMPAIGN, DUE, MENU, agency
from support.command_line import Run, bare_environment, move_friends_at_once

UNMAKEABLE = CAMPAIGN.format(name="own") + '  - text: "今日は {{ run.date | add_days(run.date) | date }}"\n'
OFFLINE = ("--sandbox", "--now", BEFORE)
LATER = ("--sandbox", "--now", DUE)
BROKEN = "kind: ["
OWN_FILES = ("clients/beta.yaml", "clients/beta/campaigns/own.yaml", "clients/beta/campaigns/another.yaml")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agency's workspace, which is the current folder; nothing was applied yet."""
    root = agency(tmp_path / "agency")
    bare_environment(monkeypatch, root)
    return root


def test_a_message_that_cannot_be_made_fails_its_own_test_and_no_other(shared: Path, run: Run) -> None:
    (shared / "clients/beta/campaigns/own.yaml").write_text(UNMAKEABLE, encoding="utf-8")
    assert run("validate").code == 0
    told = run("test")
    assert told.code == 3
    assert "ok     alpha: own" in told.out
    assert "FAILED beta: own" in told.out
    assert "E027 {{ run.date | add_days(run.date) | date }}: add_days needs a whole number of days" in told.out
    assert "campaign.own: messages[1], clients/beta/campaigns/own.yaml:7:5" in told.out
    assert "ok     gamma: own" in told.out
    assert [test["passed"] for test in run("test", "--format", "json").data["tests"]] == [True, False, True]
    suites = ET.fromstring(run("test", "--format", "junit").out)  # noqa: S314 - our own output
    assert (suites.get("tests"), suites.get("failures")) == ("3", "1")


def test_a_part_of_a_plan_file_is_applied_and_the_rest_stays(shared: Path, run: Run) -> None:
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    first = run("apply", "plan.json", "--client", "alpha", *OFFLINE)
    assert (first.code, first.err) == (0, "")
    assert "alpha: " in first.out
    assert "beta: " not in first.out
    assert "the rest of the plan stays, and the same file can be applied for it: beta, gamma" in first.out
    rest = run("apply", "plan.json", *OFFLINE)
    assert rest.code == 0
    assert "alpha: nothing to do" in rest.out
    assert run("plan", "--detailed-exitcode", *OFFLINE).code == 0


def test_the_rest_of_a_plan_names_nobody_for_whom_it_was_applied_already(shared: Path, run: Run) -> None:
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    (shared / "clients/gamma/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    assert run("apply", "plan.json", *OFFLINE).code == 3
    (shared / "clients/gamma/campaigns/own.yaml").write_text(CAMPAIGN.format(name="own"), encoding="utf-8")
    again = run("apply", "plan.json", "--client", "alpha", *OFFLINE)
    assert again.out.rstrip().endswith("can be applied for it: gamma")
    assert "the rest of the plan" not in run("apply", "plan.json", "--client", "gamma", *OFFLINE).out


def test_an_approved_digest_of_all_clients_says_whose_part_broke_and_how_the_others_go_on(
    shared: Path, run: Run
) -> None:
    approved = run("plan", "--format", "json", *OFFLINE).data["digest"]
    (shared / "clients/beta/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    refused = run("apply", "--digest", approved, *OFFLINE)
    assert refused.code == 5
    assert "  beta: no part of it is in the plan made now, as it could not be planned" in refused.err
    assert "--client and a digest of their own" in refused.err
    assert "or with the plan file" in refused.err
    (part,) = [line for line in refused.err.splitlines() if line.startswith("  gamma: its part made now")]
    assert run("apply", "--client", "gamma", "--digest", part.split()[-1], *OFFLINE).code == 0


def test_an_approved_digest_says_whose_part_is_new(shared: Path, run: Run) -> None:
    (shared / "clients/beta.yaml").rename(shared / "beta.txt")
    approved = run("plan", "--format", "json", *OFFLINE).data["digest"]
    (shared / "beta.txt").rename(shared / "clients/beta.yaml")
    refused = run("apply", "--digest", approved, *OFFLINE)
    assert refused.code == 5
    assert "  beta: its part is new since the approval" in refused.err
    assert "alpha: its part is new" not in refused.err


def test_a_client_of_whom_a_plan_file_holds_nothing_is_an_error(shared: Path, run: Run) -> None:
    assert run("plan", "--client", "alpha", "--out", "plan.json", *OFFLINE).code == 0
    refused = run("apply", "plan.json", "--client", "alpha", "--client", "beta", *OFFLINE)
    assert refused.code == 64
    assert "the plan file holds no plan for beta" in refused.err
    assert "it is for alpha" in refused.err
    assert refused.out == ""


@pytest.fixture(scope="module")
def armed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after its first apply; only to be copied."""
    root = agency(tmp_path_factory.mktemp("armed") / "agency")
    with pytest.MonkeyPatch.context() as patch:
        bare_environment(patch, root)
        assert guarded(lineform, ["apply", "--yes", *OFFLINE]) == 0
    move_friends_at_once(root)
    return root


@pytest.fixture
def armed(armed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, applied for all three clients."""
    root = tmp_path / "agency"
    shutil.copytree(armed_once, root)
    bare_environment(monkeypatch, root)
    return root


@pytest.mark.parametrize("file", OWN_FILES)
def test_a_broken_file_of_one_client_is_not_even_said_to_another(armed: Path, run: Run, file: str) -> None:
    (armed / file).write_text(BROKEN, encoding="utf-8")
    alone = ("--client", "alpha")
    offline = (*alone, *OFFLINE)
    for verb in (("validate", *alone), ("test", *alone), *((verb, *offline) for verb in ("plan", "drift", "report"))):
        told = run(*verb)
        assert (told.code, told.err) == (0, ""), verb
    assert run("run", *alone, *LATER).code == 0


@pytest.mark.parametrize("file", OWN_FILES)
def test_of_all_clients_the_sound_ones_are_done_and_the_broken_one_is_said(armed: Path, run: Run, file: str) -> None:
    (armed / file).write_text(BROKEN, encoding="utf-8")
    (armed / "richmenus/main.yaml").write_text(MENU.replace("予約", "ご予約"), encoding="utf-8")
    assert run("validate").code == 3
    for verb in ("plan", "drift"):
        told = run(verb, *OFFLINE)
        assert told.code == 3
        assert f"{file}:2:1" in told.err
        assert "error: beta: 1 problem" in told.err
    applied = run("apply", "--yes", *OFFLINE)
    assert applied.code == 3
    assert "alpha: replace" in applied.out or "alpha: create" in applied.out
    assert "beta: " not in applied.out
    assert "Nothing to do" in run("plan", "--client", "gamma", *OFFLINE).out


@pytest.mark.parametrize("file", OWN_FILES)
def test_a_part_of_a_plan_file_whose_client_broke_stays(shared: Path, run: Run, file: str) -> None:
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    (shared / file).write_text(BROKEN, encoding="utf-8")
    told = run("apply", "plan.json", *OFFLINE)
    assert told.code == 3
    assert "error: beta: 1 problem" in told.err
    assert "which this workspace does not have" not in told.err
    assert "beta: " not in told.out
    assert told.out.rstrip().endswith("can be applied for it: beta")


def test_what_was_armed_is_sent_whatever_a_campaigns_file_says_by_now(armed: Path, run: Run) -> None:
    (armed / "clients/beta/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("run", "--format", "json", *LATER)
    assert told.code == 3
    sent = {one["client"]: [entry["outcome"] for entry in one["entries"]] for one in told.data["clients"]}
    assert sent == {"alpha": ["sent", "sent"], "beta": ["sent", "sent"], "gamma": ["sent", "sent"]}
    assert "what is armed goes on as it was approved" in told.err
    assert "beta" in run("report", *LATER).out


def test_where_a_clients_settings_are_not_sure_its_sends_wait(armed: Path, run: Run) -> None:
    settings = armed / "clients/beta.yaml"
    right = settings.read_text(encoding="utf-8")
    settings.write_text(f"{right}limits: {{quiet: nightly}}\n", encoding="utf-8")
    told = run("run", *LATER)
    assert told.code == 3
    assert "nothing is sent for it and what is armed waits" in told.err
    assert "beta at" not in told.out
    assert "what is armed waits" in run("run", "--client", "beta", *LATER).err
    settings.write_text(right, encoding="utf-8")
    sent = run("run", *LATER)
    assert sent.code == 0
    assert sent.out.count(" sent ") == 2


def test_what_a_client_alone_lacks_stays_its_own(armed: Path, run: Run) -> None:
    shared = CAMPAIGN.format(name="sale").replace("こんにちは、sale", '"{{ values.greeting }}"')
    (armed / "campaigns/sale.yaml").write_text(shared, encoding="utf-8")
    for name in ("alpha", "gamma"):
        with (armed / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write("values: {greeting: こんばんは}\n")
    told = run("plan", *OFFLINE)
    assert told.code == 3
    assert "values.greeting is unknown" in told.err
    assert [line for line in told.out.splitlines() if "campaign.sale" in line and "arm" in line]
    assert "error: beta: 1 problem" in told.err


def test_a_broken_shared_file_stops_everybody(armed: Path, run: Run) -> None:
    (armed / "campaigns/another.yaml").write_text(BROKEN, encoding="utf-8")
    for verb in ("plan", "drift", "run", "report"):
        for clients in ((), ("--client", "alpha")):
            told = run(verb, *clients, *LATER)
            assert (told.code, told.out) == (3, "")


def test_a_client_whose_file_is_gone_is_not_forgotten_in_silence(armed: Path, run: Run) -> None:
    settings = armed / "clients/gamma.yaml"
    right = settings.read_text(encoding="utf-8")
    settings.unlink()
    shutil.rmtree(armed / "clients/gamma")
    assert run("validate").code == 0
    for told in (run("plan", *OFFLINE), run("plan", "--format", "markdown", *OFFLINE), run("doctor", *OFFLINE)):
        assert told.code == 0
        assert "2 resources of it are still armed in the store: nothing is sent for it" in told.out
        assert "lineform apply --prune --client gamma" in told.out
    assert run("plan", "--format", "json", *OFFLINE).data["gone"][0]["client"] == "gamma"
    assert "gamma" not in run("plan", "--client", "alpha", *OFFLINE).out
    # What the hint says ends it.
    settings.write_text("\n".join(right.splitlines()[:-1]) + "\n", encoding="utf-8")
    assert run("apply", "--prune", "--yes", "--client", "gamma", *OFFLINE).code == 0
    settings.unlink()
    assert "still armed" not in run("plan", *OFFLINE).out


def test_a_doctor_looks_at_the_others(armed: Path, run: Run) -> None:
    (armed / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("doctor", *OFFLINE)
    assert told.code == 3
    assert "fail  workspace" in told.out
    assert "alpha: bot" in told.out
    assert "beta: " not in told.out


def test_a_menu_without_a_file_is_not_called_as_declared(armed: Path, run: Run) -> None:
    (armed / "richmenus/main.yaml").unlink()
    for told in (run("drift", *OFFLINE), run("apply", "--yes", *OFFLINE)):
        assert told.code == 0
        assert "every account is as declared" not in told.out
        assert "3 resources without a file stay until `--prune`" in told.out


def test_the_kill_switch_needs_no_file(armed: Path, run: Run) -> None:
    (armed / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    halted = run("run", "--halt", *OFFLINE)
    assert halted.code == 0
    assert "beta: halted" in halted.out


LOOKING = (
    ("test",),
    ("preview",),
    ("routes",),
    ("codes", "--sandbox"),
    ("events", "failed", "--sandbox"),
    ("friends", "count", "--sandbox"),
    ("friends", "copy", "--sandbox"),
    ("friends", "sync", "--sandbox"),
)
"""Verbs that are for all clients, where none is named."""


@pytest.mark.parametrize("verb", LOOKING, ids=" ".join)
@pytest.mark.parametrize("file", OWN_FILES[:2])
def test_what_is_for_all_is_done_for_the_sound_ones_and_the_others_findings_are_shown(
    armed: Path, run: Run, verb: tuple[str, ...], file: str
) -> None:
    (armed / file).write_text(BROKEN, encoding="utf-8")
    told = run(*verb)
    assert told.code == 3
    assert f"{file}:2:1" in told.err
    assert told.out
    named = {"routes", "copy", "preview"}.isdisjoint(verb)
    assert (not named) or ("alpha" in told.out and "gamma" in told.out)


def test_the_sound_clients_are_lived_through(shared: Path, run: Run) -> None:
    (shared / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("demo", "--days", "1", "--friends", "2")
    assert told.code == 3
    assert "error: beta: " in told.err
    assert "2 clients, 10 resources: valid" in told.out
    assert ".lineform/demo/index.html shows it all" in told.out


@pytest.mark.parametrize("verb", LOOKING[:-2], ids=" ".join)
def test_a_broken_file_of_another_client_is_nothing_to_one_that_is_named(
    armed: Path, run: Run, verb: tuple[str, ...]
) -> None:
    (armed / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    told = run(*verb, "--client", "alpha")
    assert (told.code, told.err) == (0, "")


def test_friends_of_a_sound_client_are_brought_in_written_out_and_forgotten(
    armed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "a key that is long enough to be one")
    (armed / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    somebody = "U" + "7" * 32
    (armed / "friends.csv").write_text(f"user_id,name\n{somebody},佐藤\n", encoding="utf-8")
    for verb in (
        ("import", "friends.csv"),
        ("sync", "--sandbox"),
        ("export", "--out", "out.csv"),
        ("forget", "--friend", somebody, "--yes"),
    ):
        told = run("friends", *verb, "--client", "alpha")
        assert (told.code, told.err) == (0, ""), verb


def test_the_page_of_a_preview_holds_the_sound_clients(shared: Path, run: Run) -> None:
    (shared / "clients/beta/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("preview")
    assert told.out.endswith("of 2 clients\n")
    assert "error: beta: 1 problem" in told.err
    page = (shared / ".lineform/preview/index.html").read_text(encoding="utf-8")
    assert "alpha" in page
    assert "gamma" in page
    assert "beta" not in page


def test_machines_read_which_clients_tests_could_not_be_run(shared: Path, run: Run) -> None:
    (shared / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    data = run("test", "--format", "json").data
    assert data["passed"] is False
    assert [test["client"] for test in data["tests"]] == ["alpha", "gamma"]
    assert [(one["client"], one["exit_code"]) for one in data["failures"]] == [("beta", 3)]
    suites = ET.fromstring(run("test", "--format", "junit").out)  # noqa: S314 - our own output
    assert (suites.get("tests"), suites.get("errors")) == ("3", "1")


def test_friends_of_a_client_whose_settings_are_sure_are_counted(armed: Path, run: Run) -> None:
    (armed / "clients/beta/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    assert "beta: 0 friends" in run("friends", "count", "--sandbox").out
    (armed / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("friends", "count", "--sandbox")
    assert "beta" not in told.out
    assert "error: beta: 2 problems" in told.err


def test_one_event_is_never_tried_again_at_whichever_client_is_left(armed: Path, run: Run) -> None:
    for name in ("beta", "gamma"):
        (armed / f"clients/{name}.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("events", "failed", "--retry", "1", "--sandbox")
    assert told.code == 64
    assert "--retry is for one event of one client" in told.err
