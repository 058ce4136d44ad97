"""Photos in a real browser: received, covered, opened, compared, taken with a camera and with a telephone.

The camera is the browser's own test picture. No page may complain: no script error, nothing that the content policy
blocked, no request to another host.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from browsing import receive, sign_in, staff_of
from made_pictures import encoded, jpeg, picture
from photo_person import code_of
from PIL import Image
from playwright.sync_api import Page, Route

from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = pytest.mark.slow

CLINIC = "front"
DESK: dict[str, Any] = {"locale": "lt-LT", "viewport": {"width": 1440, "height": 900}}
TELEPHONE: dict[str, Any] = {
    "locale": "en-GB", "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True
}


@pytest.fixture
def desk(opened: Callable[..., Page], shared_stage: Stage) -> Page:
    """A doctor's page, signed in, on the first page of the desk."""
    page = opened(**DESK, unless=("ERR_",))  # of uploads that a test breaks off
    sign_in(page, shared_stage, "doctor2")
    return page


def photos_of_somebody_new(desk: Page, stage: Stage) -> str:
    """The address of the photos of a patient whom this doctor has just registered."""
    ident = desk.evaluate(
        """async () => {
          const name = [{family: "Bandomoji", given: ["Ona"]}];
          const body = {resourceType: "Patient", name, birthDate: "1984-02-03"};
          const headers = {"Content-Type": "application/fhir+json", "Prefer": "return=representation"};
          const made = await fetch("/fhir/Patient", {method: "POST", headers, body: JSON.stringify(body)});
          return (await made.json()).id;
        }""")
    return f"{staff_of(stage)}/desk/patient/{str(ident).replace('-', '')}/photos"


def two(desk: Page, at: str) -> None:
    scene = picture(1600, 1200, 41)
    before = encoded(scene, "JPEG", quality=92)
    after = encoded(scene.rotate(2, Image.Resampling.BICUBIC).crop((60, 40, 1560, 1165)), "JPEG", quality=92)
    receive(desk, at, [before], "nose", "front", "2026-01-05")
    receive(desk, at, [after], "nose", "front", "2026-04-05")
    desk.click("[data-done]")
    desk.wait_for_url(at)


