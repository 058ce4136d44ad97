"""What was decided in a case, on what grounds and by whom: each signed by passkey by who writes it down."""

from __future__ import annotations

from seifas.fhir.exchange import Exchange
from seifas.incidents.standing import standing
from seifas.incidents.timeline import Decision
from seifas.web.desk.cases.frame import of_case, show
from seifas.web.desk.cases.people import ROLE_WORDS, persons_of
from seifas.web.desk.cases.reading import entries_of
from seifas.web.desk.cases.writing import Kept, Sent, kept, lines, one_line, typed_of
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room


async def decisions(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/decisions: all of them, those taken back too; a POST signs one, a correction, or that one is
    taken back."""
    visit, key, told = await of_case(room, exchange, case)
    done = Kept(gone=False)
    if exchange.method == "POST":
        done = await kept(
            room, exchange, visit, told, "decision", _decision, then=exchange.path, signs=lambda _: True,
            deed="touch-case-decision",
        )  # fmt: skip
        if done.gone:
            return
    entries = await entries_of(room, visit, key, ("decision", "person"))
    held = [one for one in standing(entries, "decision", Decision, retracted=True) if one.entry.signed]
    persons = persons_of(entries)
    correct = asked(exchange).get("correct", "")
    typed = typed_of(done.typed or next(
        (
            {"about": one.first, "question": one.document.question, "decided": one.document.decided,
             "grounds": one.document.grounds, "against": one.document.against, "by": one.document.by}
            for one in held if one.first == correct
        ), {},
    ))  # fmt: skip
    await show(
        room, exchange, "decisions", visit, told, section="", said=done.said, status=done.status, typed=typed,
        rows=held[::-1], persons=persons, roles=ROLE_WORDS, who_by={one.first: one.document for one in persons},
    )  # fmt: skip


def _decision(sent: Sent) -> Decision:
    return Decision(
        question=one_line(sent, "question"), decided=lines(sent, "decided"), grounds=lines(sent, "grounds"),
        against=lines(sent, "against"), by=one_line(sent, "by"),
    )  # fmt: skip
