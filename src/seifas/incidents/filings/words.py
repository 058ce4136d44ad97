"""The words that stand in every filing, whatever its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "first": ("Pirminis pranešimas", "First notification"),
    "supplementary": ("Papildomas pranešimas", "Supplementary notification"),
    "final": ("Galutinis pranešimas", "Final notification"),
    "kind": ("Rūšis", "Kind"),
    "recipient": ("Kam", "To"),
    "basis": ("Pagrindas", "Basis"),
    "case": ("Mūsų numeris", "Our reference"),
    "earlier": ("Ankstesnis pranešimas", "Earlier notification"),
    "their": ("jų numeris", "their reference"),
    "made": ("Parengta", "Made"),
    "later": ("Dar nežinoma; bus papildyta.", "Not known yet; will be supplemented."),
    "none": ("Nėra.", "None."),
    "not-late": ("Nevėluojama.", "There is no delay."),
    "grounds": ("Kuo remiamasi", "What it rests on"),
    "grounds-what": (
        "Skaičius prie lauko nurodo eilutę. Failai ir įrašai laikomi užantspauduoti, jų eiga įrašyta žurnale.",
        "A number beside a field names a line. Files and entries are kept sealed; what was done with them is in the "
        "log.",
    ),
    "file": ("Failas {id}, SHA-256 {sha256}", "File {id}, SHA-256 {sha256}"),
    "event": ("Laiko juostos įrašas {id}, {at}", "Entry {id} of the timeline, {at}"),
    "demand": ("Reikalavimas {id}, gautas {at}", "Demand {id}, received {at}"),
    "snapshot": ("Užfiksuotas nukentėjusiųjų sąrašas {id}", "Frozen list of those affected {id}"),
    "counted": (
        "Užfiksuotas nukentėjusiųjų sąrašas {id}, užklausa {query}",
        "Frozen list of those affected {id}, query {query}",
    ),
    "profile": ("Klinikos duomenys sistemoje", "The clinic's profile in the system"),
    "entry": ("Bylos įrašas {id}", "Entry {id} of the case"),
    "withdrawn": ("{what}; vėliau atsiimta", "{what}; withdrawn since"),
    "changed": ("Kas pasikeitė nuo ankstesnio pranešimo", "What changed since the earlier notification"),
    "changed-none": ("Nepasikeitė niekas.", "Nothing changed."),
    "before": ("Buvo", "Before"),
    "now": ("Yra", "Now"),
    "field": ("Laukas", "Field"),
    "signature": ("Parašas", "Signature"),
    "signed-name": ("Vardas, pavardė, pareigos", "Name and position"),
    "signed-day": ("Data", "Date"),
    "draft": ("JUODRAŠTIS", "DRAFT"),
    "exercise": ("PRATYBOS – NETIKRAS ĮVYKIS", "EXERCISE – NOT A REAL EVENT"),
    "foot": ("Byla {case}. Faktai {facts}. Parengta {made}.", "Case {case}. Facts {facts}. Made {made}."),
    "at": ("Laikas", "Time"),
    "what": ("Kas įvyko", "What happened"),
    "source": ("Šaltinis", "Source"),
    "amount": ("Suma", "Amount"),
    "deadline": ("Terminas", "Deadline"),
    "address": ("Mokėjimo adresai", "Addresses to pay to"),
    "wording": ("Tekstas", "Wording"),
    "bytes": ("Baitai", "Bytes"),
    "kept": ("Gauta", "Received"),
    "form": ("Pranešimas", "Filing"),
    "sent": ("Išsiųsta", "Sent"),
    "channel": ("Kaip", "How"),
    "reference": ("Jų numeris", "Their reference"),
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """The words of a key in "lt" or "en"."""
    found = WORDS[key][1 if language == "en" else 0]
    return found.format(**values) if values else found
