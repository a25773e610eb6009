"""How tests run. Property tests have no deadlines, which only measure the machine, and in CI the same examples at every
run. What was collected stays to the end: Python looks through it for garbage neither meanwhile nor afterwards."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_sessionfinish() -> None:
    """What libraries keep is let go, or they complain that it was never found."""
    gc.unfreeze()
