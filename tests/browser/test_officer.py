"""An officer's quarter of an hour in a real browser: an alarm rings while the page is open, is answered, the session
let go on or ended, the changes undone. In Lithuanian on a telephone and in English at a desk."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browsing import sign_in, staff_of, with_passkey
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.web.words import say

LOOKS = {"lt-phone": ("lt", 390), "en-desktop": ("en", 1440)}
Words = Callable[..., str]


@pytest.fixture(params=sorted(LOOKS))
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def words(look: str) -> Words:
    return lambda key, **more: say(LOOKS[look][0], key, **more)


@pytest.fixture
def page(opened: Callable[..., Page], look: str) -> Page:
    language, width = LOOKS[look]
    return opened(
        viewport={"width": width, "height": 900}, extra_http_headers={"Accept-Language": language}
    )


def _booked(stage: Stage, which: int) -> str:
    reception = stage.sign_in("reception1")
    found: set[str] = set()
    for page in re.findall(r"/desk/day/(\d{4}-\d\d-\d\d)", reception.read("/desk").body.decode()) or []:
        body = reception.read(f"/desk/day/{page}").body.decode()
        found |= set(re.findall(r"/desk/patient/([0-9a-f]{32})", body))
    if not found:
        found = set(re.findall(r"/desk/patient/([0-9a-f]{32})", reception.read("/desk").body.decode()))
    reception.close()
    return sorted(found)[which]


def test_an_alarm_is_seen_live_answered_and_its_harm_undone(
    page: Page, shared_stage: Stage, words: Words, look: str
) -> None:
    vandal, number = {"lt-phone": ("doctor4", 0), "en-desktop": ("doctor5", 1)}[look]
    thief, program = shared_stage.sign_in(vandal), shared_stage.program(60)
    patient = _booked(shared_stage, number)
    before = program.read(f"/fhir/Patient/{patient}").json
    body = {**before, "name": [{"family": "Sugadinta"}]}
    assert thief.send("PUT", f"/fhir/Patient/{patient}", body, {"Seifas-Reason": "visit"}).status == 200

    with_passkey(page, shared_stage, {"lt-phone": "officer1", "en-desktop": "officer2"}[look])
    page.goto(f"{staff_of(shared_stage)}/desk")
    name = f"skuba-{look[:2]}"
    assert page.locator("article.alarm", has_text=name).count() == 0
    with shared_stage.admin() as admin:  # it rings while the page is open: an account with a hat, shut at the machine
        admin.call("admin.account_add", name=name, display="Skubi Paskyra", hats=["nurse"])
        admin.call("admin.account_disable", name=name)
    alarm = page.locator("article.alarm", has_text=name).first
    alarm.wait_for()  # without loading the page again
    assert alarm.get_by_text(words("alarm-account-disabled")).count() == 1
    alarm.get_by_role("textbox").fill("Žinau, sutarta")
    alarm.get_by_role("button", name=words("acknowledge")).click()
    page.locator("article.alarm", has_text=name).wait_for(state="detached")
    assert "Žinau, sutarta" in page.locator("#live").inner_text() or "Žinau, sutarta" in page.content()

    row = page.locator("#live tr", has_text=vandal)
    row.get_by_role("button", name=words("suspend")).click()
    page.locator("#live tr", has_text=vandal).get_by_text(words("session-frozen")).wait_for()
    assert thief.read(f"/desk/patient/{patient}").status == 403

    page.goto(f"{staff_of(shared_stage)}/desk/undo")
    page.select_option("#u-account", vandal)
    page.get_by_role("button", name=words("undo-count")).click()
    counted = page.locator(".counted")
    counted.wait_for()
    assert patient not in page.content()
    page.get_by_role("button", name=words("undo-do")).click()
    page.locator("[data-passkey] button").first.click()  # the gesture: whoever has a passkey touches it
    page.locator(".said.ok").wait_for()
    assert program.read(f"/fhir/Patient/{patient}").json["name"] == before["name"]

    page.goto(f"{staff_of(shared_stage)}/desk/budgets")
    person = page.locator("section.person", has_text=vandal)
    person.locator("summary").click()
    person.get_by_role("button", name=words("people-release")).click()
    page.locator("section.person, li", has_text=vandal).first.wait_for()
    page.goto(f"{staff_of(shared_stage)}/desk")
    page.locator("#live tr", has_text=vandal).get_by_role("button", name=words("session-thaw")).click()
    page.locator("#live tr", has_text=vandal).get_by_text(words("session-live")).wait_for()
    page.locator("#live tr", has_text=vandal).get_by_role("button", name=words("session-end"), exact=True).click()
    page.locator("#live tr", has_text=vandal).wait_for(state="detached")
    assert thief.read("/desk").status == 303

    page.goto(f"{staff_of(shared_stage)}/desk/log")
    page.select_option("#f-account", label=page.locator("#f-account option", has_text=f"({vandal})").inner_text())
    page.get_by_role("button", name=words("log-show"), exact=True).click()
    page.wait_for_url("**/desk/log?account=*")
    with page.expect_download() as file:
        page.get_by_role("button", name=words("log-proof")).first.click()
    assert file.value.suggested_filename.endswith(".tlog-proof")
    for one in (thief, program):
        one.close()


def test_every_page_fits_and_has_one_heading(page: Page, shared_stage: Stage, look: str, whole: bool) -> None:
    _, width = LOOKS[look]
    turn = slice(None) if whole else slice(sorted(LOOKS).index(look), None, len(LOOKS))
    for account, paths in (
        ("officer1", ("", "/budgets", "/approvals", "/reviews", "/log", "/log/whole", "/undo", "/erasures",
                      "/programs", "/house", "/notices")),
        ("administrator", ("", "/people", "/clinic", "/team", "/prices", "/templates", "/templates/new",
                           "/settings")),
        ("auditor", ("", "/log/whole")),
    ):  # fmt: skip
        sign_in(page, shared_stage, account)
        for path in paths[turn]:
            page.goto(f"{staff_of(shared_stage)}/desk{path}")
            assert page.locator("h1").count() == 1, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
