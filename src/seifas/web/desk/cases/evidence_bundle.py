"""Bundles of evidence at the officer's desk: prepared once an export was allowed, stamped, and streamed to the browser.

Preparing freezes everything that describes the evidence and keeps it as an entry of the case. The evidence itself is
only passed through, from the leaks process to the browser, a piece at a time; no file of it is ever made here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, Refused, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents import bagging, bundles, custody, protocol, signing, timestamping
from seifas.incidents.bagging import Part, Payload, Prepared, Stamp, ZipStream
from seifas.incidents.bundles import Ready
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of
from seifas.web.desk.cases.reading import entries_of
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit

LANGUAGES: Final = ("lt", "en")
_REASON: Final = "Seifas evidence protocol"
SAID: Final = {
    "text": "evidence-said-text", "origin": "evidence-said-long", "tool": "evidence-said-long",
    "clock": "evidence-said-clock", "derived": "evidence-said-derived", "retracted": "evidence-said-retracted",
    "files": "evidence-said-files", "at": "evidence-said-at", "protocol": "evidence-said-protocol",
    "to": "evidence-said-long", "deed": "evidence-said-deed", "purpose": "evidence-said-purpose",
    "approval": "evidence-said-asked", "export": "evidence-said-export", "export-people": "evidence-said-people",
    "export-over": "evidence-said-over", "custody": "evidence-said-custody", "bundle": "evidence-said-custody",
    "empty": "leak-said-empty", "too-large": "leak-said-too-large", "name": "leak-said-name", "full": "leak-said-spool",
    "leaks": "leak-said-full", "leak-closed": "leak-said-closed", "stamp": "evidence-said-stamp",
    "evidence": "evidence-said-kept",
}  # fmt: skip
"""By the word with which a refusal comes: the sentence that says what to do."""

_gate = asyncio.Semaphore(1)


async def bundles_of(room: Room, visit: Visit, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The case's exports, newest first, as op case.exports tells them, with `entry` (hex) of the bundle that was
    prepared, its `folder` and `size`, `live`, and `stamp` (incidents.bundles.Ready)."""
    exports = await room.client.call("case.exports", session=visit.token, case=told["case"])
    known = {one.prepared.approval: one for one in await _ready(room, visit, told)}
    found = []
    for one in exports:
        shown = {**one, "approval": one["approval"].hex(), "entry": "", "folder": "", "size": 0, "stamp": ""}
        made = known.get(shown["approval"])
        if made is not None:
            size = bagging.size_of(bagging.parts_of(made.prepared, made.token))
            shown |= {"entry": made.entry, "folder": made.prepared.folder, "stamp": made.stamp, "size": size}
        found.append({**shown, "live": _live(one, told)})
    return found


async def _ready(room: Room, visit: Visit, told: dict[str, Any]) -> list[Ready]:
    entries = await entries_of(room, visit, told["case"], bundles.KINDS)
    asked = any(one.kind == "stamp" for one in entries)
    rows = await room.client.call("case.sendings", session=visit.token, case=told["case"]) if asked else []
    return bundles.ready(entries, rows, _authority(room))


def _live(export: dict[str, Any], told: dict[str, Any]) -> bool:
    """Whether it can be fetched now; the keeper decides."""
    return bool(export["state"] == "done" and told["now_ms"] - told["shift_ms"] < export["until_ms"])


# -- preparing


async def prepare(room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], approval: bytes) -> None:
    """Uses the approval up and keeps the bundle's description; where that was cut off, goes on. Raises what the keeper
    refuses."""
    async with _gate:
        if any(one["approval"] == approval.hex() and one["entry"] for one in await bundles_of(room, visit, told)):
            raise Refused("this bundle is prepared already; fetch it", where="export")
        export = await _begun(room, visit, told, approval)
        prepared = await _made(room, visit, told, export)
        made = await room.client.call(
            "case.append", session=visit.token, case=told["case"], kind="bundle", body=msgspec.json.encode(prepared)
        )
    if room.settings.incidents.tsa_url:
        await ask_for_stamp(room, visit, told, made["entry"], prepared)


