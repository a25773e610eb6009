"""The offline account's pages, as a person sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer

SCRIPT = "<script>document.title = 'taken over'</script>"
HALF = {"y": 0, "width": 1250, "height": 843}
DAY = {
    "type": "datetimepicker",
    "label": "来店日",
    "data": "day",
    "mode": "date",
    "initial": "2026-12-01",
    "min": "2026-12-01",
    "max": "2026-12-31",
}
MENU = {
    "size": {"width": 2500, "height": 843},
    "selected": True,
    "name": "by hand",
    "chatBarText": "メニュー",
    "areas": [
        {"bounds": {"x": 0, **HALF}, "action": {"type": "postback", "data": "visit", "displayText": "来店しました"}},
        {"bounds": {"x": 1250, **HALF}, "action": DAY},
    ],
}


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def open_phone(browser: Chrome, sandbox: SandboxServer) -> Control:
    """The phone of a friend who sees the menu."""
    control = Control(sandbox.origin)
    control.add_account(name="salon", display_name="美容室あおば")
    control.manager_menu("salon", MENU)
    (user,) = control.add_friends("salon", [{"displayName": "美咲"}])
    browser.get(f"{sandbox.origin}/_sandbox/phone/salon/{user}")
    return control


def test_a_friend_is_found_from_the_first_page_and_what_they_wrote_is_text(
    browser: Chrome, sandbox: SandboxServer
) -> None:
    control = Control(sandbox.origin)
    control.add_account(name="salon", display_name="美容室あおば")
    (user,) = control.add_friends("salon", [{"displayName": "美咲"}])
    control.write("salon", user, f"こんにちは{SCRIPT}")
    browser.get(f"{sandbox.origin}/_sandbox/")
    assert "美容室あおば" in browser.find_element(By.TAG_NAME, "body").text
    browser.find_element(By.LINK_TEXT, "美咲").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "美咲"
    assert f"こんにちは{SCRIPT}" in browser.find_element(By.TAG_NAME, "body").text
    assert "taken over" not in browser.title
    width = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "nothing sticks out on a phone"
    browser.get("about:blank")  # the page asks its server again and again, which is about to end


def test_the_menu_and_its_date_picker_are_used_by_the_keyboard(browser: Chrome, sandbox: SandboxServer) -> None:
    control = open_phone(browser, sandbox)

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    def until(selector: str, *, gone: bool = False) -> None:
        WebDriverWait(browser, 20, 0.05).until(lambda at: bool(at.find_elements(By.CSS_SELECTOR, selector)) != gone)

    def told() -> list[tuple[str, object]]:
        events = [one["event"] for one in control.events("salon")]
        taps = [one["postback"] for one in events if one["type"] == "postback"]
        return [(one["data"], one.get("params")) for one in taps]

    browser.find_element(By.CSS_SELECTOR, "#write input").click()
    press(Keys.TAB, Keys.TAB)
    assert (browser.switch_to.active_element.get_attribute("aria-label") or "").startswith("postback visit")
    press(Keys.SPACE)
    until("#chat .lf-mine")
    assert browser.find_element(By.CSS_SELECTOR, "#chat .lf-mine .lf-bubble").text == "来店しました"
    press(Keys.TAB, Keys.ENTER)
    until("dialog[open] input:focus")
    press(Keys.ESCAPE)
    until("dialog", gone=True)
    until("#menu [data-action*=datetimepicker]:focus")
    press(Keys.ENTER)
    until("dialog[open] input:focus")
    day = browser.find_element(By.CSS_SELECTOR, "dialog input")
    for value in ("2027-01-01", ""):
        browser.execute_script("arguments[0].value = arguments[1]", day, value)
        press(Keys.ENTER)
        assert day.is_displayed(), "LINE's picker offers no such day"
    browser.execute_script("arguments[0].value = '2026-12-24'", day)
    press(Keys.ENTER)
    until("dialog", gone=True)
    WebDriverWait(browser, 20, 0.05).until(lambda _: len(told()) > 1)
    assert told() == [("visit", None), ("day", {"date": "2026-12-24"})]
    browser.get("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_phone_shows_everything_in_both_schemes(browser: Chrome, sandbox: SandboxServer, scheme: str) -> None:
    screen = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        open_phone(browser, sandbox)
        assert browser.execute_script("return matchMedia(`(prefers-color-scheme:${arguments[0]})`).matches", scheme)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 320
        browser.find_element(By.CSS_SELECTOR, "#menu [data-action*=datetimepicker]").click()
        dialog = browser.find_element(By.CSS_SELECTOR, "dialog[open]")
        assert dialog.rect["x"] >= 0
        assert dialog.rect["x"] + dialog.rect["width"] <= 320
    finally:
        browser.get("about:blank")
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
