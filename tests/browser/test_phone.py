"""A person with a phone: follows, taps the menu, answers, writes; and the server answers as it is armed to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from lineform.journeys.live import live_through
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
from support.delivering import Scene
from support.living import scenario
from support.serving import Nobody, Seen, Server, served

SECRET = "0123456789abcdef0123456789abcdef"
WELCOME = scenario(
    "welcome",
    {
        "id": "hello",
        "after": 0,
        "send": [
            {
                "type": "template",
                "altText": "ようこそ",
                "template": {
                    "type": "buttons",
                    "text": "ようこそ。ご予約ですか？",
                    "actions": [
                        {"type": "postback", "label": "予約する", "data": "book=yes", "displayText": "予約する"},
                        {"type": "message", "label": "場所を見る", "text": "場所"},
                    ],
                },
            }
        ],
    },
)
BOOKING = scenario(
    "booking", {"id": "asked", "after": 0, "send": [{"text": "予約を承りました"}]}, trigger={"postback": "book=yes"}
)
WHERE = ReplySpec.model_validate(
    {"kind": "reply", "name": "where", "when": [{"keyword": ["場所"]}], "do": [{"send": [{"text": "駅前です"}]}]}
)


def until(browser: Chrome, found: Callable[[], object]) -> None:
    """The page renews itself, so that what was found may be gone at the next look."""
    WebDriverWait(browser, 20, ignored_exceptions=[StaleElementReferenceException]).until(lambda _: found())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with SandboxServer() as sandbox:
        here = Scene(
            sandbox.origin,
            tmp_path,
            WELCOME,
            BOOKING,
            WHERE,
            friends=[{"displayName": "美咲", "relation": "stranger"}],
            channel_secret=SECRET,
            display_name="美容室あおば",
        )
        here.control.real_clock()
        here.with_store(lambda store: None)
        yield here


@pytest.fixture
def server(scene: Scene) -> Iterator[Server]:
    with open_store(scene.url) as store:
        seen = Seen()

        def whole(_: Parts) -> Parts:
            account = open_account(scene.origin, scene.token, SystemClock())
            one = Served(scene.client, ChannelSignature(SECRET), account, reader_of(scene.client))
            return Parts([one], store, SystemClock(), Nobody(seen), Following(live_through))

        with served(store, more=whole) as running:
            scene.control.webhook(scene.account, f"http://127.0.0.1:{running.port}/webhook/{scene.client.name}")
            yield running


def tap(browser: Chrome, words: str) -> None:
    def tapped() -> bool:
        found = [e for e in browser.find_elements(By.CSS_SELECTOR, "#phone [data-action]") if words in e.text]
        if found:
            found[-1].click()
        return bool(found)

    until(browser, tapped)


def press(browser: Chrome, selector: str) -> None:
    def pressed() -> bool:
        browser.find_element(By.CSS_SELECTOR, selector).click()
        return True

    until(browser, pressed)


def shown(browser: Chrome) -> str:
    return browser.find_element(By.CSS_SELECTOR, "#phone .lf-chat").text


def test_a_person_follows_taps_and_writes_and_is_answered(
    browser: Chrome, scene: Scene, server: Server, tmp_path: Path
) -> None:
    browser.get(f"{scene.origin}/_sandbox/phone/{scene.account}/{scene.users[0]}")
    assert browser.find_element(By.ID, "relation").text == "友だちではありません"
    press(browser, "[data-relation=friend]")
    until(browser, lambda: "ようこそ" in shown(browser))
    until(browser, lambda: browser.find_element(By.ID, "relation").text == "友だち")
    tap(browser, "予約する")
    until(browser, lambda: "予約を承りました" in shown(browser))
    tap(browser, "場所を見る")
    until(browser, lambda: "駅前です" in shown(browser))
    box = browser.find_element(By.CSS_SELECTOR, "#write input")
    box.send_keys("場所")
    browser.find_element(By.CSS_SELECTOR, "#write button").click()
    until(browser, lambda: shown(browser).count("駅前です") >= 2)
    assert browser.find_element(By.ID, "trouble").text == ""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.save_screenshot(f"{folder}/phone.png")
    width = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "nothing sticks out on a phone"
    replies = [one for one in scene.control.deliveries(scene.account) if one["kind"] == "reply"]
    assert len(replies) >= 3, "answers go by the reply token, which costs nothing"
    press(browser, "[data-relation=blocked]")
    until(browser, lambda: browser.find_element(By.ID, "relation").text == "ブロック中")
    browser.get("about:blank")  # the page asks its server again and again, which is about to end
