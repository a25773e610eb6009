"""A form's page and an entry page in a real browser, as a friend uses them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from lineform.scenarios.happening import What
from lineform.scenarios.passes import FORM, Pass
from lineform.store import open_store
from support.pages import Pages, open_pages, prepared
from support.stores import NOW


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        store.migrate()
        with open_pages(prepared(store, tmp_path / "workspace")) as opened:
            yield opened


def fits(browser: Chrome) -> bool:
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))


def waited(browser: Chrome, selector: str) -> WebElement:
    """An element of the page that a sent form leads to."""
    return WebDriverWait(browser, 20).until(lambda seen: seen.find_element(By.CSS_SELECTOR, selector))


def test_a_friend_fills_in_the_form_and_is_told_what_is_missing(browser: Chrome, pages: Pages) -> None:
    path = pages.path(Pass(FORM, "profile", pages.friend(), NOW + timedelta(days=1)))
    browser.get(f"http://127.0.0.1:{pages.port}{path}")
    assert fits(browser), "nothing sticks out on a phone"

    def choose(field: str, value: str) -> None:
        browser.find_element(By.CSS_SELECTOR, f'input[name="{field}"][value="{value}"]').click()

    def write(field: str, text: str) -> None:
        browser.find_element(By.NAME, field).send_keys(text)

    choose("gender", "female")
    choose("likes", "fish")
    write("visits", "３")
    write("home", "150-0001")
    write("name", "佐藤<b>花子</b>")
    choose("news", "no")
    browser.execute_script("document.getElementsByName('birthday')[0].value = '1990-05-06'")
    browser.find_element(By.TAG_NAME, "button").click()
    # What was answered brings up another question, and everything that was written is still there.
    assert waited(browser, "[role=alert]").text.startswith("1つの項目")
    assert browser.find_element(By.NAME, "name").get_attribute("value") == "佐藤<b>花子</b>"
    errors = [entry for entry in browser.get_log("browser") if "422" not in entry["message"]]
    assert errors == []
    choose("salon", "yes")
    browser.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(browser, 20, ignored_exceptions=[StaleElementReferenceException]).until(
        lambda seen: "ありがとうございました" in waited(seen, "main").text
    )
    (happened,) = pages.happenings
    assert (happened.what, happened.fields["name"]) == (What.PAGE, ("佐藤<b>花子</b>",))


def test_an_entry_page_leads_into_the_chat(browser: Chrome, pages: Pages) -> None:
    browser.get(f"http://127.0.0.1:{pages.port}/r/aoba/poster")
    assert browser.find_element(By.TAG_NAME, "h1").text == "青葉サロンの公式LINE"
    button = browser.find_element(By.CSS_SELECTOR, "a.button")
    assert (button.get_attribute("href") or "").startswith("https://line.me/R/oaMessage/@aoba/?")
    picture = browser.find_element(By.CSS_SELECTOR, "img.qr")
    assert browser.execute_script("return arguments[0].complete && arguments[0].naturalWidth > 0", picture)
    assert fits(browser)
