"""``lineform codes``: into the store and nowhere else."""

from __future__ import annotations

from pathlib import Path

from lineform.sandbox.control import Control
from support.command_line import DUE, SALON, Run

ONE = ("--client", SALON)
POOL = 'kind: codes\nname: gift\ndescription: ギフトカード\nexpires: "2026-12-31"\n'


def declare(workspace: Path, count: int = 3) -> None:
    (workspace / "campaigns" / "gift.yaml").write_text(POOL, encoding="utf-8")
    lines = "".join(f"SECRET-{number}\n" for number in range(count))
    (workspace / "codes.txt").write_text(lines, encoding="utf-8")


def test_codes_are_imported_counted_and_never_printed(applied: Path, line: Control, run: Run) -> None:
    declare(applied)
    empty = run("codes", *ONE)
    assert (empty.code, "gift  0 free, 0 given (0 confirmed)" in empty.out) == (0, True)
    told = run("codes", "import", "gift", "codes.txt", *ONE)
    assert (told.code, told.out.strip()) == (0, f"{SALON}: gift: 3 codes added, 0 there already")
    again = run("codes", "import", "codes.gift", "codes.txt", *ONE)
    assert again.out.strip() == f"{SALON}: gift: 0 codes added, 3 there already"
    counted = run("codes", "--format", "json", *ONE)
    assert counted.data["clients"][SALON] == [{"pool": "gift", "free": 3, "given": 0, "confirmed": 0, "nameless": 0}]
    for ran in (told, again, counted, run("codes", *ONE)):
        assert "SECRET" not in ran.out + ran.err


def test_a_plan_tells_of_a_pool_that_is_too_small_and_of_what_is_left(applied: Path, line: Control, run: Run) -> None:
    declare(applied, 1)
    offer = applied / "campaigns" / "winter-offer.yaml"
    offer.write_text(offer.read_text(encoding="utf-8") + '  - text: "コード {{ code.gift }}"\n', encoding="utf-8")
    run("codes", "import", "gift", "codes.txt", *ONE)
    plan = run("plan", *ONE, "--now", "2026-11-30T10:00")
    assert "G217: 2 friends need a code of gift, and 1 is free" in plan.out
    assert "SECRET" not in plan.out
    declare(applied, 5)
    run("codes", "import", "gift", "codes.txt", *ONE)
    plan = run("plan", *ONE, "--now", "2026-11-30T10:00")
    assert "2 codes of gift are given, 3 are left" in plan.out
    assert run("apply", "--yes", *ONE).code == 0
    sent = run("run", *ONE, "--now", DUE)
    assert sent.code == 0
    texts = [m.get("text", "") for one in line.deliveries(SALON) for m in one["messages"]]
    assert sorted(text for text in texts if "SECRET" in text) == ["コード SECRET-0", "コード SECRET-1"]
    for ran in (sent, run("report", *ONE), run("codes", *ONE)):
        assert "SECRET" not in ran.out + ran.err


def test_free_codes_of_a_wrong_file_are_discarded_on_ones_word(applied: Path, line: Control, run: Run) -> None:
    declare(applied)
    run("codes", "import", "gift", "codes.txt", *ONE)
    asked = run("codes", "discard", "gift", *ONE)
    assert (asked.code, "3 free codes of gift would be deleted" in asked.err) == (64, True)
    assert run("codes", "discard", "gift", "--yes", *ONE).out.strip() == f"{SALON}: gift: 3 free codes deleted"
