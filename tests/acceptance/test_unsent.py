"""What a friend took back is neither seen nor used any more: not in the inbox, not in answers, not in what was sent.

https://developers.line.biz/en/docs/messaging-api/receiving-messages/#unsend-event
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lineform.ports.store import Store
from support.chatting import declared
from support.meeting import Met
from support.stores import sql

WORDS = """\
kind: attributes
name: words
attributes: {name: {type: text}, town: {type: text}}
"""
FORM = """\
kind: form
name: profile
questions:
  - {field: nickname, ask: お名前は？, text: {}, to: name}
  - {field: town, ask: お住まいは？, text: {}, to: town}
done: [{send: [{text: "{{ event.nickname }}さま、ありがとうございます"}]}]
"""
START = """\
kind: reply
name: start
when: [{keyword: 登録}]
do: [{form: profile}]
"""
ANYTHING = """\
kind: reply
name: anything
when: anything
do: [{send: [{text: お返事します}]}]
"""
SECRET = "秘密の花子"


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Met:
    specs = [declared(text) for text in (WORDS, FORM, START, ANYTHING)]
    return Met(origin, tmp_path, *specs, friends=[{"displayName": "友"}])


def writes(scene: Met, text: str) -> str:
    """The friend writes this; the message's id."""
    event = scene.control.write(scene.account, scene.users[0], text)
    scene.came(event)
    return str(event["message"]["id"])


def unsends(scene: Met, message: str) -> dict[str, Any]:
    return scene.control.unsend(scene.account, scene.users[0], message)


def found_in(scene: Met, text: str) -> list[str]:
    """The tables with this text in any row, as it is or as JSON holds it."""

    def look(store: Store) -> list[str]:
        with sql(store).reading() as connection:
            found = []
            for table in sa.inspect(connection).get_table_names():
                rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table))).all()
                told = "\n".join(
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for row in rows
                    for value in row
                )
                if text in told or json.dumps(text)[1:-1] in told:
                    found.append(table)
            return found

    return scene.with_store(look)


def test_a_text_that_was_taken_back_is_in_no_table(scene: Met) -> None:
    message = writes(scene, SECRET)
    assert scene.said() == ["お返事します"]
    assert found_in(scene, SECRET) == ["inbox"]
    scene.came(unsends(scene, message))
    assert found_in(scene, SECRET) == []
    assert scene.said() == ["お返事します"]


def test_an_answer_that_was_taken_back_is_asked_for_again(scene: Met) -> None:
    writes(scene, "登録")
    message = writes(scene, SECRET)
    assert scene.said()[-1] == "お住まいは？"
    assert set(found_in(scene, SECRET)) == {"inbox", "dialogues"}
    scene.came(unsends(scene, message))
    assert found_in(scene, SECRET) == []
    writes(scene, "横浜市")
    assert scene.said()[-1] == "お名前は？"
    writes(scene, "太郎")
    assert scene.said()[-1] == "太郎さま、ありがとうございます"
    assert scene.known().attributes == {"name": "太郎", "town": "横浜市"}


def test_an_answer_that_was_taken_back_later_is_not_known_any_more(scene: Met) -> None:
    writes(scene, "登録")
    message = writes(scene, SECRET)
    writes(scene, "横浜市")
    assert scene.known().attributes == {"name": SECRET, "town": "横浜市"}
    assert {"inbox", "events", "friends", "batches"} <= set(found_in(scene, SECRET))
    scene.came(unsends(scene, message))
    assert found_in(scene, SECRET) == []
    assert scene.known().attributes == {"town": "横浜市"}
    assert "events" in found_in(scene, "横浜市")


def test_what_was_sent_before_the_message_stays_as_it_was(scene: Met) -> None:
    writes(scene, "こんにちは")
    assert "batches" in found_in(scene, "お返事します")
    scene.move(scene.clock.now() + timedelta(hours=1))
    message = writes(scene, "お返事")
    scene.came(unsends(scene, message))
    assert "batches" in found_in(scene, "お返事します")


def test_an_attribute_that_was_told_otherwise_since_stays(scene: Met) -> None:
    writes(scene, "登録")
    message = writes(scene, SECRET)
    writes(scene, "横浜市")
    scene.knows(name="佐藤")
    scene.came(unsends(scene, message))
    assert scene.known().attributes == {"name": "佐藤", "town": "横浜市"}


def test_a_message_that_comes_with_or_after_its_unsending_is_not_used(scene: Met) -> None:
    first = scene.control.write(scene.account, scene.users[0], SECRET)
    scene.came(first, unsends(scene, first["message"]["id"]))
    assert (scene.said(), found_in(scene, SECRET)) == ([], [])
    second = scene.control.write(scene.account, scene.users[0], SECRET)
    scene.came(unsends(scene, second["message"]["id"]))
    scene.came(second)
    assert (scene.said(), found_in(scene, SECRET)) == ([], [])


def test_what_another_friend_wrote_and_other_messages_stay(scene: Met) -> None:
    message = writes(scene, SECRET)
    writes(scene, "こんにちは")
    scene.came(unsends(scene, message))
    scene.came(unsends(scene, "4711"))
    assert found_in(scene, "こんにちは") == ["inbox"]
