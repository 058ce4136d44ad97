"""The ledger of demands at the officer's desk: what is asked, what it is worth, what it proves, where it is to be paid.

Nothing on these pages pays or helps to pay: addresses are shown for the police, without links and without codes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any, Final, TypeVar, cast

import msgspec

from seifas.errors import Invalid, Missing, SeifasError, TooLarge
from seifas.fhir.exchange import Exchange
from seifas.incidents import demands as ledger
from seifas.incidents.demands import Addressee, Chain, Demand, Scope, chains, checked, standing_now
from seifas.incidents.extorter import Verdict, clusters, shown_of, verdicts
from seifas.incidents.rates import MOST_BYTES, Rates, read_rates
from seifas.incidents.standing import Entry
from seifas.incidents.takedown import by_address
from seifas.leaks import results
from seifas.leaks.results import Matched
from seifas.web import answers
from seifas.web.desk.cases.demands_shown import of_chain, of_cluster, published
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.reading import entries_of, files_of, now_here
from seifas.web.desk.cases.writing import Sent, evidence, lines, one_line
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit
from seifas.web.multipart import FormWithFile, boundary_of
from seifas.web.pages import language_of

T = TypeVar("T", bound=msgspec.Struct)

_AROUND: Final = 16_384
_FIELDS: Final = 1_100  # a box for each of 500 files, twice
_MOST_COMPARED: Final = 50
_SAID: Final = {
    "amount": "demand-said-amount", "seen_at": "demand-said-seen", "deadline": "demand-said-deadline",
    "addresses": "demand-said-addresses", "contact": "demand-said-long", "note": "demand-said-long",
    "wording": "demand-said-wording", "patient": "demand-said-patient", "rates": "demand-said-rates",
    "source": "demand-said-source", "retracted": "demand-said-retracted",
}  # fmt: skip


class Compared(msgspec.Struct, frozen=True):
    """The body of an entry "verdict": what each demand proved when it was asked, and the results that were read."""

    verdicts: tuple[Verdict, ...]
    results: tuple[str, ...]


async def demands(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/demands: the ledger; a POST adds a demand, takes one back, or compares the samples."""
    visit, key, told = await of_case(room, exchange, case)
    said, status, typed = "", 200, Sent()
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
        try:
            await _do(room, visit, told, sent)
            await answers.see_other(exchange, exchange.path)
            return
        except SeifasError as error:
            said, status, typed = room.words(exchange, said_of(error, _SAID)), error.http, sent
    entries = await entries_of(room, visit, key, (ledger.KIND, "rates", "verdict", "takedown"))
    await _shown(room, exchange, visit, told, entries, said, status, typed)


async def _shown(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], entries: list[Entry], said: str, status: int,
    typed: Sent,
) -> None:  # fmt: skip
    made, rates = chains(entries), newest(entries, "rates", Rates)
    found = newest(entries, "verdict", Compared)
    by_demand = {one.entry: one for one in found.verdicts} if found is not None else {}
    files = await files_of(room, visit, told)
    day, time = now_here(room, told)
    now = standing_now(made)
    number = {one.first: place for place, one in enumerate(made, 1)}
    first = {each.entry: one.first for one in made for each in one.kept}
    language = language_of(exchange, room.pages.languages)
    await show(
        room, exchange, "demands", visit, told, section="demands", said=said, status=status,
        rows=[of_chain(one, number[one.first], day, rates, by_demand, language) for one in reversed(made)],
        hands=[of_cluster(one, number, first) for one in clusters(now)], rates=rates, files=files, names=dict(files),
        listed=ledger.handed_over(each for one in made if one.stands for each in one.kept),
        typed=defaultdict(
            str, typed or _as_typed(made, asked(exchange).get("change", "")) or {"seen": f"{day} {time}"}
        ),
        addressees=ledger.ADDRESSEES, scopes=ledger.SCOPES, channels=ledger.CHANNELS, units=ledger.UNITS,
        compared=found is not None, number=number,
    )  # fmt: skip


def newest(entries: list[Entry], kind: str, of: type[T]) -> T | None:
    """The last entry of a kind that can be read; None where there is none."""
    for one in reversed(entries):
        if one.kind == kind:
            try:
                return msgspec.json.decode(one.body, type=of)
            except msgspec.DecodeError:
                continue
    return None


