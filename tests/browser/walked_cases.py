"""An incident with something on each of its pages, and the pages of it that only a form leads to. What an area needs
beyond that it puts into `furnished_case`, by its own function."""

from __future__ import annotations

import datetime
import zoneinfo

from darkroom_stage import Desk
from playwright.sync_api import Page
from walked_affected import furnished_affected, of_affected
from walked_deadlines import furnished_deadlines, of_deadlines
from walked_evidence import furnished_evidence, of_evidence
from walked_filings import furnished_filings
from walked_notices import furnished_notices, of_notices
from walked_outgoing import furnished_outgoing
from walking import Clinic, Visit

from seifas.incidents.timeline import Claim, Document, Event, Note, Person, Task, Told, written

ZONE = "Europe/Vilnius"


def furnished_case(clinic: Clinic) -> None:
    """Puts in an incident that is under way, and one that is closed; facts `incident` and `incident:closed`, in hex."""
    signal, told = (_ago(minutes) for minutes in (180, 170))
    with Desk(clinic.stage, "officer1") as officer:
        case = officer.ask("case.open", title="Paskelbti 35 pacientų įrašai", kind="extortion")["case"]

        def write(kind: str, document: Document, about: bytes = b"") -> bytes:
            made = officer.ask("case.append", case=case, kind=kind, body=written(document), about=about)
            return bytes(made["entry"])

        director = write("person", Person(name="Jonas Pavyzdys", role="director", phone="+370 600 00000"))
        write("event", Event(what="Gautas laiškas su pavyzdžiu", word="first-signal", at=signal, zone=ZONE,
                             source="Registratūros paštas"))  # fmt: skip
        write("event", Event(what="Greičiausiai įsilaužta", at="", zone=ZONE, precision="unknown", source="Policija"))
        wrong = Note(text="Klaida")
        write("note", Note(text="Klaida", retracted="ne tas incidentas"), write("note", wrong))
        write("task", Task(what="Perskaityti serverio žurnalus", due="2026-01-05T12:00", owner=director.hex()))
        write("task", Task(what="Pasikalbėti su spauda", state="done", outcome="Susitarta laukti"))
        write("told", Told(person=director.hex(), what="35 įrašai", at=told, zone=ZONE))
        for says, source, kind in (("24 000 pacientų", "Laiškas", "extorter"), ("25 000 nuotraukų", "Spauda", "press")):
            write("claim", Claim(subject="Kiek paimta", says=says, source=source, kind=kind))  # type: ignore[arg-type]
        clinic.facts |= furnished_filings(officer, case)
        clinic.facts |= furnished_deadlines(officer, case)
        furnished_outgoing(officer, case)
        clinic.facts |= furnished_affected(clinic, officer, case)
        furnished_notices(officer, case, clinic.facts["affected:first"])
        furnished_evidence(officer, case)
        closed = officer.ask(
            "case.open", title="Pratybos: 2017 m. atvejis", kind="hand", exercise=True, shift_ms=-86_400_000
        )["case"]
        officer.ask("case.close", case=closed, word="Baigta")
    clinic.facts |= {"incident": case.hex(), "incident:closed": closed.hex()}


def _ago(minutes: int) -> str:
    """The clinic's time so long ago, as it is typed."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    return at.astimezone(zoneinfo.ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")


def of_cases(clinic: Clinic) -> list[Visit]:
    case, closed = (f"/desk/cases/{clinic.facts[name]}" for name in ("incident", "incident:closed"))
    return [
        *(Visit(f"incident, closed, {last or 'overview'}", "officer1", f"{closed}/{last}".rstrip("/"))
          for last in ("", "tasks", "people", "decisions", "claims", "outgoing", "filings", "filings/facts",
                       "filings/vdai", "voice")),
        *of_affected(clinic), *of_deadlines(clinic), *of_evidence(clinic), *of_notices(clinic),
        Visit("incident, all of the timeline", "officer1", f"{case}?whole=1&looks=1"),
        Visit("incident for a leak case", "officer1", f"/desk/cases?leak={clinic.facts['case']}"),
        Visit("incident without a title", "officer1", "/desk/cases", prepare=_refused),
        Visit("event without a source", "officer1", case, prepare=_refused_event),
        Visit("no such incident", "officer1", f"/desk/cases/{'0' * 32}", status=404),
    ]


def _refused(page: Page, clinic: Clinic) -> None:
    _send_empty(page, "section[aria-labelledby=begin] button")


def _refused_event(page: Page, clinic: Clinic) -> None:
    _send_empty(page, "#add form > p button")


def _send_empty(page: Page, button: str) -> None:
    page.evaluate("for (const one of document.querySelectorAll('main [required]')) one.removeAttribute('required')")
    with page.expect_navigation():
        page.locator(button).click()
    page.locator("div.said[role=alert]").wait_for()
