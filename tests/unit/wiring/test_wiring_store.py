"""Where the store is, and where it must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.errors import BlockedError
from lineform.model.codes import GUARDS
from lineform.settings import Settings
from lineform.wiring.store import workspace_store

HOSTED = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}


def test_without_settings_the_store_is_a_file_of_the_workspace(tmp_path: Path) -> None:
    with workspace_store(Settings(), tmp_path) as store:
        assert store.armed("aoba") == []
        assert not store.shared
    assert (tmp_path / ".lineform" / "store.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("given", [{}, {"LINEFORM_STORE": "sqlite:///elsewhere.db"}])
def test_a_ledger_on_a_disk_that_vanishes_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(BlockedError, match="gone after the job") as caught:
        workspace_store(Settings.from_environment({**HOSTED, **given}), tmp_path)
    assert caught.value.exit_code == 4
    assert caught.value.code in GUARDS
    assert "LINEFORM_STORE" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_command_that_only_looks_may_use_a_file_there(tmp_path: Path) -> None:
    with workspace_store(Settings.from_environment(HOSTED), tmp_path, records=False) as store:
        assert store.armed("aoba") == []


def test_the_offline_account_may_forget(tmp_path: Path) -> None:
    settings = Settings.from_environment({**HOSTED, "LINEFORM_LINE_ORIGIN": "http://127.0.0.1:8787"})
    with workspace_store(settings, tmp_path) as store:
        assert store.armed("aoba") == []
