"""The offline account's pages, as a person sees them."""

from __future__ import annotations

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer

SCRIPT = "<script>document.title = 'taken over'</script>"


def test_a_friend_is_found_from_the_first_page_and_what_they_wrote_is_text(browser: Chrome) -> None:
    with SandboxServer() as server:
        control = Control(server.origin)
        control.add_account(name="salon", display_name="美容室あおば")
        (user,) = control.add_friends("salon", [{"displayName": "美咲"}])
        control.write("salon", user, f"こんにちは{SCRIPT}")
        browser.get(f"{server.origin}/_sandbox/")
        assert "美容室あおば" in browser.find_element(By.TAG_NAME, "body").text
        browser.find_element(By.LINK_TEXT, "美咲").click()
        assert browser.find_element(By.TAG_NAME, "h1").text == "美咲"
        assert f"こんにちは{SCRIPT}" in browser.find_element(By.TAG_NAME, "body").text
        assert "taken over" not in browser.title
        width = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, "nothing sticks out on a phone"
        browser.get("about:blank")  # the page asks its server again and again, which is about to end