async def ask_for_stamp(
    room: Room, visit: Visit, told: dict[str, Any], entry: bytes, prepared: Prepared
) -> None:
    """Has the jobs process ask the authority, by the hash alone. A stamp that fails can be asked for again."""
    query = timestamping.query(bagging.thawed(prepared)[bundles.STAMPED])
    sent = await room.client.call(
        "case.send", session=visit.token, case=told["case"], kind="stamp",
        payload=msgspec.json.encode({"query": base64.b64encode(query).decode()}),
    )
    await room.client.call(
        "case.append", session=visit.token, case=told["case"], kind="stamp",
        body=msgspec.json.encode(Stamp(sending=sent["sending"].hex())), about=entry,
    )


async def _begun(room: Room, visit: Visit, told: dict[str, Any], approval: bytes) -> dict[str, Any]:
    asked = {"session": visit.token, "case": told["case"]}
    known = await room.client.call("case.exports", **asked)
    export: dict[str, Any] | None = next((one for one in known if one["approval"] == approval), None)
    if export is None:
        raise Missing("there is no such export")
    if export["state"] == "done" and export["mine"]:
        return export  # begun before, and cut off
    begun: dict[str, Any] = await room.client.call("case.export_begin", **asked, approval=approval)
    return begun


async def _made(room: Room, visit: Visit, told: dict[str, Any], export: dict[str, Any]) -> Prepared:
    asked = {"session": visit.token, "case": told["case"]}
    kept = await room.client.call("case.evidence", **asked)
    files = [one for one in kept["files"] if one["file"] in export["files"]]
    for one in files:
        if not one["sha512"]:
            one["sha512"] = await _hashed(room, visit, told, one, export["approval"])
    said = await entries_of(room, visit, told["case"], ("evidence",))
    items = custody.items_of(files, custody.remarks_of(one.body for one in said))
    record = await room.client.call("case.custody", **asked)
    events = custody.events_of(record["lines"], items)
    numbers = tuple(one.line for one in events)
    proofs = (await room.client.call("case.proofs", **asked, lines=numbers))["proofs"]
    certificate = bytes((await room.client.call("case.certificate", session=visit.token))["certificate"])
    head = protocol.Head(
        clinic=room.pages.clinic, title=told["title"], case=told["case"].hex(), made_ms=told["now_ms"],
        by=visit.who["display"] or visit.who["account"], asked=export["asked_by"], allowed=tuple(export["allowed"]),
        purpose=export["purpose"], log=record["log"], exercise=told["exercise"],
        before=record["before"] if any(one["kept_ms"] < record["begins_ms"] for one in files) else "",
    )  # fmt: skip

    async def sign(digest: bytes) -> bytes:
        return bytes((await room.client.call("case.sign_digest", **asked, digest=digest))["signature"])

    pdfs = {}
    for language in LANGUAGES:
        made = await asyncio.to_thread(protocol.protocol, head, items, events, language)
        pdfs[language] = await signing.signed(made, certificate, sign, _REASON)
    tags = bagging.tags_of(
        clinic=room.pages.clinic, case=head.case, day=custody.moment(head.made_ms)[:10], items=items, events=events,
        proofs=dict(zip(numbers, proofs, strict=True)), log_key=record["key"],
        certificate=signing.armoured(certificate), protocols=pdfs, authority=_authority(room),
        exercise=head.exercise,
    )
    begins = "exercise" if head.exercise else "evidence"
    return bagging.frozen(
        tags, bagging.payload_of(items), folder=f"{begins}-{head.case[:8]}-{export['approval'].hex()[:8]}",
        approval=export["approval"], made_ms=head.made_ms,
    )


