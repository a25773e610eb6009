"""Who follows is known by name: LINE is asked at the follow, before a greeting that needs the name, else after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineform.journeys.live import live_through
from lineform.journeys.profiles import meet
from lineform.line.account import open_account
from lineform.line.signature import ChannelSignature
from lineform.model.reply import ReplySpec
from lineform.sandbox.server import SandboxServer
from lineform.serve.app import Parts
from lineform.serve.options import Served
from lineform.serve.working import Following
from lineform.store.open import open_store
from lineform.wiring.clock import SystemClock
from lineform.wiring.serving import reader_of
from support.living import says, scenario
from support.meeting import Met
from support.serving import Nobody, Seen, Server, served

SECRET = "0123456789abcdef0123456789abcdef"
NAMED = "{{ friend.display_name | default('お客様') }}さま、ようこそ"
GREETING = scenario("greeting", says("hello", text=NAMED))
PLAIN = scenario("greeting", says("hello", text="ようこそ"))
LATER = scenario("greeting", says("hello", text="ようこそ"), says("story", after="1d", text=NAMED))
ANYTHING = ReplySpec.model_validate(
    {"kind": "reply", "name": "anything", "when": "anything", "do": [{"send": [{"text": NAMED}]}]}
)
HANAKO = {"displayName": "花子", "language": "ja", "relation": "stranger"}
PROFILES = {"method": "GET", "path": "/v2/bot/profile/.*"}


@contextmanager
def server_of(scene: Met) -> Iterator[Server]:
    with open_store(scene.url) as store:
        seen = Seen()

        def whole(_: Parts) -> Parts:
            account = open_account(scene.origin, scene.token, SystemClock())
            one = Served(scene.client, ChannelSignature(SECRET), account, reader_of(scene.client))
            return Parts([one], store, SystemClock(), Nobody(seen), Following(live_through, meet=meet))

        with served(store, more=whole) as running:
            scene.control.webhook(scene.account, f"http://127.0.0.1:{running.port}/webhook/{scene.client.name}")
            yield running


def test_a_follow_through_the_webhook_is_greeted_by_name_for_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer() as sandbox:
        scene = Met(sandbox.origin, tmp_path, GREETING, friends=[HANAKO], channel_secret=SECRET)
        scene.control.real_clock()
        with server_of(scene) as server:
            scene.control.follow(scene.account, scene.users[0])
            server.until(lambda: bool(scene.control.deliveries(scene.account)))
        (one,) = scene.control.deliveries(scene.account)
    assert one["messages"][0]["text"] == "花子さま、ようこそ"
    assert one["kind"] == "reply"
    assert (scene.known().display_name, scene.known().language) == ("花子", "ja")
    told = "".join(capfd.readouterr())
    assert "花子" not in told
    assert scene.users[0] not in told


def test_a_greeting_without_the_name_waits_for_nobody_and_the_tick_gets_to_know_the_friend(
    origin: str, tmp_path: Path
) -> None:
    scene = Met(origin, tmp_path, PLAIN, friends=[HANAKO])
    scene.follow()
    assert (scene.said(), scene.asked(), scene.known().display_name) == (["ようこそ"], 0, "")
    assert scene.ticked() == []
    assert (scene.asked(), scene.known().display_name, scene.known().language) == (1, "花子", "ja")
    scene.ticked(minutes=60)
    assert scene.asked() == 1


def test_a_later_step_bears_the_name_as_well(origin: str, tmp_path: Path) -> None:
    scene = Met(origin, tmp_path, LATER, friends=[HANAKO])
    scene.follow()
    scene.ticked(minutes=24 * 60 + 1)
    assert scene.said() == ["ようこそ", "花子さま、ようこそ"]


def test_a_greeting_goes_without_the_name_where_line_is_slow_and_the_tick_asks_again(
    origin: str, tmp_path: Path
) -> None:
    scene = Met(origin, tmp_path, GREETING, friends=[HANAKO])
    scene.control.fault("latency", seconds=5.0, account=scene.account, **PROFILES)
    scene.follow(patience=0.2)
    assert scene.said() == ["お客様さま、ようこそ"]
    assert scene.ticked() == []
    assert scene.known().display_name == "花子"


def test_what_line_does_not_tell_is_asked_once_for_each_follow(origin: str, tmp_path: Path) -> None:
    scene = Met(origin, tmp_path, GREETING, ANYTHING, friends=[{**HANAKO, "consent": False}])
    scene.follow()
    assert (scene.said(), scene.asked()) == (["お客様さま、ようこそ"], 1)
    scene.ticked(minutes=600)
    scene.came(scene.control.write(scene.account, scene.users[0], "こんにちは"))
    assert scene.asked() == 1
    scene.came(scene.control.block(scene.account, scene.users[0]))
    scene.follow()
    assert scene.asked() == 2


def test_who_blocks_before_the_tick_is_not_asked_for_and_is_known_after_coming_back(
    origin: str, tmp_path: Path
) -> None:
    scene = Met(origin, tmp_path, PLAIN, friends=[HANAKO])
    scene.follow()
    scene.came(scene.control.block(scene.account, scene.users[0]))
    assert scene.ticked() == []
    assert scene.asked() == 0
    scene.follow()
    scene.ticked()
    assert scene.known().display_name == "花子"


def test_where_line_gives_no_answer_it_is_asked_after_longer_and_longer(origin: str, tmp_path: Path) -> None:
    scene = Met(origin, tmp_path, PLAIN, friends=[HANAKO])
    scene.control.fault("error-before", status=500, count=None, account=scene.account, **PROFILES)
    scene.follow()
    (reason,) = scene.ticked()
    assert reason.startswith("1 profile was not told, and is asked for later")
    assert scene.users[0] not in reason
    tries = scene.asked()
    assert scene.ticked(minutes=0.1) == []
    assert scene.asked() == tries
    (reason,) = scene.ticked(minutes=0.1)
    assert scene.asked() == 2 * tries
    assert scene.ticked(minutes=0.4) == []
    scene.control.clear_faults()
    assert scene.ticked(minutes=0.2) == []
    assert scene.known().display_name == "花子"


def test_what_line_refuses_is_given_up_until_the_friend_follows_again(origin: str, tmp_path: Path) -> None:
    scene = Met(origin, tmp_path, PLAIN, friends=[HANAKO])
    scene.control.fault("error-before", status=403, count=1, account=scene.account, **PROFILES)
    scene.follow()
    (reason,) = scene.ticked()
    assert "1 of them were given up" in reason
    assert scene.ticked(minutes=600) == []
    assert scene.asked() == 1


def test_an_answer_to_somebody_who_was_never_asked_for_bears_the_name(origin: str, tmp_path: Path) -> None:
    scene = Met(origin, tmp_path, ANYTHING, friends=[{**HANAKO, "relation": "friend"}])
    scene.came(scene.control.write(scene.account, scene.users[0], "こんにちは"))
    assert scene.said() == ["花子さま、ようこそ"]


def test_many_who_follow_at_once_are_asked_for_side_by_side_and_once_each(origin: str, tmp_path: Path) -> None:
    people = [{"displayName": f"友{number}", "relation": "stranger"} for number in range(300)]
    scene = Met(origin, tmp_path, PLAIN, friends=people)
    scene.came(*(scene.control.follow(scene.account, one) for one in scene.users))
    assert scene.ticked() == []
    assert scene.asked() == 300
    assert [scene.known(place).display_name for place in (0, 299)] == ["友0", "友299"]
