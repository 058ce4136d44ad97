"""A real flood, a real shield, and the page of whoever watches: it says so by itself, what is ordered on it holds at
the front, and its notice reaches strangers while the site is under siege."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from browsing import public_of, sign_in, staff_of
from playwright.sync_api import Browser, Page

from seifas.drill.flooding import Plan, Stream, flooding, get
from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SECONDS = 60
"""At most: it ends when the page has told of it."""


@pytest.fixture(scope="module")
def stage(places: Path, small_clinic: Path) -> Iterator[Stage]:
    made = Stage(places / f"flooded-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    settings = made.data / "settings.toml"
    if "\n[shield]\n" not in settings.read_text("utf-8"):
        settings.write_text(settings.read_text("utf-8") + "\n[shield]\non = true\ndrop = false\n", "utf-8")
    made.start()
    yield made
    made.remove()


@pytest.fixture
def officer(chromium: Browser, stage: Stage) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="lt-LT")
    page = context.new_page()
    sign_in(page, stage, "officer1")
    page.goto(f"{staff_of(stage)}/desk/shield")
    yield page
    context.close()


def asked_by_a_stranger(stage: Stage, path: str) -> tuple[int, str]:
    """Status and body for somebody who has never been here and runs no scripts."""
    answer = httpx.get(public_of(stage) + path, headers={"Accept-Language": "lt"}, timeout=60)
    return answer.status_code, answer.text


def heading(page: Page) -> str:
    return page.locator(".shield-now h1").inner_text()


def test_the_page_tells_of_a_flood_by_itself(officer: Page, stage: Stage) -> None:
    officer.locator(".shield-now.is-good").wait_for()
    heads = tuple(get(path, f"127.0.0.1:{stage.port}") for path in ("/lt/", "/lt/services", "/lt/prices"))
    plan = Plan("127.0.0.1", stage.port, SECONDS, (Stream("strangers", 900, heads=heads, sources=50_000),))
    with flooding(plan):
        officer.locator(".shield-now.is-note").wait_for(timeout=SECONDS * 1000)
        assert heading(officer) in (say("lt", "shield-is-guarded"), say("lt", "shield-is-siege"))
        # The page that asks by itself is staff: it went through all the while, and counts.
        staff = officer.locator(".shield-doors li").first
        assert say("lt", "shield-door-staff") in staff.inner_text()
        assert staff.locator("strong").inner_text() == "100 %"
    officer.reload()
    assert officer.locator("section[aria-labelledby=floods] .tag.bad").count() == 1
    with officer.expect_navigation():
        officer.locator("section[aria-labelledby=floods] a").first.click()
    assert say("lt", "shield-why-sources") in officer.inner_text("section[aria-labelledby=steps]")


def test_what_is_ordered_holds_at_the_front(officer: Page, stage: Stage) -> None:
    officer.select_option("#o-mode", "siege")
    with officer.expect_navigation():
        officer.locator("section[aria-labelledby=order] button").click()
    _until(lambda: asked_by_a_stranger(stage, "/lt/request")[0] == 403, "a form has a check before it")
    _until(lambda: asked_by_a_stranger(stage, "/")[0] == 200, "the public pages are static")
    # Whoever works here sees nothing of it.
    answer = officer.goto(f"{staff_of(stage)}/desk/shield")
    assert answer is not None
    assert answer.status == 200
    with officer.expect_navigation():
        officer.locator("section[aria-labelledby=notice] button").click()
    said = say("lt", "site-flood-records")
    _until(lambda: said in asked_by_a_stranger(stage, "/")[1], "strangers under siege see the notice")


def _until(holds: Callable[[], bool], what: str) -> None:
    """How fast it is measures `bench`: here other work may be going on."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.5)
