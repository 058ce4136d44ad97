"""Deadlines of the incident that is walked: some issued, one changed, one met, one that could not be counted; and an
exercise that is under way."""

from __future__ import annotations

import msgspec
from darkroom_stage import Desk
from walking import Clinic, Visit

from seifas.incidents.deadlines import Met, Profile, compute
from seifas.incidents.exercise import EXERCISES
from seifas.incidents.issuing import changes, issue, issued_of
from seifas.incidents.standing import entry_of
from seifas.incidents.timeline import Event, written

ZONE = "Europe/Vilnius"
KINDS = ("event", "profile", "deadline", "deadline-met")


def furnished_deadlines(officer: Desk, case: bytes) -> dict[str, str]:
    """Fact `incident:exercise`, in hex."""

    def write(kind: str, body: bytes, about: bytes = b"") -> bytes:
        return bytes(officer.ask("case.append", case=case, kind=kind, body=body, about=about)["entry"])

    def event(word: str, at: str, about: bytes = b"") -> bytes:
        made = Event(what="Įvykis", word=word, at=at, zone=ZONE, source="Registratūra")  # type: ignore[arg-type]
        return write("event", written(made), about)

    def issued(reason: str) -> None:
        rows = [entry_of(one) for one in officer.ask("case.entries", case=case, kinds=KINDS)]
        now = officer.ask("case.status", case=case)["now_ms"]
        for change in changes(compute(rows, now, ZONE), issued_of(rows)):
            write("deadline", msgspec.json.encode(issue(change, reason)), bytes.fromhex(change.about))

    write("profile", msgspec.json.encode(Profile(ksis="important", ksis_since="2025-01-01", risk="high")))
    first = event("request", "2026-09-01T10:00")
    second = event("request", "2026-11-01T10:00")
    answered = event("request", "2026-08-01T10:00")
    event("report-asked", "2026-11-02T10:00")
    event("aware", "2026-11-02T09:00")  # nobody has signed it
    issued("")
    event("request", "2026-08-31T10:00", first)
    issued("Laiškas atėjo diena anksčiau")
    event("request", "2026-10-31T10:00", second)  # changed, and not issued again
    event("new-fact", "2026-11-03T10:00")
    met = Met(key=f"G6/{answered.hex()}", at_ms=1_790_000_000_000, how="Atsakyta raštu")
    write("deadline-met", msgspec.json.encode(met))
    script = EXERCISES["2017"]
    begun = officer.ask(
        "case.open", title=script.title("lt", 2026), kind="extortion", exercise=True,
        shift_ms=script.at_ms(0, 2026) - officer.ask("case.status", case=case)["now_ms"],
    )["case"]  # fmt: skip
    for kind, body in script.entries(0, 2026, "lt"):
        officer.ask("case.append", case=begun, kind=kind, body=body)
    return {"incident:exercise": begun.hex()}


def of_deadlines(clinic: Clinic) -> list[Visit]:
    exercise, closed = (f"/desk/cases/{clinic.facts[name]}" for name in ("incident:exercise", "incident:closed"))
    return [
        Visit("deadlines, closed", "officer1", f"{closed}/deadlines"),
        Visit("deadlines of an exercise", "officer1", f"{exercise}/deadlines"),
        Visit("an exercise without a script", "officer1", f"{closed}/exercise"),
    ]