def painted(page: Page, selector: str) -> float:
    """How different the pixels of a canvas are among each other: 0 for an empty one."""
    return float(page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(selector);
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let sum = 0, squares = 0;
          for (let at = 0; at < data.length; at += 4) { sum += data[at]; squares += data[at] * data[at]; }
          const mean = sum / (data.length / 4);
          return squares / (data.length / 4) - mean * mean;
        }""", selector))


def test_received_covered_opened_and_compared(desk: Page, shared_stage: Stage) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    two(desk, at)
    series = desk.locator("[data-series]", has_text=say("lt", "area-nose"))
    series.locator("a.shot[data-seen]").nth(1).wait_for()
    assert series.locator("a.shot[data-open]").count() == 0, "covered until somebody opens them"
    first = series.locator("a.shot").first
    first.focus()
    desk.keyboard.press("Enter")
    series.locator("a.shot[data-open]").wait_for()
    assert desk.url == at, "the first Enter uncovers"
    desk.keyboard.press("Escape")
    desk.wait_for_selector("a.shot[data-open]", state="detached")
    # C on one, arrow to the next, C again: compared, the older one first.
    desk.keyboard.press("c")
    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("c")
    desk.wait_for_url("**/compare?a=*&b=*")
    desk.wait_for_selector("[data-panes][data-shown]")
    assert desk.locator("[data-aligned]").inner_text() == say("lt", "compare-aligned")
    captions = desk.locator(".pane figcaption").all_inner_texts()
    assert ["2026-01-05" in captions[0], "2026-04-05" in captions[1]] == [True, True]
    side = painted(desk, "[data-pane=a]")
    assert side > 100
    desk.keyboard.press("4")
    deadline = time.monotonic() + 60
    while painted(desk, "[data-pane=a]") >= side / 3:
        assert time.monotonic() < deadline, "aligned, little is left of the difference"
        desk.wait_for_timeout(50)
    for key, mode in (("2", "slider"), ("3", "flicker"), ("1", "side")):
        desk.keyboard.press(key)
        desk.wait_for_selector(f"[data-panes][data-mode={mode}]")
    with desk.expect_response(re.compile(r"/desk/photo/[0-9a-f]{32}/full$")) as full:
        for _ in range(7):
            desk.keyboard.press("+")
    assert full.value.status == 200
    desk.keyboard.press("Escape")
    desk.wait_for_url(at)


def test_one_photo_is_described_and_its_deletion_taken_back(desk: Page, shared_stage: Stage) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    two(desk, at)
    desk.locator("a.shot[data-seen]").first.click()
    desk.locator("a.shot[data-open]").first.click()
    desk.wait_for_selector("[data-viewer][data-shown=screen]")
    here = desk.url
    desk.keyboard.press("ArrowRight")
    desk.wait_for_url(lambda url: url != here)
    desk.keyboard.press("ArrowLeft")
    desk.wait_for_url(here)
    desk.select_option("#one-area", "chin")
    desk.fill("#note", "Po trijų mėnesių")
    desk.get_by_role("button", name=say("lt", "photo-save")).click()
    desk.get_by_text(say("lt", "photo-described")).wait_for()
    assert desk.locator(".timeline li").count() == 2
    desk.get_by_role("button", name=say("lt", "photo-delete"), exact=True).click()
    desk.wait_for_url("**/photos?deleted=*")
    assert desk.locator("a.shot").count() == 1
    desk.get_by_role("button", name=say("lt", "photo-restore")).click()
    desk.get_by_text(say("lt", "photo-restored")).wait_for()


def test_a_lost_connection_is_taken_up_again(desk: Page, shared_stage: Stage) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    desk.goto(at)
    large = encoded(picture(2000, 1500, 7), "JPEG", quality=100, subsampling=0)
    lost = []

    def drop(route: Route) -> None:
        if route.request.method == "PUT" and len(lost) < 2 and "bytes 0-" not in route.request.headers["content-range"]:
            lost.append(route.request.headers["content-range"])
            route.abort("connectionreset")
        else:
            route.continue_()

    desk.context.route("**/desk/photos/upload", drop)
    with desk.expect_request(lambda request: request.method == "GET" and request.url.endswith("/photos/upload")):
        desk.set_input_files("#files", [{"name": "didele.jpg", "mimeType": "image/jpeg", "buffer": large}])
    desk.wait_for_selector("[data-done]:not([hidden])")
    assert len(lost) == 2
    assert say("lt", "upload-kept") in desk.locator(".upload-said").inner_text()


def test_what_is_no_picture_is_named_and_the_rest_is_kept(desk: Page, shared_stage: Stage) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    desk.goto(at)
    desk.set_input_files("#files", [
        {"name": "gera.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600)},
        {"name": "nepilna.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600)[:9000]},
        {"name": "tuscia.jpg", "mimeType": "image/jpeg", "buffer": b""},
        {"name": "sutartis.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
    ])
    desk.wait_for_selector("[data-done]:not([hidden])")
    said = "\n".join(desk.locator(".upload").all_inner_texts())
    for key in ("upload-kept", "refused-truncated", "refused-empty"):
        assert say("lt", key) in said
    assert "sutartis" not in said
    assert "1" in desk.locator("[data-all]").inner_text()


def test_without_scripts_one_file_goes_in_and_pictures_show(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(**DESK, java_script_enabled=False)
    sign_in(page, shared_stage, "doctor3")
    booked = re.findall(r"/desk/patient/([0-9a-f]{32})", page.content())
    at = f"{staff_of(shared_stage)}/desk/patient/{booked[0]}/photos"
    page.goto(at)
    before = page.locator("a.shot").count()
    page.set_input_files("#files", [{"name": "viena.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600)}])
    page.get_by_role("button", name=say("lt", "receive-do"), exact=True).click()
    page.wait_for_url("**/photos?kept")
    assert page.get_by_text(say("lt", "photos-kept")).count() == 1
    assert page.locator("a.shot").count() == before + 1
    with page.expect_navigation():
        page.locator("a.shot").first.click()
    assert page.locator("figure img").evaluate_all("(all) => all.map((one) => one.naturalWidth)") != [0]


def test_a_telephone_takes_what_the_desk_shows_as_it_arrives(
    desk: Page, opened: Callable[..., Page], shared_stage: Stage
) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    receive(desk, at, [jpeg(1200, 900, seed=51)], "lips", "front")
    desk.goto(at)
    desk.get_by_role("link", name=say("lt", "take-same")).first.click()
    desk.wait_for_selector("[data-camera]:not([hidden])")
    desk.wait_for_selector(".camera-ghost:not([hidden])")
    desk.locator("#ghost-strength").fill("80")
    assert desk.locator(".camera-ghost").evaluate("(one) => getComputedStyle(one).opacity") == "0.8"
    desk.click("[data-shutter]")
    desk.click("[data-keep]:not([hidden])")
    desk.wait_for_selector("[data-list] li[data-state=kept]")
    desk.get_by_role("button", name=say("lt", "take-phone")).click()
    desk.wait_for_selector("img.qr")
    token = code_of(desk.content())
    assert len(token) == 43
    assert token not in desk.url
    phone = opened(**TELEPHONE)
    phone.goto(f"{staff_of(shared_stage)}/capture#{token}")
    phone.wait_for_selector("[data-camera]:not([hidden])")
    assert phone.url == f"{staff_of(shared_stage)}/capture", "the code is gone from the address"
    assert re.fullmatch(r"\w\. \w\., \d{4}", phone.locator("[data-label]").inner_text())
    phone.wait_for_selector(".camera-ghost:not([hidden])")
    assert phone.locator("#chip-area-lips").is_checked()
    phone.tap("label[for=chip-view-left]")
    phone.tap("[data-shutter]")
    phone.tap("[data-again]:not([hidden])")
    phone.tap("[data-shutter]:not([hidden])")
    phone.tap("[data-keep]:not([hidden])")
    phone.wait_for_selector("[data-list] li[data-state=kept]")
    desk.wait_for_selector("[data-arrived] a.shot")
    phone.set_viewport_size({"width": 844, "height": 390})  # turned
    phone.reload()
    phone.wait_for_selector("[data-camera]:not([hidden])")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 844
    phone.get_by_role("button", name=say("en", "capture-end")).tap()
    phone.get_by_text(say("en", "capture-thanks")).wait_for()
    phone.goto("about:blank")
    phone.goto(f"{staff_of(shared_stage)}/capture#{token}")
    phone.get_by_text(say("en", "capture-used")).wait_for()
    desk.goto(at)
    views = desk.locator("[data-series] h2").all_inner_texts()
    assert any(say("lt", "area-lips") in one and say("lt", "view-left") in one for one in views)


def test_a_telephone_without_a_camera_offers_a_file_and_says_so(
    desk: Page, opened: Callable[..., Page], shared_stage: Stage
) -> None:
    at = photos_of_somebody_new(desk, shared_stage)
    desk.goto(at)
    desk.get_by_role("button", name=say("lt", "take-phone")).click()
    desk.wait_for_selector("img.qr")
    phone = opened(**TELEPHONE)
    phone.add_init_script("delete Navigator.prototype.mediaDevices")
    phone.goto(f"{staff_of(shared_stage)}/capture#{code_of(desk.content())}")
    phone.get_by_text(say("en", "camera-gallery")).wait_for()
    assert phone.locator("#camera-file").get_attribute("capture") == "environment"
    phone.set_input_files("#camera-file", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(600, 800)}])
    phone.wait_for_selector("[data-list] li[data-state=kept]")
