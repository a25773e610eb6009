"""A real browser for the pages that people see: the machine's own Chromium, headless, on a phone's screen.

Chromium is no Python package. Where the machine has none, these tests are left out and say so; where `CI` is set it
must be there (`.ci/run` installs it).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PHONE = (412, 915)
"""CSS pixels."""
# Without these it looks for its maker's hosts at every start.
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if (CHROMIUM and DRIVER) or os.environ.get("CI"):
        return
    why = "no Chromium on this machine: apt-get install chromium chromium-driver"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skipif(condition=True, reason=why))


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    assert CHROMIUM and DRIVER, "CI needs Chromium and its driver: .ci/run installs them"  # noqa: PT018 - one sentence
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for word in (
        *QUIET,
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
        f"--window-size={PHONE[0]},{PHONE[1]}",
    ):
        options.add_argument(word)
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(_chromium: Chrome) -> Iterator[Chrome]:
    """A browser without cookies. The test fails where a page wrote an error into the console."""
    _chromium.delete_all_cookies()
    yield _chromium
    errors = [entry["message"] for entry in _chromium.get_log("browser") if entry["level"] == "SEVERE"]
    _chromium.get("about:blank")
    assert errors == []
