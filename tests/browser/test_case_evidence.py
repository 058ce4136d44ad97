"""Evidence in a real browser: sent in with where it comes from, described, handed over, allowed by a colleague, fetched
as a bundle that stands. Looked at by axe in both languages, on a telephone in the dark and on a desk in the light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import walking
from browsing import staff_of, with_passkey
from darkroom_stage import Desk
from leaks_stage import agree
from looked_at import looked_at, sent
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.incidents import bundle_check
from seifas.web.words import say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLINIC = "evidence"
SAMPLE = {"name": "pavyzdys „35“.csv", "mimeType": "text/csv", "buffer": "Pavardė;Vardas\n".encode() * 2000}
COPY = {"name": "be-exif.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + bytes(5000)}


def test_evidence_comes_in_and_goes_out_as_a_bundle(
    opened: Callable[..., Page], shared_stage: Stage, tmp_path: Path
) -> None:
    page = opened(viewport={"width": 1440, "height": 900}, extra_http_headers={"Accept-Language": "lt"})
    page.context.add_init_script(walking.AXE_SCRIPT)
    with_passkey(page, shared_stage, "officer1")
    staff = staff_of(shared_stage)
    page.goto(f"{staff}/desk/cases")
    page.fill("#c-title", "35 eilutės forume")
    sent(page, "case-begin-do")
    case = page.url
    page.goto(f"{case}/evidence")
    looked_at(page, staff, "empty")
    page.fill("#a-origin", "http://forumas.test/35")
    page.fill("#a-clock", "-40")
    page.set_input_files("#a-file", SAMPLE)
    sent(page, "evidence-send")
    page.select_option("#a-derived", index=1)
    page.set_input_files("#a-file", COPY)
    sent(page, "evidence-send")
    assert page.locator(".evidence-item").count() == 2
    page.locator("#f-" + str(page.locator(".evidence-item").nth(1).get_attribute("id"))[2:] + " summary").nth(1).click()
    page.fill("#t-2", "Kopija be EXIF")
    sent(page, "case-keep")
    page.locator("fieldset input[type=checkbox]").first.check()
    page.fill("#k-to", "Tyrėjas J. Jonaitis")
    page.fill("#k-protocol", "12-1")
    sent(page, "evidence-keep-deed")
    page.fill("#b-purpose", "Kauno VPK, 12-1")
    sent(page, "evidence-ask")
    looked_at(page, staff, "asked")
    ident = bytes.fromhex(case.rpartition("/")[2])
    with Desk(shared_stage, "officer2") as colleague:
        agree(shared_stage, colleague, colleague.ask("case.exports", case=ident)[0]["approval"])
    page.reload()
    sent(page, "evidence-prepare")
    looked_at(page, staff, "prepared")
    with page.expect_download() as fetched:
        page.get_by_role("button", name=say("lt", "evidence-fetch"), exact=True).click()
    place = tmp_path / fetched.value.suggested_filename
    fetched.value.save_as(place)
    good, bundle = bundle_check.check(place, b"", "", b"")
    assert not bundle.wrong
    assert good[0] == "2 items of evidence"
    assert bundle.files["items.json"].size > 0
