"""A lock whose holder was killed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from lineform.apply.desk import Desk
from lineform.errors import LockedError
from lineform.ports.store import Store
from lineform.store.open import open_store
from lineform.wiring.clock import SystemClock
from support.applying import at_once, small_image
from support.fake_account import FakeAccount


def _desk(store: Store, *, gone: bool) -> Desk:
    return Desk(
        "salon",
        FakeAccount(),
        store,
        small_image,
        SystemClock(),
        "mine",
        offload=at_once,
        gone=lambda _: gone,
    )


@pytest.mark.parametrize("gone", [True, False])
def test_only_the_lock_of_a_run_that_has_ended_is_taken_over(tmp_path: Path, gone: bool) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.migrate()
        assert store.lease("apply:salon", "theirs", SystemClock().now(), timedelta(minutes=4))
        desk = _desk(store, gone=gone)
        if gone:
            asyncio.run(desk.hold_lock())
            assert store.lease_holder("apply:salon", SystemClock().now()) == "mine"
        else:
            with pytest.raises(LockedError):
                asyncio.run(desk.hold_lock())
            assert store.lease_holder("apply:salon", SystemClock().now()) == "theirs"
