"""What was sent, and what a check found, for people and machines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lineform.errors import BlockedError
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Send
from lineform.report.checks import Check, Verdict, checks_json, checks_text, failed
from lineform.report.sends import notes_text, sends_json, sends_text
from lineform.sending.kept import Halt, KeptBack, Stopped, Waiting
from lineform.sending.status import BatchStatus, SendStatus

NOON = datetime(2026, 12, 1, 3, tzinfo=UTC)
ZONES = {"aoba": "Asia/Tokyo"}


def _send(address: str = "campaign.sale", status: SendStatus = SendStatus.SENT, **more: Any) -> Send:
    given: dict[str, Any] = {
        "recipients": 1200,
        "accepted_recipients": 1200,
        "batches": {BatchStatus.ACCEPTED: 3, BatchStatus.REFUSED: 0},
        **more,
    }
    return Send(1, address, "d" * 64, "2026-12-01T12:00", NOON, status, recipients_hash="h", **given)


def test_a_send_is_told_in_the_clients_time() -> None:
    text = sends_text({"aoba": [_send()]}, ZONES)
    assert text.splitlines() == [
        "aoba",
        "  2026-12-01 12:00  campaign.sale  sent       1,200 of 1,200 friends · 3 calls",
    ]


def test_calls_that_were_not_all_accepted_are_told_apart() -> None:
    batches = {BatchStatus.ACCEPTED: 2, BatchStatus.UNCERTAIN: 1}
    text = sends_text({"aoba": [_send(batches=batches, accepted_recipients=900, reason="no answer")]}, ZONES)
    assert "900 of 1,200 friends · 3 calls (2 accepted, 1 uncertain)" in text
    assert "      no answer" in text


KEPT = Stopped(
    *("campaign.big", "2026-12-01T12:00", NOON, "G202", "3 messages\x1b are too many", "raise limits.monthly_messages"),
    since=NOON,
    last=NOON + timedelta(minutes=10),
)


def test_a_send_that_a_guard_keeps_back_is_told_with_what_to_do_about_it() -> None:
    text = sends_text(
        {"aoba": [_send()], "kawa": []}, {**ZONES, "kawa": "UTC"}, kept={"aoba": KeptBack(stopped=[KEPT])}
    )
    assert text.splitlines() == [
        "aoba",
        "  2026-12-01 12:00  campaign.sale  sent       1,200 of 1,200 friends · 3 calls",
        "  2026-12-01 12:00  campaign.big   blocked",
        "      G202: 3 messages� are too many (since 2026-12-01 12:00, last at 2026-12-01 12:10)",
        "      → raise limits.monthly_messages",
        "kawa",
        "  nothing was sent",
    ]
    only = sends_text({"aoba": []}, ZONES, kept={"aoba": KeptBack(stopped=[replace(KEPT, last=NOON, hint="")])})
    assert only.splitlines()[1:] == [
        "  2026-12-01 12:00  campaign.big  blocked",
        "      G202: 3 messages� are too many (since 2026-12-01 12:00)",
    ]


STEP = Stopped("scenario.s/a", "", NOON, "G202", "1 message is too many", "", None, NOON, friends=1200)


def test_a_step_that_a_guard_keeps_back_is_told_with_how_many_wait_for_it() -> None:
    text = sends_text({"aoba": []}, ZONES, kept={"aoba": KeptBack(stopped=[STEP])})
    assert text.splitlines()[1:] == [
        "  2026-12-01 12:00  scenario.s/a  blocked    1,200 friends",
        "      G202: 1 message is too many (last at 2026-12-01 12:00)",
    ]


NIGHT = Waiting("campaign.a", "2026-12-01T12:00", NOON, NOON + timedelta(hours=9), "quiet hours")


def test_what_waits_for_the_end_of_the_quiet_hours_is_told_with_when_it_goes() -> None:
    text = sends_text({"aoba": []}, ZONES, kept={"aoba": KeptBack(waiting=[NIGHT])})
    assert text.splitlines()[1:] == [
        "  2026-12-01 12:00  campaign.a  waiting",
        "      quiet hours; it goes at 2026-12-01 21:00",
    ]


def test_a_halt_is_told_before_everything_with_who_did_it_and_how_it_ends() -> None:
    halted = KeptBack(Halt("aki\x1b", NOON, "resume it"))
    assert sends_text({"aoba": []}, ZONES, kept={"aoba": halted}).splitlines()[1:] == [
        "  halted by aki\ufffd since 2026-12-01 12:00: nothing is sent",
        "      → resume it",
        "  nothing was sent",
    ]
    unknown = replace(halted, halt=Halt("aki", None, "resume it"))
    assert "  halted by aki: nothing is sent" in sends_text({"aoba": []}, ZONES, kept={"aoba": unknown})


def test_json_holds_the_halt_and_what_waits() -> None:
    kept = KeptBack(Halt("aki", NOON, "resume it"), [STEP], [NIGHT])
    (told,) = json.loads(sends_json({"aoba": []}, kept={"aoba": kept}))["clients"]
    assert told["halted"] == {"by": "aki", "since": NOON.isoformat(), "hint": "resume it"}
    assert [(one["friends"], one["since"], one["last"]) for one in told["blocked"]] == [(1200, None, NOON.isoformat())]
    assert [(one["address"], one["until"]) for one in told["waiting"]] == [("campaign.a", NIGHT.until.isoformat())]
    (nothing,) = json.loads(sends_json({"aoba": []}))["clients"]
    assert (nothing["halted"], nothing["blocked"], nothing["waiting"]) == (None, [], [])


def test_json_holds_what_guards_keep_back() -> None:
    (told,) = json.loads(sends_json({"aoba": []}, kept={"aoba": KeptBack(stopped=[KEPT])}))["clients"]
    (kept,) = told["blocked"]
    assert (kept["address"], kept["occurrence"], kept["guard"]) == ("campaign.big", "2026-12-01T12:00", "G202")
    assert (kept["hint"], kept["since"]) == ("raise limits.monthly_messages", NOON.isoformat())


def test_what_to_do_about_a_stop_follows_what_was_said_in_the_audit_log() -> None:
    note = AuditEntry(NOON, "aoba", "mika", "stopped by G202", "campaign.big@now", "too many\nraise the limit")
    assert "stopped by G202 campaign.big@now (too many → raise the limit)" in notes_text({"aoba": [note]}, ZONES)


def test_a_client_without_sends_says_so() -> None:
    assert "nothing was sent" in sends_text({"aoba": []}, ZONES)
    assert "nothing was noted" in notes_text({"aoba": []}, ZONES)


def test_what_others_wrote_cannot_repaint_the_terminal() -> None:
    note = AuditEntry(NOON, "aoba", "mika\x1b[2J", "halt", "aoba")
    assert "\x1b" not in notes_text({"aoba": [note]}, ZONES)
    assert "\x1b" not in sends_text({"aoba": [_send(reason="\x1b[2J")]}, ZONES)


def test_json_holds_every_send_and_the_notes_where_asked() -> None:
    note = AuditEntry(NOON, "aoba", "mika", "halt", "aoba")
    plain = json.loads(sends_json({"aoba": [_send()]}))
    assert plain["format_version"] == 1
    assert plain["clients"][0]["sends"][0]["calls"] == {"accepted": 3, "refused": 0}
    assert "audit" not in plain["clients"][0]
    noted = json.loads(sends_json({"aoba": []}, {"aoba": [note]}))
    assert noted["clients"][0]["audit"][0]["actor"] == "mika"


def test_checks_stand_in_columns_with_what_to_do() -> None:
    checks = [
        Check(Verdict.OK, "LINE", "reachable"),
        Check(Verdict.WARN, "店の在庫", "little", "buy"),
        failed("store", BlockedError("gone", hint="find it", code="G301")),
    ]
    lines = checks_text(checks).splitlines()
    assert lines[0] == "ok    LINE      reachable"
    assert lines[1] == "warn  店の在庫  little"
    assert lines[2].endswith("→ buy")
    assert lines[3] == "fail  store     G301: gone"
    assert lines[-1] == "3 checks: 1 failure, 1 warning"
    assert [check["exit_code"] for check in json.loads(checks_json(checks))["checks"]] == [0, 0, 4]


def test_checks_that_found_nothing_are_all_fine() -> None:
    assert checks_text([Check(Verdict.OK, "LINE", "reachable")]).endswith("1 check: all fine")
