"""Puts into a served clinic what its pages need to show, as its people would: a page has to be looked at with something
on it. Whatever is found or made is kept by name in the clinic's facts."""

from __future__ import annotations

import datetime
import re
import time
import urllib.parse
import urllib.request
import zoneinfo
from typing import Any

from browsing import receive
from made_pictures import encoded, picture
from PIL import Image
from playwright.sync_api import Page
from walked_cases import furnished_case
from walked_leaks import leaked
from walked_shield import furnished_shield
from walked_tips import furnished_tips
from walking import INVITED, PORTAL, Clinic, Walker, browse

from seifas.demo.schedule import patient_id
from seifas.drill.stage import Browser

FROZEN = "nurse2"
GUESSING = "reception2"
LOT = "H30-7741"
_ID = "([0-9a-f]{32})"
_FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')


def furnished(walker: Walker) -> Clinic:
    clinic = walker.clinic
    _statements(clinic)
    _wish(clinic)
    desk = walker.page("doctor1")
    _found(desk, clinic)
    _written(desk, clinic)
    _photographed(desk, clinic)
    _signed(desk, clinic)
    _of_portal(walker, desk)
    leaked(clinic)
    furnished_case(clinic)
    furnished_tips(clinic)
    furnished_shield(clinic)
    _invited(walker)
    _stopped(walker)
    return clinic


def _linked(page: Page, address: str, pattern: str) -> list[Any]:
    page.goto(address)
    return re.findall(pattern, page.content())


def _statements(clinic: Clinic) -> None:
    for language, title in (("lt", "Svarbu pacientams"), ("en", "Important for patients")):
        path = clinic.stage.data / "site" / language / "statement.md"
        path.write_text(f"---\ntitle: {title}\norder: 90\ndescription: \n---\n\n- **A** 1\n", encoding="utf-8")
        path.chmod(0o644)


def _wish(clinic: Clinic) -> None:
    """A request for an appointment, as a visitor sends it: not sooner than anybody types it."""
    address = f"http://127.0.0.1:{clinic.stage.port}/lt/request"
    with urllib.request.urlopen(address) as answer:
        token = re.search(r'name="form" value="([^"]+)"', answer.read().decode())
    assert token is not None
    time.sleep(3.1)
    fields = {"form": token[1], "name": "Ąžuolas Žukas", "contact": "+370 600 00000", "wish": "Konsultacija",
              "agreed": "yes"}
    with urllib.request.urlopen(address, urllib.parse.urlencode(fields).encode()) as answer:
        assert answer.status == 200


def _found(desk: Page, clinic: Clinic) -> None:
    facts, staff = clinic.facts, clinic.staff
    today = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Vilnius")).date()
    day, patients = _busy(desk, staff, today)
    facts |= {"patient": patients[0], "ident": patients[0], "date": today.isoformat(), "clock": "1600"}
    for number in range(299, 0, -1):
        facts["cold"] = patient_id(1, number)
        desk.goto(f"{staff}/desk/patient/{facts['cold']}/chart")
        if desk.locator("button[name=reason]").count():
            break
    facts["entry"] = _linked(desk, day, f"/desk/entry/{_ID}/move")[0]
    facts["doctor"] = _linked(desk, day, f"/desk/(?:book|day)/[0-9-]{{10}}/{_ID}")[0]
    deadline = time.monotonic() + 60
    while not (requests := _linked(desk, f"{staff}/desk/requests-in", f"/desk/requests-in/{_ID}")):
        assert time.monotonic() < deadline, "the visitor's request did not come in"
        desk.wait_for_timeout(300)
    facts["wish"] = requests[0]
    with browse(clinic, "administrator") as browser:
        for name in ("people", "templates"):
            facts[f"{name}:which"] = re.findall(
                rf'href="/desk/{name}/{_ID}"', browser.read(f"/desk/{name}").body.decode()
            )[0]


def _busy(desk: Page, staff: str, today: datetime.date) -> tuple[str, list[str]]:
    """The doctor's own day and whom it brings, or the next one's: on one weekday a doctor is away."""
    days = (f"/day/{today + datetime.timedelta(days=ahead)}" for ahead in (1, 2))
    for address in (f"{staff}/desk{day}" for day in ("", *days)):
        patients = list(dict.fromkeys(_linked(desk, address, f"/desk/patient/{_ID}")))
        if patients:
            return address, patients
    raise AssertionError("the doctor has nobody within three days")


def _written(desk: Page, clinic: Clinic) -> None:
    """A procedure with its lot, and who else has that lot."""
    facts = clinic.facts
    desk.goto(f"{clinic.staff}/desk/patient/{facts['patient']}/chart")
    desk.keyboard.press("p")
    desk.fill("#procedure-what", "Užpildo injekcija")
    desk.fill("#product1", "Juvéderm Ultra 3")
    desk.fill("#lot1", LOT)
    desk.keyboard.press("Control+Enter")
    desk.locator(".written .lot", has_text=LOT).first.wait_for()
    facts["kind"], facts["record"] = re.findall(f"/record/([A-Za-z]+)/{_ID}", desk.content())[0]
    desk.goto(f"{clinic.staff}/desk/lots")
    desk.fill("#lot", LOT)
    desk.locator("form[action='/desk/lots'] button").click()
    desk.locator("main [data-passkey] button").click()
    desk.wait_for_url(re.compile(r"/desk/lots/[0-9a-f]{32}$"))
    facts["job"] = desk.url.rpartition("/")[2]


