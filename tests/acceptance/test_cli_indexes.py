"""What `indexed: true` asks for is there after every apply, whatever else there is to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import URL

from lineform.sandbox.control import Control
from lineform.store import open_store
from lineform.store.failures import StoreUnavailable
from lineform.store.hot import usable_indexes
from lineform.store.open import SqlStore
from support.command_line import BEFORE, SALON, SCHOOL, Run, replace
from support.postgres import new_database

ONE = ("--client", SALON)
OFFLINE = (*ONE, "--sandbox", "--now", BEFORE)
VISITS = "visits: {type: number, "


def declare(workspace: Path) -> None:
    """Declares that an attribute of the salon is looked for often."""
    replace(workspace / "clients" / SALON / "attributes.yaml", VISITS, f"{VISITS}indexed: true, ")


def over_attributes(url: str) -> set[str]:
    with open_store(url) as store:
        assert isinstance(store, SqlStore)
        with store.reading() as connection:
            return {name for name in usable_indexes(connection) if name.startswith("friends_") and "visits" in name}


def own(workspace: Path) -> str:
    return f"sqlite:///{workspace / '.lineform' / 'offline.db'}"


def test_an_index_is_made_by_an_apply_without_anything_else_to_do(applied: Path, run: Run) -> None:
    declare(applied)
    done = run("apply", "--yes", *OFFLINE)
    assert done.code == 0
    assert "Nothing to do" in done.out
    assert done.out.endswith("made 1 index of the store\n")
    assert over_attributes(own(applied)) == {"friends_number_visits"}
    assert "index" not in run("apply", "--yes", *OFFLINE).out


def test_an_index_is_made_by_a_saved_plan_that_is_done(applied: Path, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    assert run("apply", "plan.json", *OFFLINE).code == 0
    declare(applied)
    assert "nothing to do" in run("apply", "plan.json", *OFFLINE).out
    assert over_attributes(own(applied)) == {"friends_number_visits"}


def test_an_index_over_several_attributes_is_made_as_well(applied: Path, run: Run) -> None:
    words = applied / "clients" / SALON / "attributes.yaml"
    before = words.read_text(encoding="utf-8")
    words.write_text(f"{before}indexed_together:\n  - [has_children, visits]\n", encoding="utf-8")
    assert run("apply", "--yes", *OFFLINE).out.endswith("made 1 index of the store\n")
    assert over_attributes(own(applied)) == {"friends_bool,number_has_children,visits"}
    words.write_text(f"{before}indexed_together:\n  - [has_children, visit]\n", encoding="utf-8")
    told = run("validate", *ONE)
    assert told.code == 3
    assert "E301" in told.out
    assert "did you mean 'visits'?" in told.out


def test_a_plan_that_is_not_agreed_to_makes_no_index(applied: Path, run: Run) -> None:
    declare(applied)
    assert run("apply", "--digest", "0" * 64, *OFFLINE).code == 5
    assert over_attributes(own(applied)) == set()


def test_an_index_that_cannot_be_made_is_told_after_what_was_applied(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> int:
        raise StoreUnavailable("the store is locked")

    monkeypatch.setattr(SqlStore, "keep_indexes", busy)
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    for said in ("of 1 steps", "Nothing to do"):
        told = run("apply", "--yes", *OFFLINE)
        assert told.code == StoreUnavailable.exit_code
        assert said in told.out
        assert "the store is locked" in told.err


def test_indexes_of_the_first_client_make_room_for_a_second_one_as_soon_as_it_comes(
    applied: Path, line: Control, run: Run, postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEFORM_STORE", new_database(postgres_server))
    url = os.environ["LINEFORM_STORE"]
    declare(applied)
    assert run("apply", "--yes", *ONE).code == 0
    assert over_attributes(url) == {"friends_alone_number_visits"}
    (applied / "pupils.csv").write_text(f"user_id,role\n{'U' + '7' * 32},student\n", encoding="utf-8")
    assert run("friends", "import", "pupils.csv", "--client", SCHOOL).code == 0
    # Whichever client does something.
    assert over_attributes(url) == {"friends_number_visits"}
    again = run("apply", "--yes", *ONE)
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert over_attributes(url) == {"friends_number_visits"}
