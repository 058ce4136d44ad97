"""An officer's leak case in a real browser, from its first line to the report: begun with its legal basis, approved by
a second officer, samples dropped, searched, a candidate opened, the way out seen, all of it told on paper; closed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdf
import pytest
from browsing import sign_in, staff_of, with_passkey
from darkroom_stage import Desk
from leaks_stage import MARK, PEOPLE, registered, strangers, table
from made_pictures import jpeg
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.web.words import say

HOSTILE = '<img src=x onerror="document.title=1"> ' + "i" * 120 + ".csv"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def leaked(shared_stage: Stage) -> bytes:
    """A view of a photo, as it left through doctor1's session; others have looked at it too."""
    registered(shared_stage)
    with Desk(shared_stage) as doctor, Desk(shared_stage, "doctor2") as other:
        photo = doctor.send(doctor.patient(), jpeg(1400, 1000))["photo"]
        bodies = []
        for desk in (other, doctor):
            opened = desk.ask("photo.open", photo=photo, rendition="screen", reason="visit")
            bodies.append(desk.darkroom.show(opened["ticket"])["body"])
    return bytes(bodies[1])


@pytest.fixture
def officer(opened: Callable[..., Page], shared_stage: Stage) -> Page:
    page = opened(viewport={"width": 390, "height": 844}, extra_http_headers={"Accept-Language": "lt"})
    with_passkey(page, shared_stage, "officer1")
    return page


@pytest.fixture
def second(opened: Callable[..., Page], shared_stage: Stage) -> Page:
    page = opened(viewport={"width": 1440, "height": 900}, extra_http_headers={"Accept-Language": "en"})
    with_passkey(page, shared_stage, "officer2")
    return page


def _button(page: Page, key: str) -> None:
    page.get_by_role("button", name=say("lt", key), exact=True).click()


def _newest(page: Page, number: int) -> None:
    """Waits for so many results without loading the page, and opens the newest."""
    results = page.locator("section[aria-labelledby=results] .hits a")
    results.nth(number - 1).wait_for(timeout=PATIENCE_MS)
    results.first.click()
    page.wait_for_url("**/results/*")


def _fits(page: Page) -> None:
    for width in (390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
        assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 390, "height": 844})


