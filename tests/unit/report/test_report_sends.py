"""What was sent, and what a check found, for people and machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lineform.errors import BlockedError
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Send
from lineform.report.checks import Check, Verdict, checks_json, checks_text, failed
from lineform.report.sends import notes_text, sends_json, sends_text
from lineform.sending.status import BatchStatus, SendStatus

NOON = datetime(2026, 12, 1, 3, tzinfo=UTC)
ZONES = {"aoba": "Asia/Tokyo"}


def _send(address: str = "campaign.sale", status: SendStatus = SendStatus.SENT, **more: object) -> Send:
    given: dict[str, object] = {
        "recipients": 1200,
        "accepted_recipients": 1200,
        "batches": {BatchStatus.ACCEPTED: 3, BatchStatus.REFUSED: 0},
        **more,
    }
    return Send(1, address, "d" * 64, "2026-12-01T12:00", NOON, status, recipients_hash="h", **given)  # type: ignore[arg-type]


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
