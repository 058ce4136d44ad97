"""The public voice at the officer's desk: a statement in both languages with its press kit, the gate, what is public.

What is written is an entry of the case with its finished files; publishing it is the keeper's deed, with the officer's
passkey over exactly these bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from seifas.errors import Invalid, Missing, Refused, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.incidents.filings.catalogue import FORMS
from seifas.incidents.filings.rendering import Document, render
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import Person
from seifas.incidents.voice.making import Speaker, Statement, Words, export, files
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.gathering import gather
from seifas.web.desk.cases.people import ROLE_WORDS
from seifas.web.desk.cases.reading import entries_of, now_here
from seifas.web.desk.cases.writing import Sent, lines, one_line
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit

KIND: Final = "statement"
LANGUAGES: Final = ("lt", "en")
SAID: Final = {
    "case-exercise": "voice-said-exercise", "statement-leave": "voice-said-leave",
    "statement-named": "voice-said-named", "pages": "voice-said-pages", "basis": "voice-said-basis",
    "files": "voice-said-pages", "speaker": "voice-said-speaker",
}  # fmt: skip
_BYTES: Final = 256 * 1024
_SPEAKS: Final = ("press", "director", "officer", "counsel")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an entry "statement". The keeper reads `pages`, `files` and `basis`; the rest is how it was made."""

    pages: dict[str, dict[str, str]]
    files: dict[str, bytes]
    basis: str
    answers: dict[str, str] = {}
    speaker: Speaker = Speaker()


class Written(NamedTuple):
    """A statement as pages show it: `published` as op case.statements tells it, None where it is not."""

    entry: Entry
    body: Body
    published: dict[str, Any] | None


