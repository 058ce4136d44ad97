"""A leak case with everything on it, and the pages of it that only a form or another result leads to."""

from __future__ import annotations

from darkroom_stage import Desk
from leaks_stage import PEOPLE, begun, door_of, ended, registered, searched, sent, strangers, table
from made_pictures import jpeg
from playwright.sync_api import Page
from walking import Clinic, Visit


def leaked(clinic: Clinic) -> None:
    """Puts in a case that was searched in every way, and a closed one."""
    stage, facts = clinic.stage, clinic.facts
    registered(stage)
    case, closed = begun(stage, "Telegram kanalas"), begun(stage, "Baigta byla")
    with Desk(stage, "doctor5") as doctor:
        body = doctor.show(doctor.send(doctor.patient(), jpeg(900, 700))["photo"], "screen")["body"]
    rows = [(*one, "odos procedūra") for one in PEOPLE[:4]]
    with door_of(stage) as door:
        sent(stage, door, case, "paskelbta.csv", table([*rows, *strangers(3), ("Kazlauskas", "J.", "", "")]))
        sent(stage, door, case, "paskelbta.jpg", bytes(body))
        sent(stage, door, case, "sugadinta.pdf", b"%PDF-1.4")
        for kind in ("match", "attribute", "explain"):
            told = ended(door, searched(stage, door, case, kind))
            assert told["state"] == "done", told
    with stage.admin() as admin:
        admin.call("leak.admin_close", case=closed)
        admin.call("watch.admin_add", case=case, url="http://198.51.100.7/kainos.html", every_min=60)
        for one in admin.call("leak.admin_status", case=case)["results"]:
            facts[f"leak:{one['kind']}"] = one["id"].hex()
    facts |= {"case": case.hex(), "result": facts["leak:match"], "leak:closed": closed.hex()}


def of_leaks(clinic: Clinic) -> list[Visit]:
    case = f"/desk/leaks/{clinic.facts['case']}"
    return [
        Visit("leak case, closed", "officer1", f"/desk/leaks/{clinic.facts['leak:closed']}"),
        Visit("leak result, attribute", "officer1", f"{case}/results/{clinic.facts['leak:attribute']}"),
        Visit("leak result, explain", "officer1", f"{case}/results/{clinic.facts['leak:explain']}"),
        Visit("leak candidate, reason", "officer1", f"{case}/results/{clinic.facts['leak:match']}", prepare=_asked),
        Visit("leak case without a title", "officer1", "/desk/leaks", prepare=_refused),
        Visit("decoys told", "officer1", "/desk/leaks/decoys", prepare=_planted),
        Visit("no such leak case", "officer1", f"/desk/leaks/{'0' * 32}", status=404),
    ]


def _asked(page: Page, clinic: Clinic) -> None:
    with page.expect_navigation():
        page.locator("button[name=patient]").first.click()


def _refused(page: Page, clinic: Clinic) -> None:
    page.evaluate("for (const one of document.querySelectorAll('main [required]')) one.removeAttribute('required')")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=begin] button").click()
    page.locator("div.said[role=alert]").wait_for()


def _planted(page: Page, clinic: Clinic) -> None:
    page.fill("#d-label", "Buhalterija, lapkritis")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=plant] button").click()
    page.locator("section.told").wait_for()
