"""Filings at the officer's desk: what each authority is told, made of the facts; what was finished, and how sent."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents import issuing
from seifas.incidents.deadlines import MET
from seifas.incidents.filings import sealing
from seifas.incidents.filings.catalogue import FACTS, FORMS, Form
from seifas.incidents.filings.passing import Passed
from seifas.incidents.filings.rendering import Document, difference, render
from seifas.incidents.filings.sealing import Filed, Gate, Mark, last_sent
from seifas.incidents.filings.sheet import as_json, as_pdf
from seifas.incidents.local_time import span
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.gathering import Gathered, gather, rendered, scanned, sealed
from seifas.web.desk.cases.reading import entries_of, now_here
from seifas.web.desk.cases.writing import Sent, one_line
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

SECTION: Final = "filings"
SAID: Final = {
    "named": "filing-said-named", "later": "filing-said-later", "form": "filing-said-draft", "at": "filing-said-at",
    "channel": "filing-said-channel", "reference": "filing-said-channel", "language": "filing-said-language",
    "state": "filing-said-state", "word": "case-said-word", "body": "filing-said-body",
}  # fmt: skip
_KINDS: Final = {"pdf": b"application/pdf", "json": b"application/json"}


async def filings(room: Room, exchange: Exchange, case: str) -> None:
    """GET /desk/cases/{case}/filings: the forms with what they still lack, and what was finished and sent."""
    visit, _, told = await of_case(room, exchange, case)
    gathered = await gather(room, visit, told)
    language = language_of(exchange, room.pages.languages)
    rows = []
    for form in FORMS.values():
        if form.leave:
            continue  # it goes out with a statement
        now = render(form, gathered.known, language)
        sent = last_sent(gathered.filed, form.id)
        rows.append({
            "id": form.id, "title": form.words(language), "recipient": form.recipient(language),
            "missing": len(now.missing), "draft": form.status == "draft", "checked": bool(form.checked_by),
            "sent": sent.sent if sent is not None else None,
            "changed": sent is not None and bool(difference(sent.sealed.documents[language], now)),
        })  # fmt: skip
    answered = sum(1 for one in FACTS if not gathered.known.facts.answer(one).empty)
    await show(
        room, exchange, "filings", visit, told, section=SECTION, rows=rows, answered=answered, all=len(FACTS),
        written=bool(gathered.saved_entry), filed=[shown_filed(one, language) for one in reversed(gathered.filed)],
        snapshot=gathered.known.facts.snapshot, newer=newer_list(gathered),
    )  # fmt: skip


async def filing(room: Room, exchange: Exchange, case: str, filing: str) -> None:
    """/desk/cases/{case}/filings/{filing}: how it would read now, in `?language=`, scanned for names with `?look=1`
    (which costs what a search does); a POST finishes it."""
    visit, _, told = await of_case(room, exchange, case)
    wanted = form_of(filing)
    said, status = "", 200
    gathered = await gather(room, visit, told)
    documents = rendered(wanted, gathered)
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            made = await _finish(room, visit, told, wanted, gathered, documents, later=sent.get("later") == "1")
            await answers.see_other(exchange, f"/desk/cases/{case}/filed/{made}")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID), fields=_fields(error)), error.http
    language = _language(room, exchange)
    looked: Passed | None = None
    if asked(exchange).get("look") == "1" and exchange.method != "POST":
        try:
            looked = await scanned(room, visit, told, documents[language], gathered.known)
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID)), error.http
    before = last_sent(gathered.filed, wanted.id)
    await show(
        room, exchange, "filing", visit, told, section=SECTION, said=said, status=status, spec=wanted,
        document=looked.document if looked is not None else documents[language], looked=looked, language=language,
        title=wanted.words(language_of(exchange, room.pages.languages)),
        before=shown_filed(before, language) if before is not None else None,
    )  # fmt: skip


async def draft(room: Room, exchange: Exchange, case: str, filing: str) -> None:
    """GET …/filings/{filing}/draft?language=lt&as=pdf: the same as a file, marked a draft, through the same gate."""
    visit, _, told = await of_case(room, exchange, case)
    wanted, kind = form_of(filing), asked(exchange).get("as", "pdf")
    if kind not in _KINDS:
        raise Invalid("a draft is pdf or json", where="as")
    language = _language(room, exchange)
    gathered = await gather(room, visit, told)
    try:
        looked = await _passed(room, visit, told, rendered(wanted, gathered)[language], gathered)
    except Invalid:
        await answers.see_other(exchange, f"/desk/cases/{case}/filings/{filing}?language={language}&look=1")
        return
    day, _ = now_here(room, told)
    if kind == "pdf":
        body = await asyncio.to_thread(as_pdf, looked.document, day, draft=True)
    else:
        body = as_json(looked.document, draft=True)
    await download(exchange, f"draft-{wanted.id}-{language}-{day}.{kind}", body, _KINDS[kind])


async def filed(room: Room, exchange: Exchange, case: str, filed: str) -> None:
    """/desk/cases/{case}/filed/{filed}: a finished filing, its files and hashes; a POST says when and how it was sent,
    or that it is not to be."""
    visit, key, told = await of_case(room, exchange, case)
    said, status, typed = "", 200, Sent()
    one = await _filed(room, visit, key, filed)
    if exchange.method == "POST":
        typed = await room.guard.fields(exchange, visit.token)
        try:
            mark = sealing.checked(_mark(room, typed), one)
            await room.client.call(
                "case.append", session=visit.token, case=key, kind=sealing.KIND, body=sealing.written(mark),
                about=bytes.fromhex(one.entry),
            )  # fmt: skip
            if mark.state == "sent":
                await _met(room, visit, told, one, mark)
            await answers.see_other(exchange, exchange.path)
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID)), error.http
    language = language_of(exchange, room.pages.languages)
    wanted = FORMS[one.sealed.form]
    gathered = await gather(room, visit, told)
    now = {each: render(wanted, gathered.known, each) for each in sealing.LANGUAGES}
    changes = difference(one.sealed.documents[language], now[language]) if language in one.sealed.documents else ()
    day, time = now_here(room, told)
    await show(
        room, exchange, "filed", visit, told, section=SECTION, said=said, status=status, one=shown_filed(one, language),
        spec=wanted, marks=one.marks, basis=wanted.basis(language), changes=changes,
        hashes=sorted(one.sealed.sha256.items()),
        typed={**_marked(one, f"{day} {time}"), **typed},
    )  # fmt: skip


async def filed_file(room: Room, exchange: Exchange, case: str, filed: str, name: str) -> None:
    """GET …/filed/{filed}/{lt.pdf|en.pdf|lt.json|en.json}: the bytes that were sealed."""
    visit, key, _ = await of_case(room, exchange, case)
    one = await _filed(room, visit, key, filed)
    language, _, kind = name.partition(".")
    found = {"pdf": one.sealed.pdf, "json": one.sealed.json}.get(kind, {}).get(language)
    if found is None:
        raise Missing("there is no such file")
    await download(exchange, f"{one.sealed.form}-{one.entry[:8]}-{language}.{kind}", found, _KINDS[kind])


def _fields(error: SeifasError) -> str:
    """The numbers of the fields in which somebody is named."""
    return error.message if error.where == "named" and len(error.message) < 120 else ""


def newer_list(gathered: Gathered) -> bool:
    """Whether there is a frozen list that the numbers are not from yet."""
    newest = gathered.snapshots[0]["snapshot"].hex() if gathered.snapshots else ""
    return bool(newest) and newest != gathered.known.facts.snapshot


def form_of(name: str) -> Form:
    """Raises Missing, also for the press's: that leaves only with a statement, through its gate."""
    found = FORMS.get(name)
    if found is None or found.leave:
        raise Missing("there is no such form")
    return found


