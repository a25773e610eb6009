"""A form in the chat: whatever a friend does, in whatever order, no answer is lost and it can always go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.answering import Standing, answer, ask
from lineform.scenarios.asking import Tap, data_of, tap_of
from lineform.scenarios.dialogue import applying
from lineform.scenarios.effect import Ask, Complete, Effect, Give, Know, Record, Say, Take
from lineform.scenarios.happening import Happening, What
from support.answering import (
    NOW,
    PROFILE,
    START,
    armed,
    buttons,
    friend,
    later,
    sent,
    tapped,
    texts,
    wrote,
)
from support.filling import Chat, begun, rules


def finished(chat: Chat) -> None:
    """Answers whatever is still asked."""
    for _ in range(20):
        if chat.dialogue is None:
            return
        chat.write(ANSWERS[chat.asked])
    raise AssertionError("the form does not end")


ANSWERS = {
    "gender": "女性", "likes": "肉、魚", "salon": "はい", "birthday": "1990年5月6日", "visits": "3", "home": "150-0001",
    "name": "佐藤花子", "phone": "09012345678", "news": "はい",
}  # fmt: skip


def known(effects: tuple[Effect, ...]) -> Mapping[str, object]:
    return {name: value for one in effects if isinstance(one, Know) for name, value in one.values.items()}


def test_a_form_is_asked_one_question_at_a_time_and_its_answers_become_attributes_and_tags() -> None:
    chat = begun()
    assert chat.tap("女性") == ["お好きなものは？"]
    assert chat.tap("肉") == ["お好きなものは？"]
    assert "✓肉" in buttons(chat.effects)
    chat.tap("魚")
    assert chat.tap("決定") == ["ネイルのご予定は？"]
    assert chat.tap("いいえ") == ["お誕生日は？"]
    picker = buttons(chat.effects)["日付を選ぶ"]
    assert chat.do(tapped(picker, date="1990-05-06")) == ["ご来店は何回目ですか？"]
    assert chat.write("三回") == ["数字でお答えください。", "ご来店は何回目ですか？"]
    assert chat.write("３回目") == ["郵便番号を教えてください"]
    assert chat.write("〒150-0001") == ["お名前を教えてください"]
    assert chat.write("佐藤花子") == ["お電話番号を教えてください"]
    assert chat.tap("スキップ") == ["お知らせをお送りしてもよろしいですか？"]
    assert chat.tap("はい") == ["{{ event.name | default('お客様') }}さま、ありがとうございました"]
    assert chat.dialogue is None
    assert known(chat.effects) == {
        "gender": "female", "likes": ("fish", "meat"), "birthday": "1990-05-06", "visits": 3, "prefecture": "東京都",
        "postcode": "1500001", "name": "佐藤花子", "news": True,
    }  # fmt: skip
    assert {one.tag for one in chat.effects if isinstance(one, Give)} == {"ladies", "newsletter", "regular"}
    assert {one.tag for one in chat.effects if isinstance(one, Take)} == {"gents"}
    answers = {one.fields["field"]: one.fields["value"] for one in chat.effects if isinstance(one, Record)}
    assert answers.keys() == {"gender", "likes", "salon", "birthday", "visits", "home", "name", "news"}
    assert answers["salon"] is False
    (end,) = (one for one in chat.effects if isinstance(one, Complete))
    assert end.form == "profile"
    said = [one for one in chat.effects if isinstance(one, Say)][-1]
    assert said.context["event"]["name"] == "佐藤花子"
    assert said.answer


def test_nothing_is_recorded_before_the_end_and_everything_in_one_go() -> None:
    chat = begun()
    for field_, text in ANSWERS.items():
        if field_ == "news":
            break
        chat.write(text)
        assert all(isinstance(one, Say) for one in chat.effects)


def test_a_question_is_asked_only_where_its_condition_holds() -> None:
    chat = begun()
    chat.tap("男性")
    assert chat.write("肉") == ["お誕生日は？"]


def test_a_keyword_of_a_reply_is_answered_in_the_middle_and_the_question_asked_again_in_the_same_answer() -> None:
    chat = begun()
    for text in ("女性", "肉", "はい", "1990/5/6", "3", "1500001"):
        chat.write(text)
    assert chat.asked == "name"  # any text would be an answer here
    assert chat.write("営業時間") == ["10時から19時です", "お名前を教えてください"]
    assert all(one.answer for one in chat.effects if isinstance(one, Say))  # one reply token takes all of it
    assert chat.write("何時に開く名前") == ["お電話番号を教えてください"]  # a part of a text is no reason to interrupt


def test_where_it_is_no_answer_any_reply_but_the_default_may_answer() -> None:
    chat = begun()
    assert chat.write("何時まで？") == ["10時から19時です", "性別を教えてください"]
    assert chat.write("さあ") == ["選択肢の中からお選びください。", "性別を教えてください"]
    assert chat.do(sent("sticker")) == ["性別を教えてください"]


def test_going_back_corrects_an_answer_and_keeps_the_others() -> None:
    chat = begun()
    chat.write("女性")
    chat.write("肉")
    assert chat.tap("戻る") == ["お好きなものは？"]
    assert "✓肉" in buttons(chat.effects)
    assert chat.write("もどる") == ["選択肢の中からお選びください。", "お好きなものは？"]
    assert chat.write("戻る") == ["性別を教えてください"]
    assert chat.write("戻る") == ["性別を教えてください"]
    assert chat.tap("男性") == ["お誕生日は？"]  # what was liked is known, and the nails are no question any more
    finished(chat)
    assert known(chat.effects)["gender"] == "male"
    assert "ladies" in {one.tag for one in chat.effects if isinstance(one, Take)}


def test_an_old_button_corrects_the_answer_that_it_belongs_to() -> None:
    chat = begun()
    old = buttons(chat.effects)
    chat.tap("女性")
    chat.write("肉")
    assert chat.do(tapped(old["男性"])) == ["お誕生日は？"]
    assert chat.dialogue is not None
    assert chat.dialogue.answers == {"gender": "male", "likes": ("meat",)}


def test_a_form_that_was_stopped_goes_on_where_it_was_left() -> None:
    chat = begun()
    chat.write("女性")
    assert chat.tap("やめる") == ["回答を中断しました。また続きからお答えいただけます。"]
    assert chat.write("肉") == ["担当者からお返事します"]
    assert chat.write("アンケート") == ["はじめます", "前回の続きからお伺いします。", "お好きなものは？"]


def gone_back_to_the_birthday() -> Chat:
    chat = begun()
    chat.write("男性")
    chat.write("肉")
    assert chat.write("1990-1-1") == ["ご来店は何回目ですか？"]
    assert chat.write("戻る") == ["お誕生日は？"]
    return chat


def test_a_form_that_was_stopped_after_going_back_goes_on_at_the_answer_that_was_to_be_corrected() -> None:
    chat = gone_back_to_the_birthday()
    chat.write("やめる")
    assert chat.write("アンケート")[1:] == ["前回の続きからお伺いします。", "お誕生日は？"]
    assert chat.write("1990-1-2") == ["ご来店は何回目ですか？"]
    finished(chat)
    assert known(chat.effects)["birthday"] == "1990-01-02"


def test_a_form_that_lapsed_after_going_back_goes_on_there_too() -> None:
    chat = gone_back_to_the_birthday()
    assert chat.do(wrote("アンケート"), timedelta(days=2))[1:] == ["前回の続きからお伺いします。", "お誕生日は？"]


def test_a_form_goes_on_at_the_next_question_where_the_one_that_was_open_is_none_any_more() -> None:
    chat = begun()
    chat.write("女性")
    chat.write("肉")
    assert chat.asked == "salon"
    assert chat.dialogue is not None
    man = replace(chat.dialogue, answers={**chat.dialogue.answers, "gender": "male"})
    chat.standing = Standing({"profile": replace(man, open=False)})
    assert chat.write("アンケート")[1:] == ["前回の続きからお伺いします。", "お誕生日は？"]


def test_a_tap_on_a_form_that_was_stopped_is_an_answer_all_the_same() -> None:
    chat = begun()
    first = buttons(chat.effects)
    chat.tap("やめる")
    assert chat.do(tapped(first["女性"])) == ["お好きなものは？"]


def test_after_a_day_of_silence_a_text_is_no_answer_but_the_form_can_go_on_for_thirty() -> None:
    chat = begun()
    chat.write("女性")
    assert chat.do(wrote("肉"), timedelta(days=1)) == ["担当者からお返事します"]
    assert chat.do(wrote("アンケート"), timedelta(days=28))[1] == "前回の続きからお伺いします。"
    assert chat.do(wrote("アンケート"), timedelta(days=31)) == ["はじめます", "性別を教えてください"]


def test_blocking_ends_the_listening_and_not_the_answers() -> None:
    chat = begun()
    chat.write("女性")
    chat.do(Happening("u1", 1, What.UNFOLLOW, NOW))
    assert chat.dialogue is not None
    assert not chat.dialogue.open
    assert chat.write("アンケート")[1:] == ["前回の続きからお伺いします。", "お好きなものは？"]


def test_a_button_of_a_form_that_is_over_says_nothing() -> None:
    chat = begun()
    old = buttons(chat.effects)["女性"]
    chat.write("女性")
    finished(chat)
    assert chat.do(tapped(old)) == []


def test_a_form_that_a_scenario_asks_begins_the_same() -> None:
    outcome = ask(rules(), Standing(), Ask("scenario.welcome/ask", "k1", "profile"), friend(), NOW)
    assert texts(outcome.effects) == ["性別を教えてください"]
    assert ask(rules(), Standing(), Ask("scenario.welcome/ask", "k1", "gone"), friend(), NOW).effects == ()


def test_the_same_happening_decided_twice_decides_the_same() -> None:
    chat = begun()
    happening = wrote("女性")
    one = answer(chat.armed, chat.standing, happening, chat.friend, chat.at)
    assert one == answer(chat.armed, chat.standing, happening, chat.friend, chat.at)


TEXTS = st.sampled_from(
    [
        *ANSWERS.values(),
        "男性",
        "戻る",
        "やめる",
        "スキップ",
        "決定",
        "営業時間",
        "何時",
        "{{ friend.user_id }}",
        "{%",
        "\x00",
        "",
        "100年",
    ]
)
TAPS = st.builds(
    lambda field_, value, word: data_of(Tap("profile", field_, value, word)),
    st.sampled_from([*ANSWERS, "", "nothing"]),
    st.sampled_from(["female", "male", "meat", "fish", "yes", "no", "", "x/y"]),
    st.sampled_from(["", "", "", "back", "skip", "stop", "decide", "dance"]),
)
DEEDS = st.one_of(
    TEXTS.map(wrote),
    TAPS.map(lambda data: tapped(data, date="1990-05-06")),
    st.sampled_from(["sticker", "image"]).map(sent),
    st.just("アンケート").map(wrote),
)
WAITS = st.sampled_from([timedelta(seconds=5), timedelta(hours=2), timedelta(days=2)])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(DEEDS, WAITS), max_size=25))
def test_any_order_of_doings_leaves_a_state_that_can_go_on_and_loses_no_answer(
    deeds: list[tuple[Happening, timedelta]],
) -> None:
    chat = begun()
    for happening, wait in deeds:
        before = chat.dialogue
        chat.do(replace(happening, key=f"{happening.key}x"), wait)
        after = chat.dialogue
        form = chat.armed.forms["profile"]
        if after is not None:
            # What is asked is a question that applies, and what is answered are questions of the form.
            fields = [one.field for one in applying(form, after.answers, chat.friend, chat.at)]
            assert after.at in fields
            assert after.answers.keys() <= {one.field for one in form.questions}
        if before is not None and after is not None and after.key == before.key:
            assert before.answers.keys() <= after.answers.keys()
        for one in chat.effects:
            assert not isinstance(one, Ask)
            if isinstance(one, Say):
                assert 1 <= len(one.messages) <= 5
                for message in one.messages:
                    assert len(message.get("quickReply", {}).get("items", ())) <= 13
        keys = [(type(one), one.key) for one in chat.effects]
        assert len(set(keys)) == len(keys)
    # However it stands, it goes on to its end from here.
    chat.write("アンケート")
    finished(chat)
    assert any(isinstance(one, Complete) for one in chat.effects)
    values = known(chat.effects)
    assert {"gender", "likes", "birthday", "visits", "prefecture", "name", "news"} <= values.keys()


@given(st.text(max_size=90), st.sampled_from(["", "back"]))
def test_a_buttons_data_gives_the_tap_back(value: str, word: str) -> None:
    tap = Tap("profile", "gender", value, word)
    assert tap_of(data_of(tap)) == tap


def test_the_longest_data_of_a_button_is_within_lines_limit() -> None:
    assert len(data_of(Tap("f" * 32, "q" * 63, "v" * 90, ""))) <= 300
    assert tap_of("lf:short") is None
    assert tap_of("other:a/b/c/d") is None


@pytest.mark.parametrize("wait", [0, 5])
def test_two_forms_do_not_listen_at_once(tmp_path: Path, wait: int) -> None:
    other = "kind: form\nname: other\nquestions: [{field: x, ask: なに？, text: {}}]\n"
    second = "kind: reply\nname: second\nwhen: [{keyword: 別の}]\ndo: [{form: other}]\n"
    chat = Chat(armed(tmp_path, {"forms/profile.yaml": PROFILE, "replies/start.yaml": START, "forms/other.yaml": other,
                                 "replies/second.yaml": second}))  # fmt: skip
    chat.write("アンケート")
    assert chat.do(wrote("別の"), timedelta(minutes=wait)) == ["なに？"]
    assert [name for name, one in chat.standing.dialogues.items() if one.open] == ["other"]
    chat.write("答え")
    assert any(isinstance(one, Complete) and one.form == "other" for one in chat.effects)
    assert later() == NOW
