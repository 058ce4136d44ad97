"""What people come for and what is done about it: complaints, procedures, products, medications, allergies."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from seifas.demo.dice import Dice, Weighted, stable_id
from seifas.demo.tables import phrases, rows


class Words(msgspec.Struct, frozen=True):
    """One thing in both languages of the clinic."""

    code: str
    lt: str
    en: str


class Product(msgspec.Struct, frozen=True):
    """Something used up or implanted. Batches follow one another, so patients of one time share a lot number."""

    words: Words
    days_a_batch: int
    device: bool

    def batch(self, ordinal: int) -> tuple[str, int]:
        """Lot number in use on that day, and the ordinal of its expiry."""
        turn = ordinal // self.days_a_batch
        mark = stable_id("lot", self.words.lt, turn)[:5].upper()
        return f"{mark}-{turn % 1000:03d}", turn * self.days_a_batch + 3 * 365


class Medication(msgspec.Struct, frozen=True):
    """`words.code` is the ATC code."""

    words: Words
    dosage: str


class Procedure(msgspec.Struct, frozen=True):
    words: Words
    specialty: str
    minutes: int
    photos: bool
    products: tuple[Product, ...]
    medications: tuple[Medication, ...]


class Complaint(msgspec.Struct, frozen=True):
    words: Words
    specialty: str
    sexes: str
    site: Words
    icd: str
    procedures: tuple[Procedure, ...]


class Allergy(msgspec.Struct, frozen=True):
    words: Words
    category: str
    criticality: str
    reaction: str


class Catalogue(msgspec.Struct, frozen=True):
    """`complaints` by (sex, specialty), specialty "" for any."""

    specialties: dict[str, Words]
    complaints: dict[tuple[str, str], Weighted[Complaint]]
    procedures: dict[str, Procedure]
    allergies: Weighted[Allergy]


def _slug(english: str) -> str:
    return english.lower().replace(" ", "-")


def _products() -> dict[str, tuple[Product, ...]]:
    found: dict[str, tuple[Product, ...]] = {}
    for kind, yearly, device, lt, en in rows("clinical", "products"):
        product = Product(words=Words(kind, lt, en), days_a_batch=365 // int(yearly), device=device == "y")
        found[kind] = (*found.get(kind, ()), product)
    return found


def _medications() -> dict[str, tuple[Medication, ...]]:
    found: dict[str, tuple[Medication, ...]] = {}
    for kind, atc, lt, en, dosage in rows("clinical", "medications"):
        found[kind] = (*found.get(kind, ()), Medication(words=Words(atc, lt, en), dosage=dosage))
    return found


def _procedures() -> dict[str, Procedure]:
    products, medications = _products(), _medications()
    return {
        code: Procedure(
            words=Words(code, lt, en),
            specialty=specialty,
            minutes=int(minutes),
            photos=photos == "y",
            products=products[product] if product else (),
            medications=medications[medication] if medication else (),
        )
        for code, specialty, minutes, photos, product, medication, lt, en in rows("clinical", "procedures")
    }


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """All clinical tables, read once a process."""
    procedures = _procedures()
    sites = {code: Words(code, lt, en) for code, lt, en in rows("clinical", "sites")}
    weighted = [
        (
            float(weight),
            Complaint(
                words=Words(code, lt, en),
                specialty=specialty,
                sexes=sexes,
                site=sites[site],
                icd=icd,
                procedures=tuple(procedures[each] for each in done.split()),
            ),
        )
        for code, specialty, sexes, weight, site, icd, done, lt, en in rows("clinical", "complaints")
    ]
    specialties = {code: Words(code, lt, en) for code, lt, en in rows("clinical", "specialties")}
    complaints: dict[tuple[str, str], Weighted[Complaint]] = {}
    for sex in ("female", "male"):
        for specialty in ("", *specialties):
            fitting = [(w, c) for w, c in weighted if sex[0] in c.sexes and specialty in ("", c.specialty)]
            complaints[sex, specialty] = Weighted([c for _, c in fitting], [w for w, _ in fitting])
    allergies = [
        (float(weight), Allergy(words=Words(_slug(en), lt, en), category=kind, criticality=grade, reaction=reaction))
        for weight, kind, grade, lt, en, reaction in rows("clinical", "allergies")
    ]
    return Catalogue(
        specialties=specialties,
        complaints=complaints,
        procedures=procedures,
        allergies=Weighted([a for _, a in allergies], [w for w, _ in allergies]),
    )


def sentences(dice: Dice, section: str) -> str:
    """One to three different sentences of a section of the notes."""
    choice = phrases("notes", section)
    first = dice.below(len(choice))
    chosen = [choice[first]]
    if dice.chance(0.7):
        second = (first + 1 + dice.below(len(choice) - 1)) % len(choice)
        chosen.append(choice[second])
        if dice.chance(0.4) and (third := dice.below(len(choice))) not in (first, second):
            chosen.append(choice[third])
    return " ".join(chosen).replace("{n}", str(dice.between(2, 9)))
