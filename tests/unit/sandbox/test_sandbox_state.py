from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.errors import BlockedError, LineformError, LockedError, PartialError, UsageError
from lineform.sandbox.clock import SandboxClock
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer, serve
from lineform.sandbox.state import State
from support.line_calls import Line, a_text

DAY = 86400


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    once = str(uuid.uuid4())
    with SandboxServer(file) as server:
        control = Control(server.origin)
        control.set_clock(1_764_558_000.0)
        control.add_account(name="shop", token="token")
        (friend,) = control.add_friends("shop", 1)
        line = Line(server.origin)
        first = line.push(friend, key=once)
        menu = line.new_menu()
        line.post("/v2/bot/richmenu/bulk/link", {"richMenuId": menu, "userIds": [friend]})
    with SandboxServer(file) as server:
        control, line = Control(server.origin), Line(server.origin)
        assert control.clock() == {"now": "2025-12-01T03:00:00.000Z", "epoch": 1_764_558_000.0, "frozen": True}
        again = line.push(friend, key=once)
        assert again.headers["x-line-accepted-request-id"] == first.request_id
        control.advance(2)
        assert control.friend("shop", friend)["linked_menu"] == menu
        assert len(control.requests()) == 5


def test_a_state_from_before_there_were_audiences_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    State(file).close()
    with closing(sqlite3.connect(file)) as older, older:
        for table in ("audiences", "audience_jobs", "audience_members"):
            older.execute(f"drop table {table}")
    older.close()
    state = State(file)
    assert state.number("select count(*) from audiences") == 0
    state.close()