async def _filed(room: Room, visit: Visit, case: bytes, entry: str) -> Filed:
    key = ident(entry).hex()
    entries = await entries_of(room, visit, case, (sealing.KIND,))
    found = next((one for one in sealing.filings(entries) if one.entry == key), None)
    if found is None:
        raise Missing("there is no such filing")
    return found


async def _passed(
    room: Room, visit: Visit, told: dict[str, Any], document: Document, gathered: Gathered
) -> Passed:
    looked = await scanned(room, visit, told, document, gathered.known)
    if looked.named:
        raise Invalid(", ".join(looked.named), where="named")
    return looked


async def _finish(
    room: Room, visit: Visit, told: dict[str, Any], form: Form, gathered: Gathered, documents: dict[str, Document], *,
    later: bool,
) -> str:  # fmt: skip
    """Through the gate, and sealed; the entry in hex."""
    if form.status == "draft":
        raise Invalid("this form is not in force yet", where="form")
    missing = documents["lt"].missing
    if missing and not later:
        raise Invalid("something is missing", where="later")
    looked = {language: await _passed(room, visit, told, one, gathered) for language, one in documents.items()}
    gate = Gate(
        basis=form.basis_en or form.en, scanned=True, black=looked["lt"].black, later=missing if later else (),
    )  # fmt: skip
    before = last_sent(gathered.filed, form.id) if documents["lt"].kind == "supplementary" else None
    day, _ = now_here(room, told)
    made = await sealed(
        {language: one.document for language, one in looked.items()}, gathered.known.facts, gate, day,
        before.entry if before is not None else "",
    )  # fmt: skip
    row = await room.client.call(
        "case.append", session=visit.token, case=told["case"], kind=sealing.KIND, body=sealing.written(made)
    )
    return str(row["entry"].hex())


