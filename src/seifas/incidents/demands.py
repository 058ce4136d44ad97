"""The ledger of demands: to the clinic, to patients one by one, and what is offered to the public.

A demand is what was asked, in the unit it was asked in; what that is worth in euro on a day is worked out apart
(valuing.py), for the same 300 BTC were EUR 348,000 in March and 652,000 in June. A demand that changes another one
replaces it and never rewrites it: the price and the deadline are a curve. The desk records what was decided; nothing
here pays, and no page shows a payment code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Invalid
from seifas.incidents import standing
from seifas.incidents.addresses import Address, found_in, read
from seifas.incidents.standing import Entry
from seifas.incidents.timeline import Document

Addressee = Literal["clinic", "patient", "public-sale"]
Scope = Literal["all", "bundle", "one-record", "unknown"]

ADDRESSEES: Final = ("clinic", "patient", "public-sale")
SCOPES: Final = ("all", "bundle", "one-record", "unknown")
CHANNELS: Final = ("mail", "sms", "telephone", "chat", "tor", "web", "paper", "other")
KIND: Final = "demand"
"""The kind of a demand's entry."""

UNITS: Final = ("BTC", "EUR", "USD", "GBP", "XMR", "other")
"""What amounts come in; only BTC and what the European Central Bank quotes can be valued."""

MOST_WORDING: Final = 20_000
_MOST_LINE: Final = 300
_MOST_ADDRESSES: Final = 50
_MOST_REFERENCES: Final = 200
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,8})?\Z")
_WHEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2})?\Z")


class Demand(Document, frozen=True, kw_only=True):
    """One demand as it was received.

    `amount` is a decimal in `unit`; `fixed_in` is the unit in which whoever demands holds it fixed (a sum of euro "in
    bitcoin" is fixed in EUR). `seen_at` and `deadline` are local times in `zone`, or days; the deadline may be empty.
    `contact` is the address, account or number it came from or is answered at. `evidence` are the entries or files that
    hold it, `samples` the files of data that came with it as proof: ids in hex. `patient` is in hex, for a demand to
    one patient that is to stand in that patient's packet; empty otherwise.
    """

    addressee: Addressee
    amount: str
    unit: str
    fixed_in: str
    seen_at: str
    zone: str = "Europe/Vilnius"
    deadline: str = ""
    addresses: tuple[str, ...] = ()
    scope: Scope = "unknown"
    channel: str = "other"
    contact: str = ""
    wording: str = ""
    evidence: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    patient: str = ""
    note: str = ""

    @property
    def day(self) -> date:
        """The day on which it was seen, in its own zone."""
        return date.fromisoformat(self.seen_at[:10])

    @property
    def paid_to(self) -> tuple[Address, ...]:
        """The addresses that it names by themselves and in its wording, each once."""
        named = {one.plain: one for one in map(read, self.addresses)}
        return tuple({**named, **{one.plain: one for one in found_in(self.wording)}}.values())


class Kept(msgspec.Struct, frozen=True):
    """A demand as an entry of the case: its id in hex, the entry it replaces or "", when it was entered (ms, UTC)."""

    entry: str
    about: str
    ms: int
    demand: Demand


def checked(demand: Demand) -> Demand:
    """The same, or Invalid with `where` naming the field: amount, unit, fixed_in, seen_at, deadline, zone, addressee,
    scope, channel, contact, wording, note, addresses, evidence, samples, patient."""
    _one_of(demand.addressee, ADDRESSEES, "addressee")
    _one_of(demand.scope, SCOPES, "scope")
    _one_of(demand.channel, CHANNELS, "channel")
    _one_of(demand.unit, UNITS, "unit")
    _one_of(demand.fixed_in, UNITS, "fixed_in")
    if not _AMOUNT.match(demand.amount) or Decimal(demand.amount) <= 0:
        raise Invalid("give the amount as a number above 0, with a point before decimals", where="amount")
    try:
        ZoneInfo(demand.zone)
    except (OSError, ValueError, KeyError):
        raise Invalid("give a time zone like Europe/Vilnius", where="zone") from None
    seen = instant(demand.seen_at, demand.zone, "seen_at")
    if demand.deadline and instant(demand.deadline, demand.zone, "deadline", ends=True) < seen:
        raise Invalid("the deadline lies before the day on which the demand was seen", where="deadline")
    for where, text in (("contact", demand.contact), ("note", demand.note)):
        if len(text) > _MOST_LINE:
            raise Invalid(f"at most {_MOST_LINE} letters", where=where)
    if len(demand.wording) > MOST_WORDING:
        raise Invalid(f"at most {MOST_WORDING:,} letters; keep the whole as evidence", where="wording")
    if len(demand.addresses) > _MOST_ADDRESSES or any(not one or len(one) > 110 for one in demand.addresses):
        raise Invalid(f"at most {_MOST_ADDRESSES} addresses of at most 110 letters", where="addresses")
    for where, ids in (("evidence", demand.evidence), ("samples", demand.samples), ("patient", (demand.patient,))):
        if len(ids) > _MOST_REFERENCES or any(one and not re.fullmatch("[0-9a-f]{32}", one) for one in ids):
            raise Invalid("this is no id", where=where)
    return demand


