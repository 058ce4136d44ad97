"""A doctor's day from end to end in a real browser, with a passkey of its own: sign in, find, open, write, photograph,
compare, have a consent signed. What each page does in detail stands in the tests of its area; here it is one day.

Held to the same as every page: no script error, nothing that the content policy blocked, nothing asked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browsing import authenticator, sign_in, staff_of
from made_pictures import encoded, picture
from PIL import Image
from playwright.sync_api import Page, expect

from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = pytest.mark.slow

CLINIC = "doctors"
LOOKS: dict[str, dict[str, Any]] = {
    "lt-desktop": {"locale": "lt-LT", "viewport": {"width": 1440, "height": 900}},
    "en-tablet": {"locale": "en-GB", "viewport": {"width": 820, "height": 1180}, "has_touch": True},
}


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(opened: Callable[..., Page], look: str) -> Page:
    made = opened(**LOOKS[look])
    authenticator(made)
    return made


def signed_in_by_passkey(page: Page, stage: Stage, account: str, language: str) -> None:
    """By a link, once; then a passkey is added and from then on it opens the desk."""
    sign_in(page, stage, account)
    page.goto(f"{staff_of(stage)}/desk/account")
    adding = page.locator("[data-passkey][data-create]:not([data-create=''])").first
    adding.locator("input[type=text]").fill("Planšetė")
    adding.get_by_role("button").click()
    page.get_by_text("Planšetė").first.wait_for()
    page.context.clear_cookies()
    page.goto(f"{staff_of(stage)}/auth/sign-in")
    page.get_by_role("button", name=say(language, "passkey")).click()
    page.wait_for_url("**/desk")


def test_a_doctors_day(page: Page, shared_stage: Stage, look: str) -> None:
    language, account = look[:2], {"lt-desktop": "doctor3", "en-tablet": "doctor5"}[look]
    signed_in_by_passkey(page, shared_stage, account, language)

    # Find: the surname of somebody of today, typed into the bar; then the card, then the chart, without a question.
    own = page.locator("a[href^='/desk/patient/']").first
    ident = re.findall(r"/desk/patient/([0-9a-f]{32})", own.get_attribute("href") or "")[0]
    with page.expect_response(lambda one: one.url.endswith(f"/desk/patient/{ident}")):
        page.goto(f"{staff_of(shared_stage)}/desk/patient/{ident}")
    surname = (page.locator("h1").first.inner_text()).split()[-1]
    page.goto(f"{staff_of(shared_stage)}/desk")
    page.keyboard.press("/")
    page.keyboard.type(surname[:-1], delay=30)
    page.locator(f"a[href*='/desk/patient/{ident}']:visible").first.wait_for()
    page.locator(f"a[href*='/desk/patient/{ident}']:visible").first.click()
    page.wait_for_url(f"**/desk/patient/{ident}*")
    page.get_by_role("link", name=say(language, "chart"), exact=True).click()
    page.wait_for_url("**/chart")
    assert page.locator("[name=reason]").count() == 0, "somebody of today is opened without a question"

    # A note by its key, and a procedure with its lot.
    page.keyboard.press("n")
    page.fill("#note-text", "Oda rami. Kontrolė po dviejų savaičių.")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Oda rami. Kontrolė po dviejų savaičių.").first.wait_for()
    page.keyboard.press("p")
    page.fill("#procedure-what", "Botulino toksino injekcija")
    page.fill("#product1", "Botox 50 v.")
    page.fill("#lot1", "C7391C3")
    page.keyboard.press("Control+Enter")
    page.locator(".sheet-day", has_text="C7391C3").first.wait_for()

    # Two photos of one area, before and after, compared.
    at = f"{staff_of(shared_stage)}/desk/patient/{ident}/photos"
    scene = picture(1600, 1200, 41)
    turned = scene.rotate(2, Image.Resampling.BICUBIC).crop((60, 40, 1560, 1165))
    for taken, one in (("2026-01-05", scene), ("2026-04-05", turned)):
        page.goto(at)
        page.select_option("#batch-area", "nose")
        page.select_option("#batch-view", "front")
        page.fill("#taken", taken)
        jpeg = encoded(one, "JPEG", quality=92)
        page.set_input_files("#files", [{"name": "nosis.jpg", "mimeType": "image/jpeg", "buffer": jpeg}])
        page.wait_for_selector("[data-done]:not([hidden])")
    page.goto(at)
    series = page.locator("[data-series]", has_text=say(language, "area-nose"))
    series.locator("a.shot[data-seen]").nth(1).wait_for()
    series.get_by_role("link", name=say(language, "compare-ends")).click()
    page.wait_for_url("**/compare?a=*&b=*")
    page.wait_for_selector("[data-panes][data-shown]")
    assert page.locator("[data-aligned]").inner_text() == say(language, "compare-aligned")

    # A treatment form, read and signed on the screen; its PDF lies with the consent.
    page.goto(f"{staff_of(shared_stage)}/desk/patient/{ident}/consents")
    active = page.locator("article.consent:not(.over)").count()
    page.locator(f"a[href*='/consents/form/'][lang={language}]").first.click()
    page.wait_for_selector("[data-pad]:not([hidden])")
    box = page.locator("[data-pad] canvas").bounding_box()
    assert box is not None
    page.locator("[data-pad] canvas").scroll_into_view_if_needed()
    box = page.locator("[data-pad] canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 30):
        page.mouse.move(box["x"] + 40 + 8 * step, box["y"] + box["height"] / 2 + (step % 5) * 8 - 16)
    page.mouse.up()
    page.check("#agreed")
    page.locator("[data-send]").click()
    page.wait_for_url("**/consents*")
    expect(page.locator("article.consent:not(.over)")).to_have_count(active + 1)
    file = page.locator("a[href$='/file']").first.get_attribute("href")
    got = page.evaluate(
        "async (at) => { const got = await fetch(at); const body = new Uint8Array(await got.arrayBuffer());"
        " return [got.status, got.headers.get('content-type'), String.fromCharCode(...body.slice(0, 5))]; }", file)
    assert got == [200, "application/pdf", "%PDF-"]
