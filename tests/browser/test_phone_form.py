"""The whole way on a phone: a person follows, taps the menu, answers the form, and receives what the scenario says.

The workspace is read from files, applied by the command line, and served as `lineform serve` serves it. From there on
everything is done in the browser.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from lineform.cli import lineform
from lineform.cli.boundary import guarded
from lineform.loading import load_project
from lineform.ports.store import Store
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.segments.friend import Friend
from lineform.settings import Settings
from lineform.wiring.serving import parts_of
from lineform.wiring.session import open_session
from support.command_line import bare_environment
from support.registering import BOT, FILES, NAME
from support.serving import SECRET, served
from support.workspaces import write

TOKEN = "aoba-token-for-the-phone"


@dataclass(frozen=True, slots=True)
class Salon:
    """Where the person's phone is, the offline account behind it, and what the salon knows."""

    phone: str
    control: Control
    store: Store

    def friend(self) -> Friend:
        (only,) = self.store.every_friend(NAME)
        return only


@pytest.fixture
def salon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salon]:
    """The workspace, applied and served; one person who is no friend yet."""
    root = write(tmp_path / "workspace", FILES)
    bare_environment(monkeypatch, root)
    with SandboxServer() as sandbox:
        control = Control(sandbox.origin)
        control.add_account(name=NAME, bot_id=BOT, token=TOKEN, channel_secret=SECRET, display_name="美容室あおば")
        (user,) = control.add_friends(NAME, [{"displayName": "美咲", "relation": "stranger"}])
        named = {"AOBA_TOKEN": TOKEN, "AOBA_SECRET": SECRET, "LINEFORM_LINE_ORIGIN": sandbox.origin}
        for name, value in named.items():
            monkeypatch.setenv(name, value)
        assert guarded(lineform, ["apply", "--yes"]) == 0
        settings = Settings.from_environment(os.environ)
        with (
            open_session(load_project(root), settings) as session,
            served(session.store, more=lambda _: parts_of(session), every=1.0) as server,
        ):
            control.webhook(NAME, f"http://127.0.0.1:{server.port}/webhook/{NAME}")
            yield Salon(f"{sandbox.origin}/_sandbox/phone/{NAME}/{user}", control, session.store)


class Phone:
    """The eyes and hands of the person. The page renews itself, so that what was found may be gone at the next look."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def until(self, found: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 20, 0.05, [StaleElementReferenceException]).until(lambda _: found())

    def reads(self, words: str, by: str = ":not(.lf-mine)") -> None:
        """Until the account says so; `by` is whose bubble, where it is the person's own."""
        self.until(lambda: any(words in one.text for one in self.all(f"#chat .lf-message{by} .lf-content")))

    def press(self, words: str, selector: str) -> None:
        """What bears exactly these words, once it is there: the last one of them, as only that is asked now."""

        def pressed() -> bool:
            found = [one for one in self.all(selector) if one.text == words]
            if found:
                found[-1].click()
            return bool(found)

        self.until(pressed)

    def quick(self, words: str) -> None:
        self.press(words, "#chat .lf-quick [data-action]")

    def touch_menu(self, across: float, down: float) -> None:
        """A finger on the menu's picture, at these shares of its width and height."""
        self.until(lambda: self.all("#menu .lf-menupicture img"))
        (picture,) = self.all("#menu .lf-menupicture")
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", picture)
        x, y = (round((share - 0.5) * picture.size[side]) for share, side in ((across, "width"), (down, "height")))
        ActionChains(self.browser).move_to_element_with_offset(picture, x, y).click().perform()

    def write(self, words: str) -> None:
        self.browser.find_element(By.CSS_SELECTOR, "#write input").send_keys(words)
        self.press("送信", "#write button")

    def pick_another_day(self) -> str:
        """Another day than the one that the picker shows, by the keyboard; which one it is."""
        self.until(lambda: self.all("dialog[open] input:focus"))
        (day,) = self.all("dialog[open] input")
        self.shot("picker")
        shown = day.get_property("value")
        day.send_keys(Keys.ARROW_UP)
        picked = day.get_property("value")
        assert picked != shown
        self.press("送信", "dialog[open] button")
        return str(picked)

    def shot(self, name: str) -> None:
        """For whoever wants to look: a picture in the folder that SCREENSHOTS names."""
        if folder := os.environ.get("SCREENSHOTS"):
            self.browser.save_screenshot(f"{folder}/{name}.png")


@pytest.fixture
def phone(browser: Chrome, salon: Salon) -> Iterator[Phone]:
    browser.get(salon.phone)
    yield Phone(browser)
    browser.get("about:blank")  # the page asks its server again and again, which is about to end


def test_a_person_follows_taps_the_menu_answers_the_form_and_receives_what_the_scenario_says(
    phone: Phone, salon: Salon
) -> None:
    phone.press("友だち追加", "#friendship button")
    phone.reads("友だち追加ありがとうございます")
    phone.until(lambda: "メニュー" in phone.all("#menu .lf-bar")[0].text)
    phone.touch_menu(0.75, 0.5)
    phone.reads("会員登録する", by=".lf-mine")
    phone.reads("性別を教えてください")
    phone.shot("asked")
    phone.quick("女性")
    phone.reads("お呼びするお名前")
    focus = phone.browser.execute_script("return document.activeElement.closest('#chat') !== null")
    assert focus, "the button that was tapped is gone, and the keyboard stays in the chat"
    phone.write("佐藤")
    phone.reads("お誕生日はいつですか")
    phone.quick("日付を選ぶ")
    day = phone.pick_another_day()
    phone.reads("お知らせをお送りしても")
    phone.press("はい", "#chat .lf-choices [data-action]")
    phone.reads("佐藤さま、ご登録ありがとうございます")
    phone.until(lambda: "会員メニュー" in phone.all("#menu .lf-bar")[0].text)
    phone.shot("members")
    assert phone.all("#chat .lf-quick") == [], "nothing is asked any more"
    assert phone.all("#trouble")[0].text == ""
    known = salon.friend()
    assert known.attributes == {"gender": "female", "name": "佐藤", "birthday": day}
    assert known.tags == {"registered", "newsletter"}
    kinds = {one["kind"] for one in salon.control.deliveries(NAME)}
    assert kinds == {"reply"}, "answers go by the reply token, which costs nothing"