def _one_of(word: str, known: Iterable[str], where: str) -> None:
    if word not in tuple(known):
        raise Invalid(f"one of: {', '.join(known)}", where=where)


def instant(text: str, zone: str, where: str, *, ends: bool = False) -> datetime:
    """A local time or day, aware; a day means its first minute, or its last with `ends`. Raises Invalid."""
    try:
        if not _WHEN.match(text):
            raise ValueError
        clock = text[11:] or ("23:59" if ends else "00:00")
        return datetime.fromisoformat(f"{text[:10]}T{clock}").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Invalid("give a day or a time as 2017-03-24 or 2017-03-24 14:20", where=where) from None


def amount_of(demand: Demand) -> Decimal:
    """The amount in the demand's unit."""
    try:
        return Decimal(demand.amount)
    except InvalidOperation:
        raise Invalid("the amount is no number", where="amount") from None


class Chain(msgspec.Struct, frozen=True):
    """A demand and what replaced it, oldest first: the price curve of one demand. `first` names it for good (hex)."""

    first: str
    kept: tuple[Kept, ...]

    @property
    def now(self) -> Kept:
        """What stands now."""
        return self.kept[-1]


    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return not self.now.demand.retracted


def chains(entries: Iterable[Entry]) -> tuple[Chain, ...]:
    """The demands of a case, each with what replaced it; also those that were taken back. A body that is no demand
    counts for nothing."""
    made = []
    for chain in standing.chains(entries, KIND):
        kept = [Kept(one.entry, one.about, one.ms, demand) for one in chain if (demand := _read(one.body))]
        if kept:
            made.append(Chain(chain[0].entry, tuple(kept)))
    return tuple(made)


def standing_now(made: Iterable[Chain]) -> tuple[Kept, ...]:
    """What stands: the newest of each chain that was not taken back."""
    return tuple(one.now for one in made if one.stands)


def _read(body: bytes) -> Demand | None:
    try:
        return checked(msgspec.json.decode(body, type=Demand))
    except (msgspec.DecodeError, Invalid):
        return None


class Handed(msgspec.Struct, frozen=True):
    """A line of the list for the police: an address, its script type, whether it is valid, the demands that name it."""

    address: Address
    demands: tuple[str, ...]


def handed_over(entries: Iterable[Kept]) -> tuple[Handed, ...]:
    """All addresses of all demands, the most named first. No patient is in it."""
    named: dict[str, tuple[Address, list[str]]] = {}
    for one in entries:
        for address in one.demand.paid_to:
            named.setdefault(address.plain, (address, []))[1].append(one.entry)
    made = [Handed(address, tuple(demands)) for address, demands in named.values()]
    return tuple(sorted(made, key=lambda one: (-len(one.demands), one.address.plain)))


def handed_over_csv(listed: Iterable[Handed], seen: Mapping[str, str]) -> str:
    """The list as CSV (RFC 4180): address, type, valid, demands, first seen. `seen` is `seen_at` by demand."""
    lines = ["address,script_type,valid,demands,first_seen"]
    for one in listed:
        first = min((seen[demand] for demand in one.demands if demand in seen), default="")
        # An address that begins like a formula would be one in a spreadsheet; only what is none of bitcoin's can.
        text = one.address.plain if one.address.plain[:1].isalnum() else f"'{one.address.plain}"
        text = '"' + text.replace('"', '""') + '"'
        lines.append(f"{text},{one.address.type},{'yes' if one.address.valid else 'no'},{len(one.demands)},{first}")
    return "\r\n".join(lines) + "\r\n"
