"""What every verb begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from lineform.cli.common import (
    GRAVITY,
    acting_moment,
    find_resource,
    moment,
    one_client,
    open_project,
    use_colour,
    worst,
)
from lineform.errors import LineformError, UsageError
from lineform.loading.project import load_project
from lineform.model.address import Kind
from lineform.model.project import Project
from lineform.settings import Settings
from support.workspaces import CAMPAIGN, CLIENT, SMALL, another, write

SECOND = another("kawa")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(write(tmp_path, SMALL))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([], 0), ([0, 0], 0), ([0, 2], 2), ([4, 8, 9], 8), ([9, 7], 7), ([2, 3], 3), ([1, 8], 1), ([64, 0], 64)],
)
def test_several_clients_end_with_the_gravest_code(codes: list[int], expected: int) -> None:
    assert worst(codes) == expected


def test_every_exit_code_of_an_error_has_its_gravity() -> None:
    def kinds(kind: type[LineformError]) -> set[int]:
        return {kind.exit_code}.union(*(kinds(child) for child in kind.__subclasses__()))

    assert kinds(LineformError) <= set(GRAVITY)


def test_the_only_client_needs_no_name(project: Project) -> None:
    assert one_client(project, None).name == "aoba"
    assert one_client(project, "aoba").name == "aoba"


def test_of_several_clients_one_must_be_named(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, SMALL, {"clients/kawa.yaml": SECOND}))
    with pytest.raises(UsageError, match="several clients") as caught:
        one_client(project, None)
    assert "aoba, kawa" in caught.value.hint


@pytest.mark.parametrize(("text", "kind"), [("campaign.sale", None), ("sale", Kind.CAMPAIGN)])
def test_a_resource_is_found_by_address_or_by_name(project: Project, text: str, kind: Kind | None) -> None:
    assert str(find_resource(project.clients["aoba"], text, kind).address) == "campaign.sale"


@pytest.mark.parametrize(
    ("text", "kind"), [("campaign.sael", None), ("sael", Kind.CAMPAIGN), ("attributes.basics", Kind.CAMPAIGN)]
)
def test_a_resource_that_is_not_there_is_met_with_those_that_are(
    project: Project, text: str, kind: Kind | None
) -> None:
    with pytest.raises(UsageError) as caught:
        find_resource(project.clients["aoba"], text, kind)
    assert "campaign.sale" in caught.value.hint


def test_a_moment_without_an_offset_is_meant_in_the_projects_time_zone(project: Project) -> None:
    plain = datetime(2026, 12, 1, 10)  # noqa: DTZ001 - as it is typed
    assert moment(project, None) is None
    found = moment(project, plain)
    assert found is not None
    assert found.utcoffset() == timedelta(hours=9)
    aware = datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert moment(project, aware) is aware


REAL = Settings()
LOCAL = Settings(line_origin="http://127.0.0.1:8787")
ELSEWHERE = Settings(line_origin="https://proxy.example.com")


@pytest.mark.parametrize(("settings", "sandbox"), [(REAL, True), (LOCAL, False), (ELSEWHERE, True)])
def test_another_time_is_for_the_offline_account(project: Project, settings: Settings, sandbox: bool) -> None:
    at = datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert acting_moment(project, settings, at, sandbox=sandbox) is at


@pytest.mark.parametrize("settings", [REAL, ELSEWHERE])
def test_real_accounts_live_now(project: Project, settings: Settings) -> None:
    assert acting_moment(project, settings, None, sandbox=False) is None
    with pytest.raises(UsageError, match="real people"):
        acting_moment(project, settings, datetime(2026, 12, 1, 10, tzinfo=UTC), sandbox=False)


def test_an_invalid_workspace_is_told_and_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, SMALL, {"campaigns/sale.yaml": CAMPAIGN.replace("everyone", "{segment: nobody}")})
    with pytest.raises(click.exceptions.Exit) as caught:
        open_project(tmp_path)
    assert caught.value.exit_code == 3
    said = capsys.readouterr()
    assert "E303" in said.err
    assert said.out == ""


def test_a_warning_alone_lets_the_command_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, SMALL, {"clients/aoba.yaml": CLIENT.replace('campaigns: ["*"], ', "")})
    assert open_project(tmp_path).clients.keys() == {"aoba"}
    assert "E117" in capsys.readouterr().err


def test_no_colour_without_a_terminal() -> None:
    assert use_colour() is False
    assert use_colour(err=True) is False