def test_a_case_from_its_beginning_to_its_report(
    officer: Page, second: Page, shared_stage: Stage, leaked: bytes
) -> None:
    page, staff = officer, staff_of(shared_stage)
    page.goto(f"{staff}/desk")
    page.get_by_role("link", name=say("lt", "leaks"), exact=True).click()
    page.fill("#l-title", "Telegram kanalas, 12 eilučių")
    page.fill("#l-ground", "BDAR 33 str.; direktorės sprendimas")
    _button(page, "leak-begin-do")
    page.wait_for_url("**/desk/leaks/*")
    case = page.url
    _fits(page)

    # dropped before anybody has said yes: several at once, sealed, named as they are named and nothing more
    page.set_input_files("#sample", [
        {"name": "posted.csv", "mimeType": "text/csv",
         "buffer": table([*((*one, MARK) for one in PEOPLE), *strangers(5)])},
        {"name": "posted.jpg", "mimeType": "image/jpeg", "buffer": leaked},
        {"name": HOSTILE, "mimeType": "text/csv", "buffer": table(
            [("<script>alert(1)</script>", "\"><b id=injected>", "1981-03-17", "</blockquote>")])},
        {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 nothing"},
    ])  # fmt: skip
    page.locator(".files li").nth(3).wait_for(timeout=PATIENCE_MS)
    assert HOSTILE in page.locator(".files").inner_text()
    assert MARK not in page.content()
    _fits(page)

    _button(page, "leak-ask")
    page.get_by_text(say("lt", "leak-state-asked"), exact=True).wait_for()
    assert page.locator("button[value=match]").count() == 0
    second.goto(f"{staff}/desk/approvals")
    second.locator("button[value=approve]").click()
    second.locator("main [data-passkey] button").click()
    second.locator("section.panel .tag.good").wait_for()

    # whose is it: the result comes into the page that is open
    page.goto(case)
    page.locator("button[value=match]").click()
    _newest(page, 1)
    sure = page.locator("article.mention.sure")
    assert sure.count() == len(PEOPLE)
    assert all(one.locator(".candidates .number").first.inner_text() for one in sure.all())
    assert page.locator("#injected").count() == 0
    assert "<script>alert(1)</script>" in page.locator(".found").inner_text()
    masked = sure.first.locator(".candidates").inner_text()
    assert PEOPLE[0][0] not in masked
    assert say("lt", "leak-why-birth-date") in masked
    _fits(page)
    sure.first.locator("button[name=patient]").click()
    page.fill("#reason", "Pranešti pacientei")
    _button(page, "leak-open-do")
    page.locator("main [data-passkey] button").click()
    page.get_by_text(PEOPLE[0][0]).first.wait_for()

    # which way did it go out
    page.goto(case)
    page.locator("button[value=attribute]").click()
    _newest(page, 2)
    named = page.locator("article.picture", has_text="posted.jpg")
    assert "doctor1" in named.inner_text()
    assert say("lt", "leak-means-named") in named.inner_text()
    assert say("lt", "leak-never-thief") in page.content()
    proof = named.locator("figure img")
    proof.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('figure img').naturalWidth > 100")
    _fits(page)

    page.goto(case)
    page.locator("button[value=explain]").click()
    _newest(page, 3)
    assert page.locator("table.ways").count() == 1
    _fits(page)

    # told on paper, and over
    page.goto(case)
    with page.expect_download() as taken:
        _button(page, "leak-report-do")
    body = io.BytesIO(taken.value.path().read_bytes())
    text = "\n".join(one.extract_text() for one in pypdf.PdfReader(body).pages)
    assert taken.value.suggested_filename.startswith("leak-")
    for said in ("BDAR 33 str.", "officer2", "doctor1", say("lt", "leak-result-match")):
        assert said in text
    assert not [one for one in PEOPLE if one[0] in text]
    assert MARK not in text
    _button(page, "leak-close-do")
    page.get_by_text(say("lt", "leak-state-closed"), exact=True).first.wait_for()
    assert page.locator("#sample").count() == 0


def test_watches_and_decoys(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(viewport={"width": 390, "height": 844}, extra_http_headers={"Accept-Language": "lt"})
    staff = staff_of(shared_stage)
    sign_in(page, shared_stage, "officer1")
    page.goto(f"{staff}/desk/leaks/watches")
    _fits(page)
    page.goto(f"{staff}/desk/leaks")
    page.fill("#l-title", "Stebima")
    page.fill("#l-ground", "BDAR 33 str.")
    _button(page, "leak-begin-do")
    page.wait_for_url("**/desk/leaks/*")
    page.get_by_role("link", name=say("lt", "leak-watch-add")).click()
    page.fill("#w-url", "http://127.0.0.1:9/prices.html")
    page.fill("#w-every", "5")
    _button(page, "leak-watch-do")
    watch = page.locator("section.watch-one", has_text="http://127.0.0.1:9/prices.html")
    watch.wait_for()
    _fits(page)
    watch.locator("button[value=stop]").click()
    page.locator("section.watch-one .tag", has_text=say("lt", "leak-watch-stopped")).wait_for()

    page.goto(f"{staff}/desk/leaks/decoys")
    page.fill("#d-label", "Buhalterija")
    page.fill("#d-count", "3")
    _button(page, "leak-plant-do")
    people = page.locator("section.told tbody tr")
    people.first.wait_for()
    assert people.count() == 3
    _fits(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name=say("lt", "leak-told-file")).click()
    lines = taken.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 4
    page.goto(f"{staff}/desk/leaks/decoys")  # told once
    assert page.locator("section.told").count() == 0
    assert "Buhalterija" in page.content()


def test_without_scripts_a_file_is_sent_by_a_plain_form(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(
        viewport={"width": 820, "height": 900}, java_script_enabled=False,
        extra_http_headers={"Accept-Language": "en"},
    )  # fmt: skip
    with shared_stage.admin() as admin:
        token = admin.call("admin.login_link", name="officer1")["token"]
    page.goto(f"{staff_of(shared_stage)}/auth/link/{token}")
    page.goto(f"{staff_of(shared_stage)}/desk/leaks")
    page.fill("#l-title", "Without scripts")
    page.fill("#l-ground", "GDPR Art. 33")
    page.get_by_role("button", name="Begin").click()
    page.set_input_files("#sample", {"name": "ąžuolas.txt", "mimeType": "text/plain", "buffer": b"Names and dates.\n"})
    page.get_by_role("button", name=say("en", "leak-send"), exact=True).click()
    page.get_by_text(say("en", "leak-kept")).wait_for()
    assert "ąžuolas.txt" in page.locator(".files").inner_text()
    page.locator("button[value=forget-file]").click()
    page.get_by_text(say("en", "leak-files-none")).wait_for()
