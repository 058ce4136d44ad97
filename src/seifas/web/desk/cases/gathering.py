"""Gathers what a filing is made of: the facts as they were entered, and what the case itself knows, from the keeper."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from seifas.errors import Invalid
from seifas.incidents import demands as ledger
from seifas.incidents.deadlines import PROFILE, profile_of
from seifas.incidents.filings import facts as facts_of
from seifas.incidents.filings import sealing
from seifas.incidents.filings.catalogue import FACTS, Form
from seifas.incidents.filings.facts import Answer, Count, Facts
from seifas.incidents.filings.known import Asked, File, Happened, Known
from seifas.incidents.filings.passing import Found, Passed, passed, texts_of
from seifas.incidents.filings.proposing import Contact, proposed
from seifas.incidents.filings.rendering import Document, render
from seifas.incidents.filings.sealing import Filed
from seifas.incidents.local_time import told as local
from seifas.incidents.scanning import suspects
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import Event, Person
from seifas.web.desk.cases.reading import at_words, entries_of
from seifas.web.desk.room import Room, Visit

KINDS: Final = ("event", "person", ledger.KIND, PROFILE, facts_of.KIND, sealing.KIND)
_ROUNDS: Final = 12
"""Scans of one document: each tells twenty people at most, who are blacked out before the next."""

_OWN: Final = (
    "contact-name", "contact-phone", "contact-mail", "contact-work", "contact-post", "controller-name",
    "controller-phone", "controller-mail", "controller-address", "duty-phone",
)
"""Facts that name whoever answers for the filing, who may be a patient, too; a personal code is never let through."""


class Gathered(NamedTuple):
    """`known` holds the facts as they stand with what the case proposes; `saved` only what people wrote, `saved_entry`
    its entry (hex) or ""; `offered` only what the case proposes; `filed` all sealed filings, oldest first; `snapshots`
    as op case.snapshots tells them, newest first."""

    known: Known
    saved: Facts
    saved_entry: str
    offered: dict[str, Answer]
    filed: tuple[Filed, ...]
    snapshots: list[dict[str, Any]]
    codes: dict[str, str]


async def gather(room: Room, visit: Visit, told: dict[str, Any]) -> Gathered:
    """Everything, for the case with this status."""
    zone, key = room.settings.clinic.zone, told["case"]
    entries = await entries_of(room, visit, key, KINDS)
    profile = (await room.client.call("clinic.public"))["contact"]
    snapshots = await room.client.call("case.snapshots", session=visit.token, case=key)
    files = await _files(room, visit, told, zone)
    events = _events(entries)
    demands = _demands(entries)
    filed = sealing.filings(entries)
    entry, saved = facts_of.newest(entries) or ("", Facts(zone=zone))
    newest = saved.snapshot or (snapshots[0]["snapshot"].hex() if snapshots else "")
    counts = await counted(room, visit, told, newest) if newest else {}
    sent = sealing.sent_of(filed)
    offered = proposed(
        profile, _contact(entries, visit), told["kind"], events, demands, sent, counts, registered=_registered(entries)
    )
    facts = Facts(
        zone=saved.zone, answers=facts_of.merged(saved.answers, offered),
        snapshot=newest,
    )  # fmt: skip
    made = local(told["now_ms"], zone).replace("T", " ")
    known = Known(
        case=key.hex(), clinic=room.pages.clinic, made=f"{made} ({zone})", now_ms=told["now_ms"],
        facts=facts_of.checked(facts), facts_entry=entry, exercise=told["exercise"], files=files, events=events,
        demands=demands, sent=sent,
    )  # fmt: skip
    return Gathered(known, saved, entry, offered, filed, snapshots, codes_of(known, snapshots))


async def counted(room: Room, visit: Visit, told: dict[str, Any], snapshot: str) -> dict[str, Count]:
    """The numbers of a snapshot, by fact."""
    found = {}
    for fact in FACTS.values():
        if fact.count:
            asked = {"grade": list(fact.count)}
            row = await room.client.call(
                "case.count", session=visit.token, case=told["case"], snapshot=bytes.fromhex(snapshot), where=asked
            )
            found[fact.id] = Count(snapshot=snapshot, query=row["query"], n=row["n"], at_ms=told["now_ms"])
    return found


def rendered(form: Form, gathered: Gathered) -> dict[str, Document]:
    """The filing in both languages: the first, or what supplements the one that was sent."""
    before = sealing.last_sent(gathered.filed, form.id)
    if before is None or "supplementary" not in form.kinds:
        return {one: render(form, gathered.known, one) for one in sealing.LANGUAGES}
    return {one: supplementary(form, gathered, before, one) for one in sealing.LANGUAGES}


def supplementary(form: Form, gathered: Gathered, before: Filed, language: str) -> Document:
    """The filing as it would supplement `before`, with the difference."""
    mark = before.sent
    earlier = before.entry[:8]
    if mark is not None:
        earlier = ", ".join(one for one in (mark.at.replace("T", " "), mark.channel, mark.reference) if one)
    return render(
        form, gathered.known, language, kind="supplementary", earlier=earlier,
        before=before.sealed.documents.get(language),
    )  # fmt: skip


async def scanned(room: Room, visit: Visit, told: dict[str, Any], document: Document, known: Known) -> Passed:
    """The document after the gate: strangers' words blacked out, and the fields in which we name somebody. Raises
    Invalid with `where` "named" where too many are named to tell them all, and what case.scan raises."""
    own = [known.facts.answer(one).text for one in _OWN]
    let = [one for one in (*own, known.clinic) if one and not suspects(one)]
    black = 0
    for _ in range(_ROUNDS):
        text, _ = texts_of(document)
        answer = await room.client.call("case.scan", session=visit.token, case=told["case"], text=text, let=let)
        looked = passed(document, [Found(one["start"], one["end"], one["what"]) for one in answer["found"]])
        document, black = looked.document, black + looked.black
        if looked.named or not answer["more"]:
            return replace(looked, black=black)
    raise Invalid("more people are named in this than can be told", where="named")


def codes_of(known: Known, snapshots: list[dict[str, Any]]) -> dict[str, str]:
    """A short code for everything that a fact may rest on -> its reference: "F-1a2b" a file, "E-…" an event, "D-…" a
    demand, "S-…" a snapshot."""
    found: dict[str, str] = {}
    listed = [
        *(("F", f"file:{one.id}") for one in known.files), *(("E", f"event:{one.entry}") for one in known.events),
        *(("D", f"demand:{one.entry}") for one in known.demands),
        *(("S", f"snapshot:{one['snapshot'].hex()}") for one in snapshots),
    ]  # fmt: skip
    for letter, reference in listed:
        ident = reference.partition(":")[2]
        size = next(size for size in (4, 8, 16, 32) if f"{letter}-{ident[:size]}" not in found)
        found[f"{letter}-{ident[:size]}"] = reference
    return found


def _events(entries: list[Entry]) -> tuple[Happened, ...]:
    held = standing(entries, "event", Event)
    made = [
        Happened(
            entry=one.first, word=one.document.word, at=at_words(one.document), what=one.document.what,
            source=one.document.source,
        )
        for one in held
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda one: one.at or "9"))


def _demands(entries: list[Entry]) -> tuple[Asked, ...]:
    found = []
    for chain in ledger.chains(entries):
        if chain.stands:
            now = chain.now.demand
            found.append(Asked(
                entry=chain.first, seen=now.seen_at.replace("T", " "),
                amount=f"{now.amount} {now.unit if now.unit != 'other' else ''}".strip(),
                deadline=now.deadline.replace("T", " "), addresses=tuple(one.plain for one in now.paid_to),
                channel=now.channel, wording=now.wording, evidence=now.evidence,
            ))  # fmt: skip
    return tuple(found)


async def _files(room: Room, visit: Visit, told: dict[str, Any], zone: str) -> tuple[File, ...]:
    if not told["leak"]:
        return ()
    leak = await room.client.call("leak.status", session=visit.token, case=told["leak"])
    return tuple(
        File(
            id=one["id"].hex(), sha256=one["sha256"].hex(), size=one["size"],
            kept=local(one["kept_ms"], zone).replace("T", " "),
        )
        for one in leak["files"]
    )  # fmt: skip


def _contact(entries: list[Entry], visit: Visit) -> Contact:
    """The officer whom the case names, else whoever is signed in."""
    held = [one for one in standing(entries, "person", Person) if one.document.role == "officer"]
    if held:
        person = held[0].document
        return Contact(
            name=person.name, phone=person.phone, mail=person.email, reference=f"entry:{held[0].first}"
        )
    return Contact(name=str(visit.who["display"] or visit.who["account"]))


def _registered(entries: list[Entry]) -> str:
    """How the clinic is registered under the cybersecurity law, as the page of deadlines has it."""
    return {"essential": "essential", "important": "important", "no": "none"}.get(profile_of(entries).ksis, "")


async def sealed(
    documents: dict[str, Document], facts: Facts, gate: sealing.Gate, day: str, of: str
) -> sealing.Sealed:  # fmt: skip
    """The finished filing, made in a thread."""
    return await asyncio.to_thread(sealing.sealed, documents, facts, gate, day, of=of)
