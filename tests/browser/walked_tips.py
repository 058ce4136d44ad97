"""Tips for the walk: one from the site with a file, an answer and a note, one from a call; pages they lead to."""

from __future__ import annotations

import re

import httpx
from darkroom_stage import Desk
from playwright.sync_api import Page
from walking import Clinic, Visit

from seifas.keeper import tip_receipts

_HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


def furnished_tips(clinic: Clinic) -> None:
    """Puts them in; facts `tip` in hex, `receipt` as it is typed. The incident has to be there."""
    with httpx.Client(base_url=clinic.public, timeout=30, headers=_HERE) as site:
        page = site.get("/lt/tip/new").text
        receipt = re.findall(r"<code>([0-9A-Z-]{29})</code>", page)[0]
        told = {"form": _form(page), "text": "Mačiau 35 įrašus kanale.\nNuoroda pridėta.", "receipt": receipt}
        page = site.post("/lt/tip/new", data=told).text
        files = {"file": ("ekranas.png", b"\x89PNG" * 500, "image/png")}
        assert site.post("/lt/tip/file", data={"form": _form(page)}, files=files).status_code == 200
    with Desk(clinic.stage, "officer1") as officer:
        tip = officer.ask("tip.list")[0]["tip"]
        officer.ask("tip.note", tip=tip, text="Paklausti policijos")
        officer.ask("tip.answer", tip=tip, text="Ar matėte dar ką nors?", status="question")
        officer.ask("case.link", case=bytes.fromhex(clinic.facts["incident"]), link=tip)
        officer.ask("tip.enter", via="phone", text="Skambino žmogus iš spaudos")
    clinic.facts |= {"tip": tip.hex(), "receipt": receipt}


def _form(page: str) -> str:
    found = re.search(r'name="form" value="([^"]{40,})"', page)
    assert found is not None
    return found[1]


def of_tips(clinic: Clinic, language: str) -> list[Visit]:
    tip = f"/desk/cases/tips/{clinic.facts['tip']}"
    front = f"/{language}/tip"
    return [
        Visit("public tip", "", front, "/{language}/tip", door="public"),
        Visit("public tip, new", "", f"{front}/new", "/{language}/tip/new", door="public"),
        Visit("public tip, mistyped", "", f"{front}/new", door="public", prepare=_mistyped),
        Visit("public tip, no receipt", "", front, door="public", prepare=_typed_wrong),
        Visit("public tip, answered", "", front, door="public", prepare=_read),
        Visit("public tip, nothing there", "", front, door="public", prepare=_read_unknown),
        Visit("tip taken down", "reception1", "/desk/tips/new", prepare=_taken),
        Visit("tip refused", "officer1", tip, prepare=_refused),
        Visit("incident for a tip", "officer1", f"/desk/cases?tip={clinic.facts['tip']}"),
        Visit("no such tip", "officer1", f"/desk/cases/tips/{'0' * 32}", status=404),
    ]


def _mistyped(page: Page, clinic: Clinic) -> None:
    page.fill("#text", "Kazkas")
    page.fill("#receipt", tip_receipts.new())
    _press(page, "form button")
    page.locator("[role=alert]").wait_for()


def _typed_wrong(page: Page, clinic: Clinic) -> None:
    page.fill("#receipt", "AAAA")
    _press(page, "form button")
    page.locator("[role=alert]").wait_for()


def _read(page: Page, clinic: Clinic) -> None:
    page.fill("#receipt", clinic.facts["receipt"])
    _press(page, "form button")
    page.locator(".answer").wait_for()


def _read_unknown(page: Page, clinic: Clinic) -> None:
    page.fill("#receipt", tip_receipts.new())
    _press(page, "form button")
    page.locator("#file").wait_for()


def _taken(page: Page, clinic: Clinic) -> None:
    page.fill("#t-text", "Atnese rasteli")
    _press(page, "main form button")
    page.locator("main code").wait_for()


def _refused(page: Page, clinic: Clinic) -> None:
    _press(page, "section[aria-labelledby=answer] button")
    page.locator("div.said[role=alert]").wait_for()


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator(button).first.click()
