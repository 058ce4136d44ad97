"""A patient on a telephone: the slip's code, a passkey, the record, who opened it, a proof, a consent withdrawn."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import walking
from browsing import authenticator, public_of, sign_in, staff_of
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.web.words import say

pytestmark = pytest.mark.slow

CLINIC = "front"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "lt-LT", "has_touch": True}
PARTS = ("", "record", "opened", "appointments", "photos", "consents", "requests", "messages", "export", "account")


def words(key: str, **more: object) -> str:
    return say("lt", key, **more)


@pytest.fixture
def page(opened: Callable[..., Page]) -> Page:
    return opened(**PHONE)


def invited(stage: Stage, number: int) -> dict[str, str]:
    """An invitation as `seifas demo` prints it."""
    with stage.admin() as admin:
        made = admin.call("admin.portal_demo")[number]
    return {"code": made["code"], "birth": made["birth"], "patient": made["patient"].hex()}


def entered(page: Page, stage: Stage, invitation: dict[str, str]) -> None:
    page.goto(f"{public_of(stage)}/my")
    page.fill("#invitation", invitation["code"].lower())
    page.fill("#birth", invitation["birth"].replace("-", ""))
    page.get_by_role("button", name=words("my-continue")).click()
    page.wait_for_url(re.compile(r"/my(/account)?$"))


def test_a_patients_first_evening(page: Page, shared_stage: Stage, tmp_path: Path) -> None:
    stage, invitation = shared_stage, invited(shared_stage, 0)
    with_consent(stage, invitation["patient"])
    authenticator(page)
    entered(page, stage, invitation)
    assert page.url.endswith("/my/account"), "a first visit leads to choosing how to sign in"
    page.get_by_role("button", name=words("passkey-add")).click()
    page.locator("section[aria-labelledby=keys] li").wait_for()
    page.get_by_role("button", name=words("sign-out")).click()
    page.wait_for_url("**/my?out")
    page.go_back()
    page.wait_for_load_state()
    assert page.locator("#invitation").count() == 1, "the back key leads to the door"
    page.get_by_role("button", name=words("my-by-passkey")).click()
    page.locator(".ways").wait_for()
    page.locator("a.panel", has_text=words("my-record")).click()
    page.wait_for_url("**/my/record")
    assert page.locator(".visit").count() >= 1
    page.get_by_role("link", name=words("my-opened")).click()
    page.wait_for_url("**/my/opened")
    assert page.get_by_text(words("my-did-consent")).or_(page.get_by_text(words("my-did-written"))).count() >= 1
    with page.expect_download() as proof:
        page.get_by_role("link", name=words("my-proof"), exact=True).first.click()
    proof.value.save_as(tmp_path / proof.value.suggested_filename)
    page.locator("summary").click()
    with page.expect_download() as key:
        page.get_by_role("link", name=words("my-proof-key")).click()
    key.value.save_as(tmp_path / "log.key")
    told = stage_checks(stage, tmp_path / proof.value.suggested_filename, tmp_path / "log.key")
    assert told["ok"] is True
    page.goto(f"{public_of(stage)}/my/consents")
    live = page.get_by_role("button", name=words("my-consent-end"))
    before = live.count()
    assert before >= 1
    live.first.click()
    page.get_by_text(words("my-consent-ended")).wait_for()
    assert page.get_by_role("button", name=words("my-consent-end")).count() == before - 1


def stage_checks(stage: Stage, proof: Path, key: Path) -> dict[str, object]:
    """`seifas audit check-proof`, as anybody would run it."""
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "audit", "check-proof", str(proof), "--key", str(key), "--json"],
        capture_output=True, check=True, timeout=60,
    )
    told: dict[str, object] = json.loads(done.stdout)
    return told


def with_consent(stage: Stage, patient: str) -> None:
    desk = stage.program(500)
    made = desk.send("POST", "/fhir/Consent", {
        "resourceType": "Consent", "status": "active", "dateTime": "2026-11-01", "scope": {"text": "Gydymas"},
        "category": [{"text": "Gydymas"}], "patient": {"reference": f"Patient/{patient}"},
        "policyRule": {"text": "Sutikimas gydytis 1"},
    })
    assert made.status == 201, made.body


def test_every_part_fits_a_phone_and_is_fit_for_everybody(page: Page, shared_stage: Stage, whole: bool) -> None:
    page.context.add_init_script(walking.AXE_SCRIPT)
    entered(page, shared_stage, invited(shared_stage, 1))
    for place, theme in enumerate(walking.THEMES):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for part in PARTS if whole else PARTS[place :: len(walking.THEMES)]:
            page.goto(f"{public_of(shared_stage)}/my/{part}".rstrip("/"))
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, part
            assert page.title() == words("my-title")
            assert walking.grave(page) == [], (part, theme)
    page.get_by_role("button", name=words("sign-out")).click()
    page.wait_for_url("**/my?out")
    assert walking.grave(page) == []


def test_writing_and_asking_and_the_desks_answer(
    page: Page, shared_stage: Stage, opened: Callable[..., Page]
) -> None:
    stage = shared_stage
    entered(page, stage, invited(stage, 1))
    page.goto(f"{public_of(stage)}/my/messages")
    page.fill("#text", "Ar galima į baseiną?")
    page.get_by_role("button", name=words("my-send")).click()
    page.locator(".talk .ours").wait_for()
    page.goto(f"{public_of(stage)}/my/requests")
    page.fill("#text", "Ne kairė, o dešinė.")
    page.get_by_role("button", name=words("my-send")).click()
    page.get_by_text(words("my-request-sent")).wait_for()
    desk = opened(locale="lt-LT")
    sign_in(desk, stage, "reception2")
    desk.goto(f"{staff_of(stage)}/desk/requests")
    with desk.expect_navigation():
        desk.get_by_role("link", name=re.compile(f"^{words('open')}:")).first.click()
    assert desk.get_by_text("Ne kairė, o dešinė.").count() == 1
    desk.fill("#text", "Ištaisėme.")
    desk.get_by_role("button", name=words("mydesk-done")).click()
    desk.wait_for_url("**/desk/requests?settled")
    desk.goto(f"{staff_of(stage)}/desk/messages")
    with desk.expect_navigation():
        desk.get_by_role("link", name=re.compile(f"^{words('open')}:")).first.click()
    assert desk.get_by_text("Ar galima į baseiną?").count() == 1
    desk.fill("textarea#text", "Po dviejų savaičių.")
    desk.get_by_role("button", name=words("mydesk-reply")).click()
    desk.locator(".talk .ours").wait_for()
    patient = re.search(r"/patient/([0-9a-f]{32})/", desk.url)
    assert patient is not None
    desk.goto(f"{staff_of(stage)}/desk/patient/{patient[1]}/portal")
    assert desk.locator("section[aria-labelledby=people] li", has_text=words("mydesk-entered")).count() == 1
    desk.get_by_role("button", name=words("mydesk-invite"), exact=True).click()
    code = desk.locator("code.secret").inner_text()
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}", code)
    page.goto(f"{public_of(stage)}/my/messages")
    assert page.get_by_text("Po dviejų savaičių.").count() == 1
    page.goto(f"{public_of(stage)}/my/requests")
    assert page.get_by_text("Ištaisėme.").count() == 1


def test_it_works_without_scripts(opened: Callable[..., Page], shared_stage: Stage) -> None:
    page = opened(**PHONE, java_script_enabled=False)
    entered(page, shared_stage, invited(shared_stage, 0))
    page.goto(f"{public_of(shared_stage)}/my/export")
    with page.expect_download() as made:
        page.get_by_role("button", name=words("my-export-pdf-do")).click()
    path = Path(os.fspath(made.value.path()))
    assert path.read_bytes().startswith(b"%PDF-")
