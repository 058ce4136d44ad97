"""Deadlines and exercises in a real browser: looked at by axe in both languages, on a telephone in the dark and on a
desk in the light, each in one language only; without scripts they do the same."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import walking
from browsing import sign_in, staff_of, with_passkey
from darkroom_stage import Desk
from icalendar import Calendar
from looked_at import looked_at, sent
from playwright.sync_api import Page
from walked_deadlines import furnished_deadlines

from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]



def test_an_exercise_from_one_click_to_issued_deadlines(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(viewport={"width": 1440, "height": 900}, extra_http_headers={"Accept-Language": "lt"})
    page.context.add_init_script(walking.AXE_SCRIPT)
    with_passkey(page, shared_stage, "officer1")
    staff = staff_of(shared_stage)
    page.goto(f"{staff}/desk/cases")
    page.select_option("#x-year", "2026")
    sent(page, "exercise-begin-do")
    case = page.url
    assert say("lt", "case-exercise-said") in page.inner_text("main")
    page.goto(f"{case}/deadlines")
    assert say("lt", "due-trouble-unsigned") in page.inner_text("main")
    looked_at(page, staff, "unsigned", unfolded=True)
    page.select_option("#q-ksis", "important")
    page.fill("#q-since", "2025-06-01")
    sent(page, "case-keep")
    # Who signs: the two awareness events of the script, on the overview.
    for word in ("aware", "aware-significant"):
        page.goto(case)
        page.locator(".chronicle li", has_text=say("lt", f"case-event-{word}")).locator("a[href*=correct]").click()
        with page.expect_navigation():
            page.locator("#add form > p button").first.click()
        page.locator("main [data-passkey] button").click()
        page.locator(".case-places").wait_for()
    page.goto(f"{case}/deadlines")
    text = page.inner_text("main")
    for rule in ("G1", "G5", "N1", "N2", "N4", "N6"):
        assert rule in text, rule
    sent(page, "due-issue")
    assert say("lt", "due-pending-what") not in page.inner_text("main")
    looked_at(page, staff, "issued", unfolded=True)
    page.goto(f"{case}/exercise")
    sent(page, "exercise-next")
    looked_at(page, staff, "script", unfolded=True)


def test_all_that_a_page_of_deadlines_can_show(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(viewport={"width": 1440, "height": 900}, java_script_enabled=True,
                  extra_http_headers={"Accept-Language": "lt"})  # fmt: skip
    page.context.add_init_script(walking.AXE_SCRIPT)
    sign_in(page, shared_stage, "officer1")
    staff = staff_of(shared_stage)
    with Desk(shared_stage, "officer1") as officer:
        case = officer.ask("case.open", title="Pavyzdys", kind="hand")["case"]
        furnished_deadlines(officer, case)
    page.goto(f"{staff}/desk/cases/{case.hex()}/deadlines")
    text = page.inner_text("main")
    for words in ("due-kind-changed", "due-state-met-late", "due-as-set", "due-now", "due-versions", "due-unchecked"):
        assert say("lt", words).lower() in text.lower(), words
    looked_at(page, staff, "all", unfolded=True)
    sent(page, "due-feed-do")
    fed = httpx.get(page.input_value("#f-at"), timeout=60)  # a calendar program: no cookie, no script
    assert fed.status_code == 200
    assert len(Calendar.from_ical(fed.content).walk("VEVENT")) >= 2
