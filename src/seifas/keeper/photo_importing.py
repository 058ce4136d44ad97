"""Photos from folders, over the admin socket: whose they are, which are here already, and the darkroom's grant.

An import is the machine's owner's act, so it spends no budget; each photo's lines say so. Whose a folder is, is
answered only where it is certain: by a personal code, or by the whole name together with birth date or telephone, and
for exactly one patient.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.keeper import photo_model
from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.photo_model import About, checked_about
from seifas.keeper.photographing import begin_import
from seifas.names.contacts import phone_digits
from seifas.names.folding import words

MOST_SOUGHT: Final = 200
_PERSONAL: Final = re.compile(r"[1-9]\d{10}", re.ASCII)


class Guess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder says of a person; empty is what it does not say. `names` are words in any order, `birth` ISO."""

    personal: str = ""
    names: tuple[str, ...] = ()
    birth: str = ""
    phone: str = ""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: tuple[Guess, ...]


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes
    sha256: tuple[bytes, ...]


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes
    about: About = About()


@OPS.op("admin.photo_match", Match, "admin")
async def match(keeper: Keeper, caller: Caller, args: Match) -> list[dict[str, Any]]:
    """[{patient, why}]: 16 bytes where exactly one patient fits everything that is said, else empty and why not:
    not-enough, nobody, several, or contradiction (the code is somebody's of another name or birth date)."""
    keeper.require_unlocked()
    if len(args.people) > MOST_SOUGHT:
        raise Invalid(f"at most {MOST_SOUGHT} people are sought in one call", where="people")
    return [_matched(keeper.directory, guess) for guess in args.people]


def _matched(directory: Directory, guess: Guess) -> dict[str, Any]:
    try:
        found, why = _candidates(directory, guess)
    except (Invalid, TooLarge):
        return {"patient": b"", "why": "not-enough"}
    fitting = [card.patient for card in found if _fits(card, guess)]
    if len(fitting) == 1:
        return {"patient": fitting[0], "why": ""}
    return {"patient": b"", "why": "several" if fitting else why if found else "nobody"}


def _candidates(directory: Directory, guess: Guess) -> tuple[list[Card], str]:
    """Cards that may be meant, and what it means if none of them fits."""
    if guess.personal:
        if _PERSONAL.fullmatch(guess.personal) is None:
            raise Invalid("a personal code has eleven digits", where="personal")
        return _cards(directory, directory.same_code(guess.personal)), "contradiction"
    if len(guess.names) < 2 or not (guess.birth or guess.phone):
        raise Invalid("a name alone is nobody's", where="names")
    query = Query(name=" ".join(guess.names), birthdate=guess.birth, phone=guess.phone)
    return _cards(directory, [hit.patient for hit in directory.search(query)]), "nobody"


def _cards(directory: Directory, patients: list[bytes]) -> list[Card]:
    return [card for patient in dict.fromkeys(patients) if (card := directory.card(patient)) is not None]


def _fits(card: Card, guess: Guess) -> bool:
    """Whether everything that is said is true of this patient: whole names, not beginnings or sounds of them."""
    if guess.personal and guess.personal not in card.codes:
        return False
    if guess.birth and guess.birth != card.birth:
        return False
    if guess.phone and phone_digits(guess.phone) not in card.phones:
        return False
    said = {word for name in guess.names for word in words(name)}
    return not said or _is_named(card, said)


def _is_named(card: Card, said: set[str]) -> bool:
    """A surname and a given name of the patient's, and nothing that is no name of theirs."""
    families = [set(words(name)) for name in (card.family, *card.former)]
    givens = [set(words(name)) for name in (*card.given, *card.also_given)]
    own = set().union(*families, *givens)
    return (
        said <= own
        and any(name and name <= said for name in families)
        and any(name and name & said for name in givens)
    )


@OPS.op("admin.photo_known", Known, "admin")
async def known(keeper: Keeper, caller: Caller, args: Known) -> list[bool]:
    """Which of these originals (SHA-256) this patient has, deleted ones too: how an import is run again."""
    vault = keeper.require_unlocked().vault
    head = vault.head(args.patient)
    have = {facts.sha256 for _, facts in photo_model.photos_of(vault, head, deleted=True)}
    return [one in have for one in args.sha256]


@OPS.op("admin.photo_begin", Begin, "admin")
async def begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """{photo, grant}, as `photo.begin`."""
    return await begin_import(keeper, args.patient, checked_about(args.about))
