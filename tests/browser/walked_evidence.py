"""Evidence in the walked incident: a sample, a copy made from it, one that was retracted, a handing over; and what a
wrong form says."""

from __future__ import annotations

from darkroom_stage import Desk
from leaks_stage import door_as
from playwright.sync_api import Page
from walking import Clinic, Visit

from seifas.incidents.custody import Deed, Remark, encoded


def furnished_evidence(officer: Desk, case: bytes) -> None:
    leak = officer.ask("case.evidence", case=case)["leak"]
    files: list[bytes] = []
    with door_as(officer.stage, "desk") as door:
        for name, body in (("pavyzdys.csv", b"Pavarde;Vardas\n"), ("be.jpg", b"\xff\xd8\xff"), ("ne tas.txt", b"x")):
            begun = door.call(
                "upload.begin", session=officer.session, case=leak, name=name, size=len(body), tool="wget 1.21",
                origin="http://forumas.test/35", clock_ms=-40_000, derived_from=files[0] if len(files) == 1 else b"",
            )
            door.call("upload.part", upload=begun["upload"], offset=0, data=body)
            files.append(door.call("upload.finish", session=officer.session, upload=begun["upload"])["file"])
    deed = Deed(files=(files[0].hex(),), word="handed-over", at="2026-01-05T12:00", zone="Europe/Vilnius",
                to="Tyrėjas Jonas Pavyzdys", protocol="12-1")  # fmt: skip
    remarks = (Remark(file=files[0].hex(), text="Pirmas pavyzdys"), Remark(file=files[2].hex(), retracted="ne tas"))
    for kind, body_of in (("custody", deed), *(("evidence", one) for one in remarks)):
        officer.ask("case.append", case=case, kind=kind, body=encoded(body_of))
    officer.ask("case.export_ask", case=case, purpose="Kauno VPK, 12-1")


def of_evidence(clinic: Clinic) -> list[Visit]:
    case, closed = (f"/desk/cases/{clinic.facts[name]}/evidence" for name in ("incident", "incident:closed"))
    return [
        Visit("incident, closed, evidence", "officer1", closed),
        Visit("evidence without a purpose", "officer1", case, prepare=_refused),
    ]


def _refused(page: Page, clinic: Clinic) -> None:
    page.evaluate("for (const one of document.querySelectorAll('main [required]')) one.removeAttribute('required')")
    with page.expect_navigation():
        page.locator("button[value=export]").click()
    page.locator("div.said[role=alert]").wait_for()