def _photographed(desk: Page, clinic: Clinic) -> None:
    """Before and after, of one area."""
    facts = clinic.facts
    at = f"{clinic.staff}/desk/patient/{facts['patient']}/photos"
    scene = picture(1600, 1200, 41)
    after = scene.rotate(2, Image.Resampling.BICUBIC).crop((60, 40, 1560, 1165))
    for one, day in ((scene, "2026-01-05"), (after, "2026-04-05")):
        receive(desk, at, [encoded(one, "JPEG", quality=92)], "nose", "front", day)
    photos = list(dict.fromkeys(_linked(desk, at, f"/photos/{_ID}")))
    facts["photo"], facts["other"] = photos[:2]
    shown = _linked(desk, f"{clinic.staff}/desk/patient/{facts['patient']}/consents",
                    r'/consents/(form|photos)/([0-9a-f]{64})"[^>]*lang="(\w\w)"')
    for kind, digest, language in shown:
        facts.setdefault(f"{kind}:{language}", digest)


def _signed(desk: Page, clinic: Clinic) -> None:
    """A list of patients to call back."""
    desk.goto(f"{clinic.staff}/desk/recalls")
    list_for_recall(desk)
    desk.wait_for_url(re.compile(r"/desk/recalls/[0-9a-f]{32}$"))
    clinic.facts["listed"] = desk.url.rpartition("/")[2]


def list_for_recall(desk: Page, *, last: bool = False) -> None:
    """Picks as many as one may of those who were here in the weeks before, or the last of them alone, and touches the
    passkey if that is asked."""
    today = datetime.date.today()
    desk.fill("#first", (today - datetime.timedelta(days=25)).isoformat())
    desk.fill("#last", (today - datetime.timedelta(days=4)).isoformat())
    desk.locator("form[action='/desk/recalls/find'] button").click()
    if last:
        desk.evaluate("document.querySelectorAll('.picks input').forEach((one, place, all) => {"
                      " one.checked = place === all.length - 1; })")
    desk.fill("#title", "Rudens patikra")
    with desk.expect_navigation():
        desk.locator("form[action='/desk/recalls'] button").click()
    if desk.locator("main [data-passkey] button").count():
        desk.locator("main [data-passkey] button").click()


def _of_portal(walker: Walker, desk: Page) -> None:
    """A patient who has photos, has asked for something and has written."""
    clinic, own = walker.clinic, walker.page(PORTAL)
    facts = clinic.facts
    for part, words in (("requests", "Ne kairė, o dešinė."), ("messages", "Ar galima į baseiną?")):
        own.goto(f"{clinic.public}/my/{part}")
        own.fill("#text", words)
        own.locator("main form button").last.click()
        own.wait_for_load_state("load")
    at = f"{clinic.staff}/desk/patient/{facts['portal:patient']}/photos"
    desk.goto(at)
    if desk.locator("button[name=reason]").count():
        desk.locator("button[name=reason]").first.click()
        desk.wait_for_load_state("load")
    receive(desk, at, [encoded(picture(1200, 1600, 43), "JPEG", quality=90)], "face", "left", "2026-02-09")
    facts["portal:photo"] = _linked(own, f"{clinic.public}/my/photos", f"/my/photos?/{_ID}")[0]
    facts["asked"] = _linked(desk, f"{clinic.staff}/desk/requests", f"/desk/requests/{_ID}")[0]


def _invited(walker: Walker) -> None:
    walker.page(INVITED)
    with walker.clinic.stage.admin() as admin:
        admin.call("admin.account_add", name="rita.r", display="Rita Raudonė", hats=["nurse"])
        walker.clinic.facts["token"] = admin.call("admin.invite", name="rita.r")["token"]


def _stopped(walker: Walker) -> None:
    """Somebody whom the officer has stopped, and somebody who has guessed at callers as often as one may."""
    clinic = walker.clinic
    walker.page(FROZEN)
    with browse(clinic, "officer1") as officer:
        fields = {"form": _token(officer), "do": "suspend", "account": FROZEN, "back": "/desk"}
        assert officer.form("/desk/sessions", fields).status == 303
        fields = {"form": _token(officer), "do": "hold", "patient": clinic.facts["cold"], "why": "Byla 2-17/2026"}
        assert officer.form("/desk/erasures", fields).status == 303
    with browse(clinic, GUESSING) as desk:
        form = _token(desk)
        for day in range(1, 11):
            guess = {"form": form, "surname": "Nerastenis", "birthdate": f"1901-01-{day:02}", "phone": ""}
            assert desk.form("/desk/caller", guess).status == 404


def _token(browser: Browser) -> str:
    found = _FORM.search(browser.read("/desk/account").body.decode())
    assert found is not None
    return found[1]
