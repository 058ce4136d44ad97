"""A doctor at a chart, hands on the keys: warm without a word, a note, a procedure with its lot, a correction, and a
stranger's chart by one key. Without scripts the same works by buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browsing import sign_in, staff_of
from playwright.sync_api import Page

from patients_about import patients_of
from seifas.demo.schedule import patient_id
from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = pytest.mark.slow

CLINIC = "doctors"
LOOKS: dict[str, Any] = {
    "lt-tablet": {"locale": "lt-LT", "viewport": {"width": 820, "height": 1180}},
    "en-desktop": {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "en-phone-plain": {"locale": "en-GB", "viewport": {"width": 390, "height": 844}, "java_script_enabled": False},
}


@pytest.fixture
def desk(opened: Callable[..., Page], shared_stage: Stage, request: pytest.FixtureRequest) -> Page:
    """A doctor's desk in a look."""
    page = opened(**LOOKS[request.param])
    sign_in(page, shared_stage, "doctor1")
    return page


@pytest.mark.parametrize("desk", ["lt-tablet", "en-desktop"], indirect=True)
def test_a_doctor_writes_with_the_keys(desk: Page, shared_stage: Stage) -> None:
    page = desk
    language = page.locator("html").get_attribute("lang") or ""
    patient = patients_of(shared_stage, "doctor1")[0]
    page.goto(f"{staff_of(shared_stage)}/desk/patient/{patient}/chart")
    assert page.locator("button[name=reason]").count() == 0, "no dialog in the way of warm work"
    assert page.locator("h1").count() == 1
    marked = f"Randas blunka {language}"
    page.keyboard.press("n")
    page.keyboard.type(f"{marked}.")
    page.keyboard.press("Enter")
    page.keyboard.type("Kontrolė po 3 mėn.")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.get_by_text(f"{marked}.").is_visible()
    page.keyboard.press("p")
    page.keyboard.type(f"Injekcija {language}")
    page.fill("#product1", "Juvéderm Ultra 3")
    page.fill("#lot1", f"H30-{language}")
    page.fill("#expires1", "2099-05-31")
    with page.expect_navigation():
        page.locator('form[action$="/write/procedure"] button').click()
    assert page.locator(".written .lot", has_text=f"H30-{language}").is_visible()
    page.keyboard.press("p")
    assert page.input_value("#lot1") == f"H30-{language}", "what was used a moment ago is offered again"
    page.keyboard.press("Escape")
    line = page.locator(".written > li.note", has_text=marked)
    line.locator("a.turn").click()
    page.fill("#text", f"{marked} gerai.")
    with page.expect_navigation():
        page.get_by_role("button", name=say(language, "correct-do")).click()
    assert page.locator(".version").count() == 2
    assert page.locator(".version del").inner_text().startswith(marked)
    with page.expect_navigation():
        page.get_by_role("link", name=say(language, "back-chart")).click()
    assert page.locator(".written > li.note del", has_text=marked).is_visible()
    ending = page.get_by_role("button", name=say(language, "visit-end"), exact=True)
    if ending.count():  # the other look may have ended today's visit already
        with page.expect_navigation():
            ending.click()
        assert ending.count() == 0


@pytest.mark.parametrize("desk", ["en-desktop"], indirect=True)
def test_a_strangers_chart_opens_by_one_key_and_reloads_as_a_page(desk: Page, shared_stage: Stage) -> None:
    page = desk
    for number in range(299, 0, -1):
        page.goto(f"{staff_of(shared_stage)}/desk/patient/{patient_id(1, number)}/chart")
        if page.locator("button[name=reason]").count():
            break
    assert "of the 20" in page.locator("#price").inner_text()
    with page.expect_navigation():
        page.keyboard.press("1")
    assert page.locator(".chart").count() == 1
    page.reload()
    assert page.locator(".chart").count() == 1, "loading again asks nothing and sends nothing twice"


@pytest.mark.parametrize("desk", ["en-phone-plain"], indirect=True)
def test_without_scripts_the_same_goes_by_touch(desk: Page, shared_stage: Stage) -> None:
    page = desk
    patient = patients_of(shared_stage, "doctor1")[0]
    page.goto(f"{staff_of(shared_stage)}/desk/patient/{patient}/chart")
    page.locator(".writer > summary").first.click()
    page.fill("#note-text", "Be scenarijų")
    with page.expect_navigation():
        page.locator('form[action$="/write/note"] button').click()
    assert page.get_by_text("Be scenarijų").is_visible()
    page.goto(f"{staff_of(shared_stage)}/desk/patient/{patient}/edit")
    assert page.input_value("#family")
