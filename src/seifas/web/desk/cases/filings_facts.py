"""The form of the facts: each once, with what the case proposes already in it, and with what it rests on."""

from __future__ import annotations

from typing import Any, Final

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.filings import facts as facts_of
from seifas.incidents.filings.catalogue import FACTS, GROUPS, Fact
from seifas.incidents.filings.facts import Answer, Count, Facts
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.gathering import Gathered, counted, gather
from seifas.web.desk.cases.reading import files_of
from seifas.web.desk.cases.writing import Sent, lines, one_line
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room
from seifas.web.pages import language_of

_FIELDS: Final = 400
_CLOSED: Final = ("controller", "contact", "network", "justice")
"""Groups that the case mostly fills by itself, or that not every case needs."""

_BYTES: Final = 768 * 1024


async def facts(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/filings/facts: a POST keeps what differs from what the case proposes; the rest goes on
    following the case."""
    visit, key, told = await of_case(room, exchange, case)
    gathered = await gather(room, visit, told)
    said, status, sent = "", 200, None
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token, most=_FIELDS, limit=_BYTES)
        try:
            snapshot = _snapshot(sent, gathered)
            counts = await counted(room, visit, told, snapshot) if snapshot else {}
            made = _made(sent, gathered, snapshot, counts)
            await room.client.call(
                "case.append", session=visit.token, case=key, kind=facts_of.KIND, body=facts_of.written(made)
            )
            await answers.see_other(exchange, f"/desk/cases/{case}/filings")
            return
        except SeifasError as error:
            status, said = error.http, _said(room, exchange, error)
    language = language_of(exchange, room.pages.languages)
    names = dict(await files_of(room, visit, told))
    by_reference = {reference: code for code, reference in gathered.codes.items()}
    groups = [
        {
            "id": group.id, "title": group.words(language), "open": sent is not None or group.id not in _CLOSED,
            "known": sum(not gathered.known.facts.answer(one.id).empty for one in group.facts),
            "facts": [_shown(one, gathered, language, by_reference, sent) for one in group.facts],
        }
        for group in GROUPS
    ]  # fmt: skip
    await show(
        room, exchange, "facts", visit, told, section="filings", said=said, status=status, groups=groups,
        codes=_codes(gathered, names), snapshots=[
            {"id": one["snapshot"].hex(), "made_ms": one["made_ms"], "counts": one["counts"]}
            for one in gathered.snapshots
        ],
        snapshot=(sent or {}).get("snapshot", gathered.known.facts.snapshot), wrong=_wrong(said, status, sent),
    )  # fmt: skip


def _wrong(said: str, status: int, sent: Sent | None) -> bool:
    return bool(said and status >= 400 and sent is not None)


def _said(room: Room, exchange: Exchange, error: SeifasError) -> str:
    fact = FACTS.get(error.where)
    if isinstance(error, Invalid) and fact is not None:
        label = fact.words(language_of(exchange, room.pages.languages))
        return room.words(exchange, f"facts-said-{fact.kind}", field=label)
    return room.words(exchange, said_of(error, {"snapshot": "facts-said-snapshot", "grounds": "facts-said-grounds"}))


def _snapshot(sent: Sent, gathered: Gathered) -> str:
    wanted = sent.get("snapshot", "")
    if not wanted:
        return ""
    key = ident(wanted).hex()
    if all(one["snapshot"].hex() != key for one in gathered.snapshots):
        raise Invalid("this is no snapshot of the case", where="snapshot")
    return key


def _made(sent: Sent, gathered: Gathered, snapshot: str, counts: dict[str, Count]) -> Facts:
    kept = {}
    for name, fact in FACTS.items():
        offered = gathered.offered.get(name, facts_of.NOTHING)
        shown = gathered.known.facts.answer(name)
        answer = _answer(fact, sent, gathered.codes, counts, shown)
        plain = (offered.text, offered.chosen)
        if (answer.text, answer.chosen) == plain and answer.grounds in (offered.grounds, ()):
            continue  # as the case says it: the next event may say it better
        if answer.empty:
            if not offered.empty:
                kept[name] = Answer(unknown=True)
            continue
        kept[name] = answer
    return Facts(zone=gathered.saved.zone, answers=kept, snapshot=snapshot)


def _answer(fact: Fact, sent: Sent, codes: dict[str, str], counts: dict[str, Count], shown: Answer) -> Answer:
    grounds = _grounds(sent.get(f"g-{fact.id}", ""), codes, shown)
    if fact.kind == "many":
        chosen = tuple(name for name, _, _ in fact.choices if sent.get(f"c-{fact.id}-{name}") == "1")
        return Answer(chosen=chosen, grounds=grounds)
    if fact.kind == "text":
        return Answer(text=lines(sent, f"f-{fact.id}"), grounds=grounds)
    text = one_line(sent, f"f-{fact.id}")
    if fact.kind == "moment":
        text = text.replace(" ", "T")
    if fact.kind == "number":
        text = "".join(text.split())
        now, before = counts.get(fact.id), shown.count
        if now is not None and before is not None and text == str(before.n):
            # Not touched: it follows the snapshot that was chosen.
            return Answer(text=str(now.n), grounds=(f"snapshot:{now.snapshot}",), count=now)
        if before is not None and text != str(before.n):
            # Typed over what was counted: it rests on the list no more.
            grounds = tuple(one for one in grounds if not one.startswith("snapshot:"))
    return Answer(text=text, grounds=grounds)


def _grounds(typed: str, codes: dict[str, str], shown: Answer) -> tuple[str, ...]:
    """The references of typed codes. What has no code (the profile, the case) stays where nothing was typed anew."""
    found = []
    for one in typed.replace(",", " ").replace(";", " ").split():
        code = one[:1].upper() + one[1:].lower()
        if code not in codes:
            raise Invalid("there is nothing of this code", where="grounds")
        found.append(codes[code])
    uncoded = tuple(one for one in shown.grounds if one not in codes.values())
    return (*dict.fromkeys(found), *uncoded)


def _shown(
    fact: Fact, gathered: Gathered, language: str, by_reference: dict[str, str], sent: Sent | None
) -> dict[str, Any]:
    answer = gathered.known.facts.answer(fact.id)
    grounds = " ".join(by_reference[one] for one in answer.grounds if one in by_reference)
    text, chosen = answer.text.replace("T", " ") if fact.kind == "moment" else answer.text, set(answer.chosen)
    if sent is not None:
        text, grounds = sent.get(f"f-{fact.id}", ""), sent.get(f"g-{fact.id}", "")
        chosen = {name for name, _, _ in fact.choices if sent.get(f"c-{fact.id}-{name}") == "1"}
    saved = gathered.saved.answers.get(fact.id)
    return {
        "id": fact.id, "kind": fact.kind, "label": fact.words(language), "text": text, "grounds": grounds,
        "choices": [(name, fact.choice(name, language), name in chosen) for name, _, _ in fact.choices],
        "offered": saved is None and not answer.empty, "counted": answer.count is not None,
        "plain": [one for one in answer.grounds if one in ("profile", "case")],
    }  # fmt: skip


def _codes(gathered: Gathered, names: dict[str, str]) -> list[dict[str, str]]:
    """What facts may rest on: the code, what it is, and what people call it."""
    events = {one.entry: (one.at, one.what) for one in gathered.known.events}
    demands = {one.entry: (one.seen, one.amount) for one in gathered.known.demands}
    rows = []
    for code, reference in gathered.codes.items():
        kind, _, ident_hex = reference.partition(":")
        if kind == "file":
            rows.append({"code": code, "kind": kind, "text": names.get(ident_hex, "")})
        elif kind in ("event", "demand"):
            at, what = (events if kind == "event" else demands)[ident_hex]
            rows.append({"code": code, "kind": kind, "text": f"{at} {what}"[:120]})
        else:
            rows.append({"code": code, "kind": kind, "text": ""})
    return rows
