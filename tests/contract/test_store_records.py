"""What every store owes beside friends and sends: revisions, leases, the audit log, the bot that was met first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lineform.errors import CredentialError
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Revision
from lineform.ports.store import Store
from lineform.store import open_store
from support.stores import NOW

HOUR = timedelta(hours=1)


def revision(digest: str, at: datetime = NOW, address: str = "campaign.sale") -> Revision:
    return Revision(address, digest, at, {"言葉": ["冬", 1, 1.5, None, True], "z": {"a": "\u0000"}})


def test_how_much_is_armed_is_counted_by_account(store: Store) -> None:
    before = dict(store.count_armed())
    store.arm("gone-salon", revision("d1"))
    store.arm("gone-salon", revision("d2"))
    store.arm("gone-salon", revision("d3", address="scenario.welcome"))
    store.arm("ended-salon", revision("d1"))
    store.disarm("ended-salon", "campaign.sale", NOW)
    assert store.count_armed() == {**before, "gone-salon": 2}


def test_a_revision_remembers_with_how_many_people_it_was_armed(store: Store) -> None:
    store.arm("aoba", replace(revision("d1"), people=1_234))
    store.arm("aoba", replace(revision("d1"), people=5))
    store.arm("aoba", revision("d2", address="campaign.other"))
    assert {one.address: one.people for one in store.armed("aoba")} == {"campaign.sale": 1_234, "campaign.other": None}


def test_an_armed_revision_comes_back_whole(store: Store) -> None:
    store.arm("aoba", revision("d1"))
    assert store.armed("aoba") == [revision("d1")]
    assert list(store.armed("aoba")[0].body) == ["言葉", "z"]
    assert store.armed("other") == []


def test_arming_the_same_digest_again_changes_nothing(store: Store) -> None:
    store.arm("aoba", revision("d1"))
    store.arm("aoba", revision("d1", NOW + HOUR))
    assert store.armed("aoba") == [revision("d1")]


def test_a_new_digest_takes_the_place_of_the_old_one(store: Store) -> None:
    store.arm("aoba", revision("d1"))
    store.arm("aoba", revision("d2", NOW + HOUR))
    store.arm("aoba", revision("d1", NOW + 2 * HOUR))
    assert store.armed("aoba") == [revision("d1", NOW + 2 * HOUR)]


def test_disarming_takes_one_address(store: Store) -> None:
    store.arm("aoba", revision("d1"))
    store.arm("aoba", revision("d1", address="campaign.other"))
    store.arm("other", revision("d1"))
    store.disarm("aoba", "campaign.sale", NOW)
    store.disarm("nobody", "campaign.sale", NOW)
    assert [r.address for r in store.armed("aoba")] == ["campaign.other"]
    assert len(store.armed("other")) == 1


def test_what_another_process_armed_or_disarmed_is_seen_at_once(store_url: str) -> None:
    with open_store(store_url) as one, open_store(store_url) as other:
        one.arm("aoba", revision("d1"))
        assert other.armed("aoba") == [revision("d1")]
        one.arm("aoba", revision("d2", NOW + HOUR))
        one.arm("aoba", revision("d1", address="campaign.other"))
        (_, sale) = other.armed("aoba")
        assert (sale, sale.since) == (revision("d2", NOW + HOUR), NOW)
        one.disarm("aoba", "campaign.sale", NOW)
        assert [r.address for r in other.armed("aoba")] == ["campaign.other"]


def test_what_was_rolled_back_is_not_taken_for_what_was_armed_after_it(store: Store) -> None:
    store.arm("aoba", revision("d1"))
    with suppress(ZeroDivisionError), store.together("aoba") as inside:
        inside.arm("aoba", revision("d2", NOW + HOUR))
        assert inside.armed("aoba") == [revision("d2", NOW + HOUR)]
        raise ZeroDivisionError
    assert store.armed("aoba") == [revision("d1")]
    store.arm("aoba", revision("d3", NOW + HOUR))
    assert store.armed("aoba") == [revision("d3", NOW + HOUR)]


def test_a_lease_has_one_holder_until_it_ends(store: Store) -> None:
    assert store.lease("apply:aoba", "one", NOW, HOUR)
    assert not store.lease("apply:aoba", "two", NOW, HOUR)
    assert store.lease("apply:other", "two", NOW, HOUR)
    assert store.lease_holder("apply:aoba", NOW) == "one"
    assert store.lease_holder("apply:aoba", NOW + HOUR) == ""
    assert store.lease("apply:aoba", "two", NOW + HOUR, HOUR)
    assert store.lease_holder("apply:aoba", NOW + HOUR) == "two"


def test_its_holder_renews_a_lease(store: Store) -> None:
    store.lease("x", "one", NOW, HOUR)
    assert store.lease("x", "one", NOW + HOUR / 2, HOUR)
    assert store.lease_holder("x", NOW + HOUR) == "one"


def test_only_its_holder_releases_a_lease(store: Store) -> None:
    store.lease("x", "one", NOW, HOUR)
    store.release_lease("x", "two")
    assert store.lease_holder("x", NOW) == "one"
    store.release_lease("x", "one")
    assert store.lease_holder("x", NOW) == ""


def test_the_latest_notes_come_first(store: Store) -> None:
    entries = [AuditEntry(NOW, "aoba", "花子", "apply", f"plan {n}", "詳細") for n in range(3)]
    for entry in entries:
        store.note(entry)
    store.note(AuditEntry(NOW, "other", "x", "y", "z"))
    assert store.notes("aoba", limit=2) == [entries[2], entries[1]]


def test_an_account_keeps_its_bot(store: Store) -> None:
    store.claim_bot("aoba", "U" + "a" * 32)
    store.claim_bot("aoba", "U" + "a" * 32)
    store.claim_bot("other", "U" + "b" * 32)
    with pytest.raises(CredentialError, match="belong to bot"):
        store.claim_bot("aoba", "U" + "b" * 32)


def test_a_bot_is_recorded_under_one_name(store: Store) -> None:
    store.claim_bot("aoba", "U" + "a" * 32)
    with pytest.raises(CredentialError, match="recorded as 'aoba', and 'copy' would send to the same friends") as told:
        store.claim_bot("copy", "U" + "a" * 32)
    assert "call it 'aoba'" in told.value.hint
    store.claim_bot("copy", "U" + "c" * 32)