async def _met(room: Room, visit: Visit, told: dict[str, Any], one: Filed, mark: Mark) -> None:
    """The deadlines that ask for this form are met by it, if they were not before."""
    at = span(mark.at, mark.zone, "minute" if "T" in mark.at else "day")
    entries = await entries_of(room, visit, told["case"], issuing.KINDS)
    made = issuing.met_by(
        entries, one.sealed.form, at[0] if at is not None else told["now_ms"],
        ", ".join(word for word in (mark.channel, mark.reference) if word), one.entry, now_ms=told["now_ms"],
        zone=room.settings.clinic.zone,
    )  # fmt: skip
    for met in made:
        await room.client.call(
            "case.append", session=visit.token, case=told["case"], kind=MET, body=msgspec.json.encode(met)
        )


def _marked(one: Filed, now: str) -> Sent:
    """The form of how it was sent, filled with what was said before."""
    mark = one.sent
    if mark is None:
        return {"at": now, "channel": "", "reference": "", "language": "lt", "word": ""}
    return {
        "at": mark.at.replace("T", " "), "channel": mark.channel, "reference": mark.reference,
        "language": mark.language, "word": "",
    }  # fmt: skip


def _mark(room: Room, sent: Sent) -> Mark:
    if sent.get("do") == "drop":
        return Mark(state="dropped", word=one_line(sent, "word"))
    return Mark(
        state="sent", language=sent.get("language", ""), at=one_line(sent, "at")[:16].replace(" ", "T"),
        zone=room.settings.clinic.zone, channel=one_line(sent, "channel"), reference=one_line(sent, "reference"),
    )  # fmt: skip


def _language(room: Room, exchange: Exchange) -> str:
    wanted = asked(exchange).get("language", "")
    return wanted if wanted in sealing.LANGUAGES else language_of(exchange, room.pages.languages)


def shown_filed(one: Filed, language: str) -> dict[str, Any]:
    """A finished filing as pages list it."""
    form = FORMS[one.sealed.form]
    return {
        "entry": one.entry, "short": one.entry[:8], "form": form.id, "title": form.words(language),
        "recipient": form.recipient(language), "kind": one.sealed.kind, "state": one.state, "sent": one.sent,
        "ms": one.ms, "by": one.by, "of": one.sealed.of, "snapshots": one.sealed.documents["lt"].snapshots,
        "later": one.sealed.gate.later, "exercise": one.sealed.exercise,
    }  # fmt: skip
