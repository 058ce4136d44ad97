"""Writes into a case what a form says: a new document, a correction, or that one is taken back; signed where it must.

A refusal is said above the form, with what was typed still in it. What is signed is exactly these bytes: after the
passkey the same form comes again and makes them anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from seifas.errors import Invalid, Missing, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.incidents.standing import Held, standing
from seifas.incidents.timeline import KINDS, MOST_EVIDENCE, Document, written
from seifas.web import answers
from seifas.web.desk.cases.frame import said_of
from seifas.web.desk.cases.reading import entries_of
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit

Sent = dict[str, str]
_FIELDS: Final = MOST_EVIDENCE + 40
_LABELS: Final = {
    "what": "case-field-what", "at": "case-field-at", "precision": "case-field-precision", "word": "case-field-word",
    "source": "case-field-source", "evidence": "case-field-evidence", "due": "case-field-due",
    "owner": "case-field-owner", "state": "case-field-state", "outcome": "case-field-outcome",
    "name": "case-field-name", "role": "case-field-role", "organisation": "case-field-organisation",
    "phone": "case-field-phone", "email": "case-field-email", "account": "case-field-account",
    "note": "case-field-note", "person": "case-field-person", "way": "case-field-way",
    "question": "case-field-question", "decided": "case-field-decided", "grounds": "case-field-grounds",
    "against": "case-field-against", "by": "case-field-by", "subject": "case-field-subject",
    "says": "case-field-says", "kind": "case-field-kind", "dated": "case-field-dated", "text": "case-field-text",
    "retracted": "case-field-retracted",
}  # fmt: skip


def typed_of(*parts: Sent | None) -> Sent:
    """What a form is filled with, the last that names a field counts; "" for the others."""
    found: Sent = defaultdict(str)
    for one in parts:
        found.update(one or {})
    return found


class Kept(NamedTuple):
    """How a form ended: `gone` when the browser was already answered; else what is said above the form, the status, and
    what was typed."""

    gone: bool
    said: str = ""
    status: int = 200
    typed: Sent | None = None


async def kept(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], kind: str, make: Callable[[Sent], Document], *,
    then: str, signs: Callable[[Document], bool] = lambda _: False, deed: str = "touch-case-entry",
) -> Kept:  # fmt: skip
    """Takes the form of a page: `do` is "add" or, with the first entry's id in `about`, "retract" and `retracted`. What
    is kept leads to the path `then`. `signs` says whether a document takes a passkey; `deed` are that page's words."""
    sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
    try:
        before = await _before(room, visit, told["case"], kind, sent)
        if sent.get("do", "add") == "retract":
            if before is None:
                raise Missing("there is no such entry")
            document = msgspec.structs.replace(before.document, retracted=one_line(sent, "retracted"))
            if not document.retracted:
                raise Invalid("say why", where="retracted")
        else:
            document = make(sent)
        must = signs(document) or (before is not None and (signs(before.document) or before.entry.signed))
        await room.client.call(
            "case.sign" if must else "case.append", session=visit.token, case=told["case"], kind=kind,
            body=written(document), about=bytes.fromhex(before.first) if before is not None else b"",
        )
    except StepUp as error:
        fields = {name: text for name, text in sent.items() if name != "form"}
        await confirm(room, exchange, visit, error, exchange.path, fields, deed=deed)
        return Kept(gone=True)
    except SeifasError as error:
        return Kept(gone=False, said=said(room, exchange, error), status=error.http, typed=sent)
    await answers.see_other(exchange, then)
    return Kept(gone=True)


def said(room: Room, exchange: Exchange, error: SeifasError) -> str:
    """What a page says of a refusal, naming the field if it is one. Raises the error again where there is nothing."""
    if isinstance(error, Invalid) and error.where in _LABELS:
        sentence = "case-said-when" if error.where in ("at", "due") else "case-said-field"
        return room.words(exchange, sentence, field=room.words(exchange, _LABELS[error.where]))
    return room.words(exchange, said_of(error))


async def _before(room: Room, visit: Visit, case: bytes, kind: str, sent: Sent) -> Held[Document] | None:
    """What the form corrects or takes back, as it stands. Raises Missing, Invalid."""
    about = sent.get("about", "")
    if not about:
        return None
    first = ident(about).hex()
    entries = await entries_of(room, visit, case, (kind,))
    found = next((one for one in standing(entries, kind, KINDS[kind], retracted=True) if one.first == first), None)
    if found is None:
        raise Missing("there is no such entry")
    return found


def one_line(sent: Sent, name: str) -> str:
    """A field as one line."""
    return " ".join(sent.get(name, "").split())


def lines(sent: Sent, name: str) -> str:
    """A field of several lines; browsers send their ends as CR LF."""
    return sent.get(name, "").replace("\r\n", "\n").replace("\r", "\n").strip()


def evidence(sent: Sent) -> tuple[str, ...]:
    """The files that are ticked, as ids in hex."""
    return tuple(sorted(name.removeprefix("file-") for name, value in sent.items()
                        if name.startswith("file-") and value == "1"))  # fmt: skip


def moment(sent: Sent) -> str:
    """The fields `day` and `time` as one local time; only the day where there is no time."""
    day, time = one_line(sent, "day"), one_line(sent, "time")[:5]
    return f"{day}T{time}" if day and time else day
