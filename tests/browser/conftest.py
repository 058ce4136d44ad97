"""A Chromium for the tests of a module, contexts that must not complain, and clinics that several modules share."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "fhir"))  # running_vault

import walking
from browsing import launched, watched
from playwright.sync_api import Browser, BrowserContext, Page

from seifas.drill.stage import Stage

Opened = Callable[..., Page]
_TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="session", autouse=True)
def _looks(whole: bool) -> None:
    walking.every_look = whole


_there: list[tuple[Browser, contextlib.ExitStack]] = []
"""The browser of this process, while there is one."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """The browser goes before tests of another folder come: while it is there its loop runs in this thread, and they
    run loops of their own."""
    try:
        yield
    finally:
        if _there and (nextitem is None or nextitem.path.parent != item.path.parent):
            _there.pop()[1].close()


@pytest.fixture(scope="module")
def chromium() -> Browser:
    """One for all modules that come one after the other."""
    if not _there:
        with contextlib.ExitStack() as stack:
            browser = stack.enter_context(launched())
            _there.append((browser, stack.pop_all()))
    return _there[0][0]


@pytest.fixture(scope="session")
def served(places: Path, small_clinic: Path) -> Iterator[Callable[[str], Stage]]:
    """A served clinic by its name: the one that is served already, or a new one in its place."""
    there: dict[str, Stage] = {}

    def serve(name: str) -> Stage:
        if name not in there:
            while there:
                there.popitem()[1].remove()
            stage = Stage(places / f"{name}-{os.urandom(6).hex()}")
            stage.copy_from(small_clinic)
            stage.start()
            there[name] = stage
        return there[name]

    yield serve
    for stage in there.values():
        stage.remove()


@pytest.fixture(scope="module")
def shared_stage(request: pytest.FixtureRequest, served: Callable[[str], Stage]) -> Stage:
    """A clinic for a module, or for those modules that name the same one as their CLINIC: they are different people's
    work, by different accounts."""
    return served(getattr(request.module, "CLINIC", request.module.__name__))


@pytest.fixture
def opened(chromium: Browser, shared_stage: Stage) -> Iterator[Opened]:
    """Opens a page in a context of its own, of that look. Until the end of the test no page of it may complain, and at
    the end none may be wider than its screen. `unless` are words in a complaint that the test brings about itself."""
    made: list[tuple[BrowserContext, list[str], tuple[str, ...]]] = []

    def opening(*, unless: tuple[str, ...] = (), **look: Any) -> Page:
        context = chromium.new_context(**look)
        context.set_default_timeout(walking.PATIENCE_MS)
        made.append((context, watched(context, shared_stage), unless))
        return context.new_page()

    yield opening
    wrong: list[str] = []
    for context, complaints, unless in made:
        wrong += [one for one in complaints if not any(word in one for word in unless)]
        wrong += [f"wider than the screen: {page.url}" for page in context.pages if page.evaluate(_TOO_WIDE)]
        context.close()
    assert wrong == []