async def _do(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> None:
    do, key = sent.get("do", ""), told["case"]
    made = chains(await entries_of(room, visit, key, (ledger.KIND,)))
    about = ident(sent["about"]).hex() if sent.get("about") else ""
    before = next((one for one in made if one.first == about), None)
    if about and before is None:
        raise Missing("there is no such demand")
    if do == "compare":
        body, kind = await _compared(room, visit, told, made), "verdict"
    elif do == "retract" and before is not None:
        word = one_line(sent, "retracted")
        if not 3 <= len(word) <= 300:
            raise Invalid("say why, in 3 to 300 letters", where="retracted")
        body, kind = msgspec.json.encode(msgspec.structs.replace(before.now.demand, retracted=word)), ledger.KIND
    elif do == "add":
        body, kind = msgspec.json.encode(await _typed(room, visit, told, sent)), ledger.KIND
    else:
        raise Invalid("There is no such button.", where="do")
    await room.client.call(
        "case.append", session=visit.token, case=key, kind=kind, body=body, about=bytes.fromhex(about)
    )


async def _typed(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> Demand:
    known = {one for one, _ in await files_of(room, visit, told)}
    samples = tuple(sorted(name.removeprefix("sample-") for name, value in sent.items()
                           if name.startswith("sample-") and value == "1"))  # fmt: skip
    if not known.issuperset((*samples, *evidence(sent))):
        raise Invalid("this is no file of the case", where="evidence")
    return checked(Demand(
        addressee=cast(Addressee, sent.get("addressee", "")), amount=one_line(sent, "amount").replace(",", "."),
        unit=sent.get("unit", ""), fixed_in=sent.get("fixed_in", ""), seen_at=_local(sent, "seen"),
        zone=room.settings.clinic.zone, deadline=_local(sent, "deadline"),
        addresses=tuple(dict.fromkeys(lines(sent, "addresses").split())), scope=cast(Scope, sent.get("scope", "")),
        channel=sent.get("channel", ""), contact=one_line(sent, "contact"), wording=lines(sent, "wording"),
        evidence=evidence(sent), samples=samples, patient=one_line(sent, "patient").lower(),
        note=one_line(sent, "note"),
    ))  # fmt: skip


def _local(sent: Sent, name: str) -> str:
    """A local time as browsers send it, without seconds; or a day as people write it."""
    return one_line(sent, name)[:16]


def _as_typed(made: tuple[Chain, ...], first: str) -> Sent:
    found = next((one for one in made if one.first == first), None)
    if found is None:
        return {}
    now = found.now.demand
    return {
        "about": first, "addressee": now.addressee, "amount": now.amount, "unit": now.unit, "fixed_in": now.fixed_in,
        "seen": now.seen_at, "deadline": now.deadline, "addresses": "\n".join(now.addresses), "scope": now.scope,
        "channel": now.channel, "contact": now.contact, "wording": now.wording, "patient": now.patient,
        "note": now.note, **{f"file-{one}": "1" for one in now.evidence},
        **{f"sample-{one}": "1" for one in now.samples},
    }  # fmt: skip


async def _compared(room: Room, visit: Visit, told: dict[str, Any], made: tuple[Chain, ...]) -> bytes:
    """Each demand's samples against all that was public by then, as the case's searches found them."""
    files = dict(await files_of(room, visit, told))
    found: list[Matched] = []
    read: list[str] = []
    if told["leak"]:
        leak = await room.client.call("leak.status", session=visit.token, case=told["leak"])
        for one in [each for each in leak["results"] if each["kind"] == "match"][-_MOST_COMPARED:]:
            body = await room.client.call("leak.results", session=visit.token, case=told["leak"], result=one["id"])
            result = results.read(body["body"])
            if isinstance(result, Matched):
                found.append(result)
                read.append(one["id"].hex())
    addresses = by_address(await entries_of(room, visit, told["case"], ("takedown",)))
    watches = await room.client.call("watch.list", session=visit.token)
    public = published(addresses, [one for one in watches if one["case"] == told["leak"]], room.settings.clinic.zone)
    judged = verdicts(standing_now(made), shown_of(found, files), [one for one in public if one.file in files])
    # Whose records they are stays with the results; the entry keeps the numbers.
    return msgspec.json.encode(Compared(
        tuple(msgspec.structs.replace(one, patients=()) for one in judged), tuple(read)
    ))  # fmt: skip


async def rates(room: Room, exchange: Exchange, case: str) -> None:
    """POST …/demands/rates: a file with the price of bitcoin by day, as `incidents/rates.py` says."""
    visit, key, told = await of_case(room, exchange, case)
    room.guard.from_here(exchange)
    boundary = boundary_of(exchange.header(b"content-type"))
    sending = FormWithFile(exchange.chunks(MOST_BYTES + _AROUND), boundary, exchange.declared())
    sent = await sending.fields()
    room.guard.check(sent, visit.token)
    try:
        if sending.size > MOST_BYTES:
            raise TooLarge("a file of rates has at most 4 MiB", where="rates")
        data = b"".join([part async for part in sending.file(256 * 1024)])
        made = read_rates(data, one_line(sent, "source"), hashlib.sha256(data).hexdigest())
        await room.client.call(
            "case.append", session=visit.token, case=key, kind="rates", body=msgspec.json.encode(made)
        )
    except SeifasError as error:
        said = room.words(exchange, said_of(error, _SAID), why=str(error) if error.where == "rates" else "")
        entries = await entries_of(room, visit, key, (ledger.KIND, "rates", "verdict", "takedown"))
        await _shown(room, exchange, visit, told, entries, said, error.http, Sent())
        return
    await answers.see_other(exchange, exchange.path.removesuffix("/rates"))


async def addresses(room: Room, exchange: Exchange, case: str) -> None:
    """GET …/demands/addresses.csv: what is handed to the police: every address, and the demands that name it."""
    visit, key, _ = await of_case(room, exchange, case)
    made = [one for one in chains(await entries_of(room, visit, key, (ledger.KIND,))) if one.stands]
    kept = [each for one in made for each in one.kept]
    text = ledger.handed_over_csv(ledger.handed_over(kept), {one.entry: one.demand.seen_at for one in kept})
    await download(exchange, "addresses.csv", text.encode(), b"text/csv; charset=utf-8")
