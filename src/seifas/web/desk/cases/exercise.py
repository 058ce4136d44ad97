"""Exercises at the officer's desk: one is begun in one click, and its script goes on step by step, clock and all."""

from __future__ import annotations

import time
from typing import Any

from seifas.errors import Conflict, Invalid, Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.exercise import EXERCISES, KIND, YEARS, Exercise, Played, played_of
from seifas.web import answers
from seifas.web.desk.cases.frame import AT, of_case, officer, said_of, show
from seifas.web.desk.cases.reading import entries_of
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

_SAID = {"step": "exercise-said-step", "year": "exercise-said-year"}


async def begin(room: Room, exchange: Exchange) -> None:
    """POST /desk/cases/exercise with `script` and `year`: a case with a moved clock, and what is known on its first
    day."""
    visit = await officer(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    script, year = EXERCISES.get(sent.get("script", "")), sent.get("year", "")
    if script is None or year not in {str(one) for one in YEARS}:
        raise Invalid("choose an exercise and a year", where="year")
    language = language_of(exchange, room.pages.languages)
    made = await room.client.call(
        "case.open", session=visit.token, title=script.title(language, int(year)), kind=script.script.kind,
        exercise=True, shift_ms=script.at_ms(0, int(year)) - int(time.time() * 1000),
    )  # fmt: skip
    await _write(room, visit, made["case"], script, 0, int(year), language)
    await answers.see_other(exchange, f"{AT}/{made['case'].hex()}")


async def exercise(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/exercise: what has happened and what comes next; a POST with `step` lets it happen."""
    visit, key, told = await of_case(room, exchange, case)
    if not told["exercise"]:
        raise Missing("this case is no exercise")
    played = played_of(await entries_of(room, visit, key, (KIND,)))
    if played is None:  # somebody's own exercise: it has a clock, but no script
        await show(room, exchange, "exercise", visit, told, section="", steps=[], year=0, moved=False)
        return
    script, said, status = EXERCISES[played.script], "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            await _next(room, visit, told, script, played, sent.get("step", ""))
            await answers.see_other(exchange, exchange.path)
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, _SAID)), error.http
    lt = language_of(exchange, room.pages.languages) == "lt"
    steps = [
        {
            "n": number, "title": one.title_lt if lt else one.title_en, "at_ms": script.at_ms(number, played.year),
            "done": number < played.done, "next": number == played.done,
        }
        for number, one in enumerate(script.steps)
    ]  # fmt: skip
    await show(
        room, exchange, "exercise", visit, told, section="", said=said, status=status, steps=steps, year=played.year,
        moved=played.year != script.first_year,
    )  # fmt: skip


async def _next(
    room: Room, visit: Visit, told: dict[str, Any], script: Exercise, played: Played, wanted: str
) -> None:
    """Raises Conflict where somebody else let it happen first, or nothing more comes."""
    if wanted != str(played.done) or played.done >= len(script.steps):
        raise Conflict("this has happened already", where="step")
    wall_ms = told["now_ms"] - told["shift_ms"]
    shift_ms = max(told["shift_ms"], script.at_ms(played.done, played.year) - wall_ms)
    await room.client.call("case.move", session=visit.token, case=told["case"], shift_ms=shift_ms)
    await _write(room, visit, told["case"], script, played.done, played.year, played.language)


async def _write(
    room: Room, visit: Visit, case: bytes, script: Exercise, step: int, year: int, language: str
) -> None:
    """How far it has come is written first: an exercise that is interrupted goes on and repeats nothing."""
    for kind, body in script.entries(step, year, language):
        await room.client.call("case.append", session=visit.token, case=case, kind=kind, body=body)
