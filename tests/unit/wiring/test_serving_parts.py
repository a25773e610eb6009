"""What a server is made of, where something is missing of one of its clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineform.errors import CredentialError, LineformError, UsageError
from lineform.loading.project import load_project
from lineform.settings import ORIGIN, Settings
from lineform.wiring.serving import parts_of
from lineform.wiring.session import Session, open_session
from support.agency import NAMES, agency

SECRET = "0123456789abcdef0123456789abcdef"
NAMED = {f"{name.upper()}_{what}": SECRET for name in NAMES for what in ("TOKEN", "SECRET", "LINK_KEY")}


@contextmanager
def session_of(root: Path, *missing: str, silent: str = "") -> Iterator[Session]:
    """The agency, whose clients have all secrets but the `missing`; the `silent` one declares no channel secret."""
    agency(root)
    for name in NAMES:
        with (root / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write("" if name == silent else f"secret: {{env: {name.upper()}_SECRET}}\n")
            file.write(f"links: {{base: https://go.{name}.example, key: {{env: {name.upper()}_LINK_KEY}}}}\n")
    found = {key: value for key, value in NAMED.items() if key not in missing}
    settings = Settings.from_environment({**found, ORIGIN: "http://127.0.0.1:9"})
    with open_session(load_project(root), settings) as session:
        yield session


@pytest.mark.parametrize("missing", ["BETA_TOKEN", "BETA_SECRET", "BETA_LINK_KEY"])
def test_a_client_whose_secret_is_missing_is_left_out_and_said(tmp_path: Path, missing: str) -> None:
    failures: dict[str, LineformError] = {}
    with session_of(tmp_path, missing) as session:
        parts = parts_of(session, fail=failures.__setitem__)
    assert [one.name for one in parts.served] == ["alpha", "gamma"]
    assert (set(parts.unserved), set(parts.doors)) == ({"beta"}, {"alpha", "gamma"})
    assert isinstance(failures["beta"], CredentialError)
    assert missing in failures["beta"].message


def test_a_client_that_declares_no_channel_secret_is_left_out_as_well(tmp_path: Path) -> None:
    failures: dict[str, LineformError] = {}
    with session_of(tmp_path, silent="beta") as session:
        parts = parts_of(session, fail=failures.__setitem__)
    assert [one.name for one in parts.served] == ["alpha", "gamma"]
    assert isinstance(failures["beta"], UsageError)
    assert failures["beta"].client == "beta"


def test_links_of_a_client_whose_token_is_missing_lead_on(tmp_path: Path) -> None:
    with session_of(tmp_path, "BETA_TOKEN") as session:
        assert set(parts_of(session, fail=lambda *_: None).link_keys) == set(NAMES)


def test_whoever_takes_no_failures_is_given_the_first(tmp_path: Path) -> None:
    with session_of(tmp_path, "BETA_TOKEN") as session, pytest.raises(CredentialError, match="BETA_TOKEN"):
        parts_of(session)


def test_those_whose_settings_are_not_sure_are_not_served(tmp_path: Path) -> None:
    with session_of(tmp_path) as session:
        parts = parts_of(session, {"delta"})
    assert (len(parts.served), set(parts.unserved)) == (3, {"delta"})
