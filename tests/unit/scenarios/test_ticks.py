"""Of a question with several answers, what was ticked and not decided on stays ticked, whatever comes between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lineform.scenarios.answering import Standing
from lineform.scenarios.unsending import taken_back
from support.answering import PROFILE, START, armed, buttons, tapped, wrote
from support.filling import Chat, begun


@pytest.mark.parametrize("left", ["stopped", "silence", "asked again"])
def test_what_was_ticked_and_not_decided_yet_stays_ticked_when_a_form_goes_on(left: str) -> None:
    chat = begun()
    chat.tap("女性")
    chat.tap("肉")
    if left == "stopped":
        chat.tap("やめる")
    assert chat.do(wrote("アンケート"), timedelta(days=2 if left == "silence" else 0))[-1] == "お好きなものは？"
    assert "✓肉" in buttons(chat.effects)
    chat.tap("魚")
    assert chat.tap("決定") == ["ネイルのご予定は？"]
    assert chat.dialogue is not None
    assert chat.dialogue.answers["likes"] == ("fish", "meat")


def test_an_earlier_answer_that_is_corrected_leaves_what_was_ticked_since() -> None:
    chat = begun()
    gender = buttons(chat.effects)
    chat.tap("女性")
    chat.tap("肉")
    assert chat.do(tapped(gender["男性"])) == ["お好きなものは？"]
    assert "✓肉" in buttons(chat.effects)


def test_what_was_ticked_and_is_not_offered_any_more_is_not_ticked() -> None:
    chat = begun()
    chat.tap("女性")
    chat.tap("肉")
    assert chat.dialogue is not None
    chat.standing = Standing({"profile": replace(chat.dialogue, open=False, picked=("meat", "game"))})
    chat.write("アンケート")
    assert chat.dialogue is not None
    assert chat.dialogue.picked == ("meat",)


def test_what_was_ticked_and_not_decided_yet_stays_ticked_over_going_back_to_an_earlier_question() -> None:
    chat = begun()
    chat.tap("女性")
    chat.tap("肉")
    assert chat.tap("戻る") == ["性別を教えてください"]
    assert chat.tap("女性") == ["お好きなものは？"]
    assert "✓肉" in buttons(chat.effects)
    chat.tap("魚")
    assert chat.tap("決定") == ["ネイルのご予定は？"]
    assert chat.dialogue is not None
    assert chat.dialogue.answers["likes"] == ("fish", "meat")
    assert chat.dialogue.undecided == {}


def test_what_was_ticked_differently_when_correcting_an_answer_stays_so_over_going_back() -> None:
    chat = begun()
    chat.tap("女性")
    chat.write("肉、魚")
    chat.tap("戻る")
    chat.tap("✓魚")
    chat.tap("戻る")
    chat.tap("女性")
    assert chat.tap("戻る") == ["お好きなものは？"]
    assert {"✓肉", "魚"} <= buttons(chat.effects).keys()
    assert chat.dialogue is not None
    assert chat.dialogue.answers["likes"] == ("fish", "meat")  # as long as nothing else was decided on


@pytest.mark.parametrize("answer", ["肉", "スキップ"])
def test_an_answer_leaves_nothing_ticked_of_what_was_not_decided_on(tmp_path: Path, answer: str) -> None:
    optional = PROFILE.replace("  - field: likes\n", "  - field: likes\n    optional: true\n")
    chat = Chat(armed(tmp_path, {"forms/profile.yaml": optional, "replies/start.yaml": START}))
    chat.write("アンケート")
    chat.tap("女性")
    chat.tap("魚")
    chat.tap("戻る")
    chat.tap("女性")
    chat.write(answer)
    chat.tap("戻る")
    ticked = {label for label in buttons(chat.effects) if label.startswith("✓")}
    assert ticked == ({"✓肉"} if answer == "肉" else set())


def test_a_button_of_another_question_with_several_answers_takes_no_ticks_away(tmp_path: Path) -> None:
    second = (
        "  - field: days\n    ask: ご都合は？\n    choices: {of: [{value: sat, label: 土}, {value: sun, label: 日}]}\n"
    )
    asked = PROFILE.replace("  - field: salon\n", f"{second}  - field: salon\n")
    chat = Chat(armed(tmp_path, {"forms/profile.yaml": asked, "replies/start.yaml": START}))
    chat.write("アンケート")
    chat.tap("女性")
    likes = buttons(chat.effects)
    chat.write("肉")
    chat.tap("土")
    assert chat.do(tapped(likes["魚"])) == ["お好きなものは？"]
    assert {"✓肉", "✓魚"} <= buttons(chat.effects).keys()
    assert chat.tap("決定") == ["ご都合は？"]
    assert "✓土" in buttons(chat.effects)


@pytest.mark.parametrize("back", [1, 2])
def test_of_an_answer_that_the_friend_took_back_nothing_stays_ticked(back: int) -> None:
    chat = begun()
    chat.tap("女性")
    message = wrote("肉、魚")
    chat.do(message)
    chat.tap("戻る")
    chat.tap("✓魚")
    if back == 2:
        chat.tap("戻る")
    left = taken_back(message.key, chat.friend, chat.standing.dialogues, chat.armed.forms).dialogues["profile"]
    assert (left.picked, left.undecided, left.answers) == ((), {}, {"gender": "female"})
