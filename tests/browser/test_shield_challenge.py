"""The challenge in a real browser: with a script, without one, after something was sent; on a phone and in the dark."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from front_rig import FrontRig, front_rig, haproxies
from playwright.sync_api import Browser, Page

PAGE = (
    b'<!doctype html><html lang="en"><title>The page</title><h1 id="here">The page</h1>'
    b'<form method="post" action="/lt/request"><button>Send</button><input name="a" value="what I wrote"></form>'
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), haproxies()[0]) as made:
        made.apps["public"].body, made.apps["public"].says = PAGE, {"content-type": "text/html"}
        yield made


@pytest.fixture(autouse=True)
def siege(rig: FrontRig) -> None:
    rig.mode(2)


def _page(chromium: Browser, **look: Any) -> tuple[Page, list[str]]:
    page = chromium.new_context(**look).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "status of" not in said.text else None)
    return page, complaints


@pytest.mark.parametrize("script", [True, False])
def test_a_newcomer_is_at_the_page_within_five_seconds(rig: FrontRig, chromium: Browser, script: bool) -> None:
    took: list[float] = []
    while not took or (took[-1] >= 5 and len(took) < 3):  # what is slow is so each time, somebody else's work is not
        page, complaints = _page(chromium, java_script_enabled=script)
        began = time.monotonic()
        page.goto(f"http://127.0.0.1:{rig.port()}/lt/x?y=1")
        page.wait_for_selector("#here", timeout=60_000)
        took.append(time.monotonic() - began)
        assert page.url.endswith("/lt/x?y=1")
        assert not complaints
        page.context.close()
    assert took[-1] < 5, took


def test_what_was_sent_is_sent_again(rig: FrontRig, chromium: Browser) -> None:
    rig.mode(0)
    page, complaints = _page(chromium)
    page.goto(f"http://127.0.0.1:{rig.port()}/lt/request")
    rig.mode(2)
    page.click("text=Send")
    page.wait_for_selector("#again:not([hidden])", timeout=60_000)
    assert not [asked for asked in rig.apps["public"].asked if asked[0] == "POST"]
    page.reload()  # as F5 and the button do, the browser's question answered with yes
    page.wait_for_selector("#here")
    assert [asked[3] for asked in rig.apps["public"].asked if asked[0] == "POST"] == [b"a=what+I+wrote"]
    assert not complaints
    page.context.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 560}}])
def test_the_page_can_be_read_by_everybody(
    rig: FrontRig, chromium: Browser, look: dict[str, Any], method: str
) -> None:
    page, _ = _page(chromium, bypass_csp=True, **look)
    name = "challenge.html" if method == "GET" else "challenge-sent.html"
    text = (Path(rig.directory) / name).read_text().replace('<script src="/.shield/solve.js" defer></script>', "")
    page.route("**/shown", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    page.goto(f"http://127.0.0.1:{rig.port()}/shown")
    assert page.inner_text("h1")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    page.context.close()


def test_a_script_hashes_as_the_standard_says(rig: FrontRig, chromium: Browser) -> None:
    # Over challenges of other lengths and targets the numbers found are those that HAProxy takes.
    for target in (2**32 // 2**6, 2**32 // 2**12, 2**32 // 2**17):
        rig.runtime.set_number("target", target)
        page, complaints = _page(chromium)
        page.goto(f"http://127.0.0.1:{rig.port()}/lt/")
        page.wait_for_selector("#here", timeout=60_000)
        assert not complaints
        page.context.close()
    rig.runtime.set_number("target", 2**32 // 2**15)