async def voice(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/voice: what was said in public and what was prepared; a POST prepares a statement."""
    visit, _, told = await of_case(room, exchange, case)
    said, status, typed = "", 200, Sent()
    if exchange.method == "POST":
        typed = await room.guard.fields(exchange, visit.token, limit=_BYTES)
        try:
            made = await _prepared(room, visit, told, typed)
            await answers.see_other(exchange, f"/desk/cases/{case}/voice/{made}")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID)), error.http
    rows = await _written(room, visit, told)
    people = await _people(room, visit, told)
    blank = {"title-lt": "", "text-lt": "", "answers-lt": "", "title-en": "", "text-en": "", "answers-en": "",
             "speaker": people[0][0] if people else "", "basis": ""}  # fmt: skip
    await show(
        room, exchange, "voice", visit, told, section="voice", said=said, status=status,
        rows=list(reversed(rows)), people=people, roles=ROLE_WORDS,
        typed={**blank, **_as_typed(rows, people), **typed},
    )  # fmt: skip


async def statement(room: Room, exchange: Exchange, case: str, spoken: str) -> None:
    """/desk/cases/{case}/voice/{spoken}: how it reads; a POST publishes or withdraws it."""
    visit, key, told = await of_case(room, exchange, case)
    one = await _one(room, visit, told, spoken)
    said, status = "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            if sent.get("do") == "withdraw" and one.published is not None:
                await room.client.call(
                    "case.withdraw", session=visit.token, statement=one.published["statement"],
                    word=one_line(sent, "word"),
                )  # fmt: skip
            elif sent.get("do") == "publish":
                await room.client.call(
                    "case.publish", session=visit.token, case=key, entry=bytes.fromhex(one.entry.entry)
                )
            else:
                raise Invalid("There is no such button.", where="do")
            await answers.see_other(exchange, exchange.path)
            return
        except StepUp as error:
            await confirm(room, exchange, visit, error, exchange.path, {"do": "publish"}, deed="touch-statement")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID)), error.http
    await show(
        room, exchange, "statement", visit, told, section="voice", said=said, status=status, one=one,
        names=sorted(one.body.files),
    )  # fmt: skip


async def exported(room: Room, exchange: Exchange, case: str, spoken: str) -> None:
    """GET …/voice/{spoken}/zip: the files for any host, signed. Raises Refused for what is not public."""
    visit, _, told = await of_case(room, exchange, case)
    one = await _one(room, visit, told, spoken)
    if one.published is None or one.published["withdrawn_ms"]:
        raise Refused("only what was published leaves; publish it first")
    body = await asyncio.to_thread(export, one.body.files, one.published["note"], one.published["key"])
    await download(exchange, f"statement-{one.published['version']}.zip", body, b"application/zip")


async def _prepared(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> str:
    """The entry (hex) of a statement made from a form."""
    people = dict(await _people(room, visit, told))
    chosen = sent.get("speaker", "")
    if chosen and chosen not in people:
        raise Invalid("this person is not in the case", where="speaker")
    words = {
        one: Words(
            title=one_line(sent, f"title-{one}"), text=lines(sent, f"text-{one}"), answers=lines(sent, f"answers-{one}")
        )
        for one in LANGUAGES
    }  # fmt: skip
    if any(not one.title or not one.text for one in words.values()):
        raise Invalid("a statement is in both languages", where="pages")
    basis = one_line(sent, "basis")
    if not 3 <= len(basis) <= 300:
        raise Invalid("say on what legal basis", where="basis")
    day, time = now_here(room, told)
    made = Statement(
        clinic=room.pages.clinic, made=f"{day} {time}", day=day, words=words, exercise=told["exercise"],
        speaker=_speaker(people[chosen]) if chosen else Speaker(), facts=await _facts(room, visit, told),
    )  # fmt: skip
    body = Body(
        pages={one: {"title": each.title, "text": each.text} for one, each in words.items()},
        files=await asyncio.to_thread(files, made), basis=basis,
        answers={one: each.answers for one, each in words.items()}, speaker=made.speaker,
    )  # fmt: skip
    row = await room.client.call(
        "case.append", session=visit.token, case=told["case"], kind=KIND, body=msgspec.json.encode(body)
    )
    return str(row["entry"].hex())


async def _facts(room: Room, visit: Visit, told: dict[str, Any]) -> dict[str, Document]:
    gathered = await gather(room, visit, told)
    return {one: render(FORMS["press"], gathered.known, one) for one in LANGUAGES}


def _speaker(person: Person) -> Speaker:
    return Speaker(name=person.name, role=person.organisation, phone=person.phone, mail=person.email)


async def _people(room: Room, visit: Visit, told: dict[str, Any]) -> list[tuple[str, Person]]:
    """Those of the case who may speak for the clinic: (entry, person), the press officer first."""
    held = standing(await entries_of(room, visit, told["case"], ("person",)), "person", Person)
    found = [(one.first, one.document) for one in held if one.document.role in _SPEAKS]
    return sorted(found, key=lambda one: _SPEAKS.index(one[1].role))


async def _written(room: Room, visit: Visit, told: dict[str, Any]) -> list[Written]:
    """All statements of the case, oldest first."""
    public = {
        one["entry"].hex(): one
        for one in await room.client.call("case.statements", session=visit.token, case=told["case"])
    }
    found = []
    for entry in await entries_of(room, visit, told["case"], (KIND,)):
        try:
            body = msgspec.json.decode(entry.body, type=Body)
        except msgspec.DecodeError:
            continue
        found.append(Written(entry, body, public.get(entry.entry)))
    return found


async def _one(room: Room, visit: Visit, told: dict[str, Any], entry: str) -> Written:
    key = ident(entry).hex()
    found = next((one for one in await _written(room, visit, told) if one.entry.entry == key), None)
    if found is None:
        raise Missing("there is no such statement")
    return found


def _as_typed(rows: list[Written], people: list[tuple[str, Person]]) -> Mapping[str, str]:
    """The newest one again: the next version mostly changes a sentence of it."""
    if not rows:
        return {}
    body = rows[-1].body
    typed = {"basis": body.basis}
    for one, page in body.pages.items():
        typed |= {f"title-{one}": page.get("title", ""), f"text-{one}": page.get("text", "")}
        typed[f"answers-{one}"] = body.answers.get(one, "")
    named = next((first for first, person in people if person.name == body.speaker.name), "")
    return {**typed, "speaker": named}