def test_what_was_answered_survives_a_killed_process(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    program = f"""
        from pathlib import Path
        from lineform.sandbox.server import SandboxServer
        print(SandboxServer(Path({str(file)!r})).origin, flush=True)
        input()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        origin = process.stdout.readline().strip()
        control = Control(origin)
        control.add_account(name="shop", token="token")
        (friend,) = control.add_friends("shop", 1)
        for number in range(20):
            assert Line(origin).push(friend, f"message {number}").status == 200
        process.send_signal(signal.SIGKILL)
    with SandboxServer(file) as server:
        received = Control(server.origin).deliveries("shop", friend)
    assert [entry["messages"] for entry in received] == [[a_text(f"message {number}")] for number in range(20)]


def test_the_state_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    State(file).close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_state_file_of_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    state = State(file)
    state.remember("format", 99)
    state.close()
    with pytest.raises(UsageError, match="has format 99"):
        State(file)


def test_a_seed_repeats_ids_but_not_over_a_restart(tmp_path: Path) -> None:
    def ids(file: Path) -> list[str]:
        with SandboxServer(file, seed=1) as server:
            control = Control(server.origin)
            if not control.accounts():
                control.add_account(name="shop", token="token")
            return control.add_friends("shop", 3)

    first = ids(tmp_path / "a.sqlite3")
    assert ids(tmp_path / "b.sqlite3") == first
    assert not set(ids(tmp_path / "a.sqlite3")) & set(first)


def test_the_clock_stands_jumps_runs_and_is_real_again(control: Control) -> None:
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert control.set_clock(noon) == {"now": "2026-02-01T12:00:00.000Z", "epoch": noon.timestamp(), "frozen": True}
    assert control.advance(90)["now"] == "2026-02-01T12:01:30.000Z"
    running = control.set_clock(noon, freeze=False)
    assert not running["frozen"]
    assert noon.timestamp() <= control.clock()["epoch"] < noon.timestamp() + 60
    assert abs(control.real_clock()["epoch"] - datetime.now(UTC).timestamp()) < 60
    with pytest.raises(LineformError, match="has no time zone"):
        control.set_clock(datetime(2026, 2, 1))  # noqa: DTZ001 - this is what is refused


@given(st.lists(st.sampled_from(["freeze", "run", "advance", "real tick"]), max_size=12))
def test_a_clock_never_goes_back_by_itself(steps: list[str]) -> None:
    real = [1000.0]
    clock = SandboxClock(lambda: real[0])
    for step in steps:
        before = clock.now()
        if step == "freeze":
            clock.freeze()
        elif step == "run":
            clock.run()
        elif step == "advance":
            clock.advance(5)
            assert clock.now() == before + 5
        else:
            real[0] += 3
            assert clock.now() == before + (0 if clock.frozen else 3)
        assert clock.now() >= before


def test_work_that_fell_due_together_is_done_in_its_order(line: Line, control: Control, friend: str) -> None:
    control.change("shop", bulk_seconds=10)
    one, two = line.new_menu(), line.new_menu()
    line.post("/v2/bot/richmenu/bulk/link", {"richMenuId": one, "userIds": [friend]})
    control.advance(1)
    line.post("/v2/bot/richmenu/bulk/link", {"richMenuId": two, "userIds": [friend]})
    control.advance(DAY)
    assert control.friend("shop", friend)["linked_menu"] == two


def test_a_narrowcast_is_dated_when_it_was_sent_not_when_somebody_looked(line: Line, control: Control) -> None:
    control.add_friends("shop", 1)
    line.post("/v2/bot/message/narrowcast", {"messages": [a_text()]})
    accepted = datetime.fromisoformat(control.clock()["now"])
    control.advance(40 * DAY)
    (received,) = control.deliveries("shop")
    assert datetime.fromisoformat(received["time"]) == accepted + timedelta(seconds=5)
    assert line.get("/v2/bot/message/quota/consumption").json == {"totalUsage": 0}


def test_an_address_that_others_reach_has_to_be_allowed() -> None:
    with pytest.raises(UsageError, match="can be reached from other machines"):
        serve("0.0.0.0", 0, None, ready=lambda: None)  # noqa: S104 - this is what is refused


def test_a_port_that_is_taken_is_refused(sandbox: SandboxServer) -> None:
    with pytest.raises(UsageError, match="cannot listen"):
        SandboxServer(port=int(sandbox.origin.rpartition(":")[2]))


def test_two_sandboxes_do_not_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "line.sqlite3"
    with SandboxServer(file), pytest.raises(LockedError, match=r"is using .*line\.sqlite3 right now"):
        State(file)


def test_a_state_that_a_full_disk_left_half_made_is_made_whole_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "line.sqlite3"
    real = sqlite3.connect

    def small(*words: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*words, **options)
        connection.execute("pragma max_page_count=8")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", small)
        with pytest.raises(PartialError, match="takes no more") as caught:
            State(file)
        assert "Make room" in caught.value.hint
    state = State(file)
    assert state.recall("format") == 1
    assert state.number("select count(*) from audiences") == 0
    state.close()


def test_a_disk_that_fills_up_in_the_middle_is_told_by_every_call_and_what_it_took_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "line.sqlite3"
    with SandboxServer(file) as server:
        Control(server.origin).add_account(name="shop", token="token")
        assert server.failure is None
    real = sqlite3.connect

    def full(*words: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*words, **options)
        connection.execute("pragma max_page_count=1")  # as many as there are
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", full)
        with SandboxServer(file) as server:
            control = Control(server.origin)
            with pytest.raises(LineformError, match="takes no more"):
                control.add_friends("shop", 1000)
            # A call is logged, and small ones find room for a while.
            answers = [Line(server.origin).get("/v2/bot/info") for _ in range(100)]
            assert {one.status for one in answers} == {200, 507}
            assert "takes no more" in answers[-1].json["message"]
            assert isinstance(server.failure, PartialError)
    with SandboxServer(file) as server:
        assert Control(server.origin).friends("shop") == []
        assert Line(server.origin).get("/v2/bot/info").status == 200


def test_a_folder_in_a_states_place_is_no_bug(tmp_path: Path) -> None:
    with pytest.raises(BlockedError, match="cannot be written at"):
        State(tmp_path)


def test_a_file_that_is_no_state_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at as if it were one" * 20)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="cannot be used"):
        State(file)
    assert file.read_bytes() == before