async def _hashed(room: Room, visit: Visit, told: dict[str, Any], file: dict[str, Any], approval: bytes) -> bytes:
    """The SHA-512 of a file of before it was taken at intake."""
    short, long = hashlib.sha256(), hashlib.sha512()
    async with contextlib.aclosing(room.leaks.file_pieces(visit.token, told["case"], file["file"], approval)) as pieces:
        async for piece in pieces:
            short.update(piece)
            long.update(piece)
    if short.digest() != file["sha256"]:
        raise Invalid("an item is not what was hashed at intake", where="evidence")
    return long.digest()


def _authority(room: Room) -> bytes:
    """The certificates of the time stamp authority that the settings name; empty where there are none."""
    place = room.settings.incidents.tsa_certificates
    try:
        return Path(place).read_bytes() if place else b""
    except OSError:
        return b""


# -- fetching


async def bundle(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/evidence/bundle: `do` is prepare (with `approval`), stamp or fetch (with `entry`)."""
    visit, _, told = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    do = sent.get("do", "")
    try:
        if do == "fetch":
            await _fetch(room, exchange, visit, told, ident(sent.get("entry", "")).hex())
            return
        if do == "stamp":
            made = await _found(room, visit, told, ident(sent.get("entry", "")).hex())
            await ask_for_stamp(room, visit, told, bytes.fromhex(made.entry), made.prepared)
        else:
            await prepare(room, exchange, visit, told, ident(sent.get("approval", "")))
    except SeifasError as error:
        if exchange.started:
            raise  # the answer breaks off, and is known to be cut by its length
        said = room.words(exchange, said_of(error, SAID))
        await room.show(exchange, "trouble.html", visit, status=error.http, said=said, heading="", ident="")
        return
    await answers.see_other(exchange, exchange.path.removesuffix("/bundle"))


async def _found(room: Room, visit: Visit, told: dict[str, Any], ident_hex: str) -> Ready:
    """Raises Missing for another case's, or what is no bundle."""
    found = next((one for one in await _ready(room, visit, told) if one.entry == ident_hex), None)
    if found is None:
        raise Missing("there is no such bundle")
    return found


async def _fetch(room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], ident_hex: str) -> None:
    made = await _found(room, visit, told, ident_hex)
    prepared = made.prepared
    exports = await room.client.call("case.exports", session=visit.token, case=told["case"])
    export = next((one for one in exports if one["approval"].hex() == prepared.approval), None)
    if export is None or not export["mine"]:
        raise Refused("this export was allowed for others", where="export-people")
    if not _live(export, told):
        raise Refused("the day in which this export could be fetched is over", where="export-over")
    parts = bagging.parts_of(prepared, made.token)
    disposition = f'attachment; filename="{prepared.folder}.zip"'.encode("ascii")
    await exchange.begin(200, [
        (b"content-type", b"application/zip"), (b"content-disposition", disposition),
        (b"content-length", b"%d" % bagging.size_of(parts)), *answers.PAGE_GUARDS,
    ])  # fmt: skip
    async with contextlib.aclosing(_zipped(room, visit, told, prepared, parts)) as pieces:
        async for piece in pieces:
            await exchange.more(piece)
    await exchange.end()


async def _zipped(
    room: Room, visit: Visit, told: dict[str, Any], prepared: Prepared, parts: Sequence[Part]
) -> AsyncGenerator[bytes, None]:
    stream = ZipStream()
    for part in parts:
        if part.payload is None:
            yield b"".join(stream.whole(part))
            continue
        yield stream.begin(part)
        async with contextlib.aclosing(_pieces(room, visit, told, prepared, part.payload)) as pieces:
            async for piece in pieces:
                yield stream.data(piece)
        yield stream.finish()
    yield stream.end()


def _pieces(
    room: Room, visit: Visit, told: dict[str, Any], prepared: Prepared, payload: Payload
) -> AsyncGenerator[bytes, None]:
    return room.leaks.file_pieces(visit.token, told["case"], payload.file, bytes.fromhex(prepared.approval))
