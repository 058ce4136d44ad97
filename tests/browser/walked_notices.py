"""Notices of the incident that is walked: one wave waits for a second person; and what the public pages say."""

from __future__ import annotations

import json

from darkroom_stage import Desk
from playwright.sync_api import Page
from walking import Clinic, Visit

_WORDS = {
    "known_on": "2026-11-20", "happened": {"lt": "Nukopijuoti įrašai.", "en": "Records were copied."},
    "measures": {"lt": "Pakeitėme raktus.", "en": "We changed the keys."}, "dpo": "J. Petraitė, +370 37 200 000",
    "phone": "+370 37 200 000", "address": "", "clinic": ["Klinika"], "back": "p. d. 200, Kaunas",
}  # fmt: skip


def furnished_notices(officer: Desk, case: bytes, snapshot: str) -> None:
    """A wave that was asked for, and one that was stopped."""
    for grades in (("taken",), ("taken", "ciphertext")):
        made = officer.ask(
            "case.wave_make", case=case, snapshot=bytes.fromhex(snapshot), grades=grades, exempt=len(grades) > 1,
            channels=("mail", "sms", "letter"), body=json.dumps(_WORDS).encode(),
        )  # fmt: skip
    officer.ask("case.wave_stop", case=case, wave=made["wave"])


def of_notices(clinic: Clinic) -> list[Visit]:
    at = f"/desk/cases/{clinic.facts['incident']}/notices"
    return [
        Visit("notices, closed", "officer1", f"/desk/cases/{clinic.facts['incident:closed']}/notices"),
        Visit("notices without words", "officer1", at, prepare=_refused),
        Visit("notices, nobody of that label", "officer1", at, prepare=_nobody),
    ]


def of_asking(language: str) -> list[Visit]:
    """The public pages."""
    found = [
        Visit(f"public {page}", "", f"/{language}/{page}", f"/{{language}}/{page}", door="public")
        for page in ("affected", "code")
    ]
    found.append(Visit("public code that is none", "", f"/{language}/code", door="public", prepare=_no_code))
    found.append(Visit("public asked", "", f"/{language}/affected", door="public", prepare=_asked))
    return found


def _refused(page: Page, clinic: Clinic) -> None:
    for one in ("#n-happened-lt", "#n-happened-en", "#n-measures-lt", "#n-measures-en", "#n-dpo", "#n-phone"):
        page.locator(one).fill("Labas rytas")
    page.locator("input[name=grade-published], input[name=grade-taken]").evaluate_all(
        "boxes => boxes.forEach((box) => { box.checked = false; })"
    )
    with page.expect_navigation():
        page.locator("button[name=do][value=ask]").click()
    page.locator("div.said[role=alert]").wait_for()


def _nobody(page: Page, clinic: Clinic) -> None:
    page.locator("#p-person").fill("P-00000000")
    page.locator("#p-reason").fill("paprašė")
    with page.expect_navigation():
        page.locator("form[action$='/notices/packet'] button").click()
    page.locator("div.said[role=alert]").wait_for()


def _no_code(page: Page, clinic: Clinic) -> None:
    page.locator("#code").fill("0000-0000-0000-0000-0000-0000")
    with page.expect_navigation():
        page.locator("main form button").click()
    page.locator("div.said[role=alert]").wait_for()


def _asked(page: Page, clinic: Clinic) -> None:
    page.locator("#contact").fill("niekas@niekur.lt")
    with page.expect_navigation():
        page.locator("main form button").click()
    page.locator("[role=status]").wait_for()
