"""A working demo in a real browser, as people meet it: found, opened, stopped, confirmed, acknowledged, undone.

Every page is held to the same: no script error, nothing that the content policy blocked, no request to another host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import public_of, sign_in, staff_of, with_passkey
from playwright.sync_api import Page

from seifas.demo.schedule import patient_id
from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = pytest.mark.slow

Words = Callable[[str], str]
LOOKS: dict[str, Any] = {
    "lt-phone": {"locale": "lt-LT", "viewport": {"width": 360, "height": 740}},
    "en-desktop": {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}},
}


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def words(look: str) -> Callable[[str], str]:
    """The words of a key, in the language of this look."""
    return lambda key: say(look[:2], key)


@pytest.fixture
def page(opened: Callable[..., Page], look: str) -> Iterator[Page]:
    """A page that stays in its language while the test lasts."""
    made = opened(**LOOKS[look])
    yield made
    assert made.locator("html").get_attribute("lang") == look[:2]


def fetched(page: Page, path: str, *, method: str = "GET", body: str = "", reason: str = "visit") -> dict[str, Any]:
    """As a script of our own page would ask the API, with the browser's own cookie."""
    answer: dict[str, Any] = page.evaluate(
        """async ([path, method, body, reason]) => {
          const headers = {"Content-Type": "application/fhir+json", "Seifas-Reason": reason};
          const got = await fetch(path, {method, headers, body: body || undefined, credentials: "same-origin"});
          return {status: got.status, text: await got.text()};
        }""",
        [path, method, body, reason],
    )
    return answer


def booked(page: Page) -> set[str]:
    return set(re.findall(r"/desk/patient/([0-9a-f]{32})", page.content()))


def first_cold(page: Page, stage: Stage, numbers: Iterator[int]) -> str:
    """A patient for whose chart a reason is asked; the browser stands on that page."""
    for number in numbers:
        patient = patient_id(1, number)
        page.goto(f"{staff_of(stage)}/desk/patient/{patient}/chart")
        if page.locator("button[name=reason]").count():
            return patient
    raise AssertionError("everybody is expected today")


def test_found_opened_with_a_reason_and_signed_out(page: Page, shared_stage: Stage, words: Words) -> None:
    sign_in(page, shared_stage, "doctor1")
    page.fill("#query", "Kaz")
    page.get_by_role("button", name=words("find-do")).click()
    page.wait_for_url("**/desk/search")
    assert "Kaz" not in page.url, "what was typed stands in no address"
    assert page.get_by_role("link", name=words("open")).count() >= 1
    patient = first_cold(page, shared_stage, iter(range(299, 0, -1)))
    with page.expect_navigation():
        page.get_by_role("button", name=words("why-visit")).first.click()
    assert patient in page.url
    assert "visit" not in page.url
    assert page.locator("h1").count() == 1
    assert page.locator("#content").inner_text().strip()
    page.goto(f"{staff_of(shared_stage)}/desk")
    page.locator("header details.menu > summary").click()
    page.get_by_role("button", name=words("sign-out")).click()
    page.wait_for_url("**/auth/sign-in?out")
    page.go_back()
    page.wait_for_load_state()
    assert "/auth/sign-in" in page.url or not booked(page), "the back key shows nobody"


def test_a_passkey_is_added_signs_in_and_opens_past_the_hour(
    page: Page, shared_stage: Stage, words: Words, look: str
) -> None:
    account = {"lt-phone": "doctor2", "en-desktop": "doctor3"}[look]
    with_passkey(page, shared_stage, account)
    page.locator("header details.menu > summary").click()
    page.get_by_role("button", name=words("sign-out")).click()
    page.wait_for_url("**/auth/sign-in?out")
    page.get_by_role("button", name=words("passkey")).click()
    page.wait_for_url("**/desk")
    numbers = iter(range(20, 290) if look == "lt-phone" else range(290, 20, -1))
    for number in numbers:  # until the hour's budget for strangers is used up; how many are none, the date says
        answer = fetched(page, f"/fhir/Patient/{patient_id(1, number)}/$everything")
        if answer["status"] != 200:
            break
    assert answer["status"] == 403, answer
    confirm = page.get_by_role("button", name=words("passkey-confirm"))
    for number in numbers:  # the next stranger; those who are booked open without more ado
        page.goto(f"{staff_of(shared_stage)}/desk/patient/{patient_id(1, number)}/chart")
        if page.get_by_role("button", name=words("why-visit")).count():
            with page.expect_navigation():
                page.get_by_role("button", name=words("why-visit")).first.click()
        if page.locator("main [data-passkey]").count():
            break
    confirm.click()
    page.locator("main [data-passkey]").wait_for(state="detached")
    page.locator("h1").wait_for()
    assert page.locator("#content").inner_text().strip()


def test_an_officer_hears_acknowledges_and_undoes(
    page: Page, shared_stage: Stage, words: Words, look: str
) -> None:
    vandal, spoilt = {"lt-phone": ("doctor4", 0), "en-desktop": ("doctor5", 1)}[look]
    thief = shared_stage.sign_in(vandal)
    program = shared_stage.program(100)
    patient = sorted(set(re.findall(r"/desk/patient/([0-9a-f]{32})", thief.read("/desk").body.decode())))[spoilt]
    before = program.read(f"/fhir/Patient/{patient}").json
    body = {**before, "name": [{"family": "Sugadinta"}]}
    assert thief.send("PUT", f"/fhir/Patient/{patient}", body, {"Seifas-Reason": "visit"}).status == 200
    with shared_stage.admin() as admin:
        admin.call("admin.account_add", name=f"laikinas-{look[:2]}", display="Laikinas", hats=["nurse"])
        admin.call("admin.account_disable", name=f"laikinas-{look[:2]}")
    sign_in(page, shared_stage, "officer1")
    alarm = page.locator("article.alarm", has_text=f"laikinas-{look[:2]}")
    alarm.first.wait_for()
    alarm.first.get_by_role("button", name=words("acknowledge")).click()
    page.locator("article.alarm", has_text=f"laikinas-{look[:2]}").wait_for(state="detached")
    assert patient not in page.content(), "an officer's desk shows no patient"
    page.goto(f"{staff_of(shared_stage)}/desk/undo")
    page.select_option("#u-account", vandal)
    page.get_by_role("button", name=words("undo-count")).click()
    page.get_by_role("button", name=words("undo-do")).click()
    page.locator(".said.ok").wait_for()
    after = program.read(f"/fhir/Patient/{patient}").json
    assert after["name"] == before["name"]
    assert after["meta"]["versionId"] == str(int(before["meta"]["versionId"]) + 2)
    for browser in (thief, program):
        browser.close()


@pytest.mark.parametrize("account", ["reception1", "administrator", "auditor", "nurse1"])
def test_every_hat_has_a_desk(page: Page, shared_stage: Stage, account: str) -> None:
    sign_in(page, shared_stage, account)
    assert page.locator("h1").count() == 1
    if account in ("administrator", "auditor"):
        assert not booked(page)
        assert page.locator("#query").count() == 0


def test_the_public_pages(page: Page, shared_stage: Stage, look: str) -> None:
    for path in ("/my", "/"):
        answer = page.goto(f"{public_of(shared_stage)}{path}")
        assert answer is not None
        assert answer.status == 200
        assert page.locator("html").get_attribute("lang") == look[:2]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
