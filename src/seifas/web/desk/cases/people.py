"""Who has a part in a case, and who was told what and when."""

from __future__ import annotations

from typing import Any, Final, cast

from seifas.fhir.exchange import Exchange
from seifas.incidents.local_time import span
from seifas.incidents.standing import Entry, Held, standing
from seifas.incidents.timeline import ROLES, Person, Role, Told, Way
from seifas.web.desk.cases.frame import of_case, show
from seifas.web.desk.cases.reading import entries_of, now_here
from seifas.web.desk.cases.writing import Kept, Sent, kept, lines, moment, one_line, typed_of
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room, Visit

ROLE_WORDS: Final = {
    "director": "case-role-director", "officer": "case-role-officer", "counsel": "case-role-counsel",
    "it": "case-role-it", "press": "case-role-press", "doctor": "case-role-doctor", "police": "case-role-police",
    "prosecutor": "case-role-prosecutor", "authority": "case-role-authority", "insurer": "case-role-insurer",
    "other": "case-role-other",
}  # fmt: skip
_WAYS: Final = {
    "meeting": "case-way-meeting", "telephone": "case-way-telephone", "mail": "case-way-mail",
    "message": "case-way-message", "letter": "case-way-letter", "other": "case-way-other",
}  # fmt: skip
_HAVE_TO_KNOW: Final = ("director", "officer", "counsel")
_NOTHING: Final = Kept(gone=False)


async def people(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/people: people and their roles; a POST adds, corrects or takes back one."""
    visit, _, told = await of_case(room, exchange, case)
    done = _NOTHING
    if exchange.method == "POST":
        done = await kept(room, exchange, visit, told, "person", _person, then=exchange.path)
    if not done.gone:
        await _page(room, exchange, visit, told, person=done)


async def telling(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/told: that a person was told something, or that this was written by mistake."""
    visit, _, told = await of_case(room, exchange, case)

    def made(sent: Sent) -> Told:
        return Told(
            person=one_line(sent, "person"), what=lines(sent, "what"), at=moment(sent), zone=room.settings.clinic.zone,
            way=cast(Way, sent.get("way", "")),
        )  # fmt: skip

    done = await kept(room, exchange, visit, told, "told", made, then=exchange.path.removesuffix("told") + "people")
    if not done.gone:
        await _page(room, exchange, visit, told, telling=done)


async def _page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], *, person: Kept = _NOTHING,
    telling: Kept = _NOTHING,
) -> None:  # fmt: skip
    entries = await entries_of(room, visit, told["case"], ("person", "told"))
    persons = persons_of(entries)
    shown = person if person.said else telling
    chosen = asked(exchange).get("correct", "")
    day, time = now_here(room, told)
    await show(
        room, exchange, "people", visit, told, section="", said=shown.said, status=shown.status, persons=persons,
        tellings=_tellings(entries, persons), roles=ROLE_WORDS, ways=_WAYS,
        typed=typed_of(person.typed or _as_typed(persons, chosen)),
        telling=typed_of({"day": day, "time": time}, telling.typed),
        missing=[ROLE_WORDS[one] for one in _HAVE_TO_KNOW if one not in {each.document.role for each in persons}],
    )  # fmt: skip


def persons_of(entries: list[Entry]) -> list[Held[Person]]:
    """The people of a case, those who decide first."""
    return sorted(standing(entries, "person", Person), key=lambda one: ROLES.index(one.document.role))


def _person(sent: Sent) -> Person:
    return Person(
        name=one_line(sent, "name"), role=cast(Role, sent.get("role", "")),
        organisation=one_line(sent, "organisation"), phone=one_line(sent, "phone"), email=one_line(sent, "email"),
        account=one_line(sent, "account"), note=one_line(sent, "note"),
    )  # fmt: skip


def _as_typed(persons: list[Held[Person]], first: str) -> Sent:
    """The form filled with the one that is to be corrected."""
    for one in persons:
        if one.first == first:
            person = one.document
            return {
                "about": first, "name": person.name, "role": person.role, "organisation": person.organisation,
                "phone": person.phone, "email": person.email, "account": person.account, "note": person.note,
            }  # fmt: skip
    return {}


def _tellings(entries: list[Entry], persons: list[Held[Person]]) -> list[dict[str, Any]]:
    """Who was told what, by when it was, oldest first."""
    names = {one.first: one.document for one in persons}
    found = []
    for one in standing(entries, "told", Told):
        at = span(one.document.at, one.document.zone, "minute")
        found.append({
            "first": one.first, "at": one.document.at.replace("T", " "), "ms": at[0] if at else 0,
            "person": names.get(one.document.person), "what": one.document.what, "way": _WAYS[one.document.way],
            "by": one.entry.by, "written_ms": one.entry.case_ms,
        })  # fmt: skip
    return sorted(found, key=lambda each: int(each["ms"]))
