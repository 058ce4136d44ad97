"""The packet for a patient who was extorted: the demands they got, what is known of their data, a complaint to sign.

Each patient is a separate victim with a separate complaint (Criminal Code 168 is prosecuted on the victim's). The
complaint is in Lithuanian, as the police take it; articles are named "to be checked", since the officer who takes it
decides which apply.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from typing import Final

import msgspec

from seifas.incidents.notices.composing import Finding, Section, told
from seifas.incidents.notices.wording import wording_of
from seifas.typesetting import typeset

_PACKET: Final = importlib.resources.files("seifas.incidents.notices").joinpath("packet.typ").read_bytes()


class Extorted(msgspec.Struct, frozen=True):
    """Who complains: `contacts` are telephone numbers and addresses of theirs; `born` as on the card."""

    name: str
    born: str
    contacts: tuple[str, ...]


class Got(msgspec.Struct, frozen=True):
    """One demand as it was received, in the words of the ledger; `evidence` are names of files with their SHA-256."""

    seen_at: str
    zone: str
    channel: str
    amount: str
    unit: str
    deadline: str
    contact: str
    addresses: tuple[str, ...]
    wording: str
    evidence: tuple[tuple[str, str], ...] = ()


class Packet(msgspec.Struct, frozen=True):
    """`case` is how the clinic calls the case, `proofs` (kind, reference) of the patient's own row in a snapshot with
    its hash; `day` YYYY-MM-DD."""

    person: Extorted
    finding: Finding
    demands: tuple[Got, ...]
    proofs: tuple[tuple[str, str], ...]
    snapshot: str
    clinic: str
    dpo: str
    day: str
    exercise: bool = False


_CHANNELS: Final = {
    "mail": "el. paštu", "sms": "SMS žinute", "telephone": "telefonu", "chat": "susirašinėjimo programa",
    "tor": "Tor tinkle", "web": "interneto puslapyje", "paper": "laišku", "other": "kitaip",
}  # fmt: skip
_PROOFS: Final = {
    "match": "rasta paskelbtuose duomenyse, įrašas", "canary": "jauko įrašas",
    "export": "eksporto įrašas žurnale, eilutė", "line": "atvėrimo įrašas žurnale, eilutė", "session": "seansas",
    "key": "paimtas raktas", "log": "žurnalo spraga",
}  # fmt: skip


def complaint(packet: Packet) -> list[Section]:
    """The statement to the police, in Lithuanian, in the patient's own name; nothing in it that is not in the case."""
    first = min((one.seen_at for one in packet.demands), default="")
    asked = [_demand(one) for one in packet.demands]
    return [
        Section("", (
            f"Aš, {packet.person.name}, gim. {packet.person.born or '____'}, prašau pradėti ikiteisminį tyrimą ir "
            "pripažinti mane nukentėjusiuoju.",
        )),
        Section("Aplinkybės", (
            f"Esu pacientas. Klinika ({packet.clinic}) man pranešė, kad jos tvarkomų duomenų saugumas buvo pažeistas. "
            f"Jos pranešime rašoma: „{told('lt', packet.finding)[0].paragraphs[0]}“",
            f"Nuo {first[:10]} iš manęs reikalaujama pinigų grasinant paskelbti mano duomenis." if first else
            "Iš manęs gali būti reikalaujama pinigų grasinant paskelbti mano duomenis.",
        )),
        Section("Gauti reikalavimai", (), tuple(asked) or ("Reikalavimų dar nėra; įrašykite, kai gausite.",)),
        Section("Prašymai", (), (
            "Pradėti ikiteisminį tyrimą dėl turto prievartavimo (Baudžiamojo kodekso 181 straipsnis) ir informacijos "
            "apie asmens privatų gyvenimą rinkimo, atskleidimo ar panaudojimo (167 ir 168 straipsniai); taikytinus "
            "straipsnius patikslins tyrėjas.",
            "Išreikalauti ir apsaugoti čia nurodytus duomenis: siuntėjų numerius, adresus, mokėjimo adresus.",
            "Apie priimtą sprendimą pranešti man raštu.",
        )),
        Section("Pridedama", (), (
            *(f"{name}, SHA-256 {digest}" for one in packet.demands for name, digest in one.evidence),
            "reikalavimų tekstai (šio rinkinio 2 dalis)", "klinikos įrodymų išrašas (šio rinkinio 3 dalis)",
        )),
    ]  # fmt: skip


def _demand(one: Got) -> str:
    parts = [f"{one.seen_at.replace('T', ' ')} ({one.zone}) {_CHANNELS.get(one.channel, 'kitaip')}"]
    if one.amount:
        parts.append(f"reikalauta {one.amount} {one.unit}")
    if one.deadline:
        parts.append(f"iki {one.deadline.replace('T', ' ')}")
    if one.contact:
        parts.append(f"siuntėjas {one.contact}")
    if one.addresses:
        parts.append(f"mokėti į {', '.join(one.addresses)}")
    return ", ".join(parts) + "."


def extract(packet: Packet) -> list[Section]:
    """What the clinic can prove of this one patient; no other person is in it."""
    found = told("lt", packet.finding)
    rows = [f"{_PROOFS.get(kind, kind)} {ref}" for kind, ref in packet.proofs]
    return [
        *found[:1],
        Section(
            "Kuo tai pagrįsta", (f"Būklės nuotrauka {packet.snapshot}, {packet.day}.",), tuple(rows) or ("įrašų nėra",)
        ),
        Section("Kas gali patvirtinti", (packet.dpo,)),
    ]


def pdf_of(packet: Packet) -> bytes:
    """The packet as PDF/A: what to do, the complaint ready to sign, the demands word for word, the extract. Raises
    Unavailable."""
    words = wording_of("lt")
    parts = [
        ("Ką daryti", [Section(words.advise, (), words.advice_always.items)], ""),
        ("1. Pareiškimas policijai", complaint(packet), "Data ir parašas: ______________________"),
        ("2. Gauti reikalavimai", [Section(_demand(one), (one.wording or "Teksto nėra.",)) for one in packet.demands]
         or [Section("", ("Reikalavimų neįrašyta.",))], ""),
        ("3. Įrodymų išrašas", extract(packet), ""),
    ]  # fmt: skip
    data = {
        "title": "Rinkinys nukentėjusiajam", "name": packet.person.name, "contacts": packet.person.contacts,
        "day": packet.day, "exercise": words.exercise if packet.exercise else "",
        "parts": [{"heading": heading, "sections": sections, "sign": sign} for heading, sections, sign in parts],
    }
    return typeset(_PACKET, msgspec.json.encode(data).decode(), "the packet cannot be set; try again")


def files(named: Iterable[str], known: dict[str, tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """(name, SHA-256) of the files of the case that a demand names."""
    return tuple(known[one] for one in named if one in known)
