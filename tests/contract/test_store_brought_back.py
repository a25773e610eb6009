"""What every store needs that another tool brought back from an older state: a halt, doubts, and the forgotten gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lineform.errors import CredentialError
from lineform.ports.friends import FriendCount, FriendRow
from lineform.run.halt import halted_by
from lineform.settings import Settings
from lineform.store import migrations
from lineform.store.open import open_store
from lineform.wiring.backup import Restored, after_restore, before_restore
from support.stores import NOW, user

KEY = "the key of these tests, which never changes"


def settings(url: str, key: str = KEY) -> Settings:
    return Settings.from_environment({"LINEFORM_STORE": url, "LINEFORM_FORGET_KEY": key})


def fill(url: str, forgets: tuple[str, ...] = ()) -> None:
    with open_store(url, KEY) as store:
        store.migrate()
        for account in ("aoba", "kita"):
            store.import_friends(account, [FriendRow(user(n)) for n in (1, 2, 3)], NOW)
        if forgets:
            store.forget("aoba", forgets, NOW)


def test_the_forgotten_stay_forgotten_and_every_client_is_halted(
    store_url: str, fresh_url: str, tmp_path: Path
) -> None:
    newer, older, file = store_url, fresh_url, tmp_path / "who.forgotten"
    fill(newer, (user(1), user(77)))
    fill(older)
    saved = before_restore(settings(newer), tmp_path, file, NOW, "somebody")
    assert saved == Restored(migrations.VERSION, ("aoba", "kita"), 2)
    with open_store(newer) as store:
        assert halted_by(store, "aoba", NOW) == "somebody"
    with pytest.raises(CredentialError, match="have been forgotten since"):
        after_restore(settings(older, ""), tmp_path, file, NOW, "somebody")
    with open_store(older, KEY) as store:
        assert halted_by(store, "aoba", NOW) == halted_by(store, "kita", NOW) == "somebody", "whatever comes after it"
    assert after_restore(settings(older), tmp_path, file, NOW, "somebody").forgotten == 1
    with open_store(older, KEY) as store:
        assert (store.count_friends("aoba"), store.count_friends("kita")) == (FriendCount(2, 0), FriendCount(3, 0))
        assert store.was_forgotten("aoba", [user(1), user(2), user(77)]) == {user(1), user(77)}
    assert after_restore(settings(older), tmp_path, file, NOW, "somebody").forgotten == 0
    assert after_restore(settings(older), tmp_path, None, NOW, "somebody").halted == ("aoba", "kita")


def test_who_came_back_before_the_backup_stays_and_who_was_forgotten_since_goes(
    store_url: str, fresh_url: str, tmp_path: Path
) -> None:
    newer, older, file = store_url, fresh_url, tmp_path / "who.forgotten"
    for url in (newer, older):
        fill(url, (user(1), user(2)))
        with open_store(url, KEY) as store:
            store.import_friends("aoba", [FriendRow(user(n), returns=True) for n in (1, 2)], NOW)
    with open_store(newer, KEY) as store:
        store.forget("aoba", [user(2)], NOW + timedelta(days=1))
    before_restore(settings(newer), tmp_path, file, NOW, "somebody")
    assert after_restore(settings(older), tmp_path, file, NOW, "somebody").forgotten == 1
    with open_store(older, KEY) as store:
        assert [one.user_id for one in store.every_friend("aoba")] == [user(1), user(3)]
    assert after_restore(settings(older), tmp_path, file, NOW, "somebody").forgotten == 0
