"""The card: what the directory knows of one patient, sealed by the keeper beside the records and loaded at unlock.

Stored as a MessagePack array in field order. A field may be added at the end with a default; none is ever removed or
moved, so old cards open for good.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from seifas.errors import Invalid, Tampered
from seifas.names.contacts import email_form, is_fhir_date, phone_digits
from seifas.names.folding import NAME_LIMIT, fold

LIST_LIMIT = 16
"""Names, codes, numbers or addresses of one kind that a card keeps; what is over stays in the record only."""

_SEX = {"male": "m", "female": "f", "other": "o"}
_NAME_ORDER = {"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5, "old": 6, "maiden": 7}
_FORMER_USES = frozenset(("old", "maiden"))


class Card(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One patient. `birth` is "", YYYY, YYYY-MM or YYYY-MM-DD; `sex` m, f, o or u; names are as written; `phones` are
    digits with the country code; `codes` are identifier values as written; `emails` lower case.
    """

    patient: bytes
    family: str = ""
    given: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    """Other surnames: maiden, old, also those used beside the official one."""
    birth: str = ""
    sex: str = "u"
    codes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    active: bool = True
    also_given: tuple[str, ...] = ()
    """Other given names: what the patient is called, nicknames."""
    deceased: bool = False
    coded: tuple[str, ...] = ()
    """The identifiers with their systems, `system|value`, the system empty where none was given."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Card)


def encode(card: Card) -> bytes:
    """MessagePack of one card."""
    return _ENCODER.encode(card)


def decode(body: bytes) -> Card:
    """The card of `encode`. Raises Tampered if it is not one (the seal was whole, so the writer was not ours)."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered("A patient card cannot be read.", where="card") from None


def card_of(patient: dict[str, Any], *, today: date | None = None) -> Card:
    """The card of a FHIR R4 Patient. `id` must be 32 hex digits; `today` decides whether a name's period has ended.

    Reads `name`, `identifier`, `telecom`, `birthDate`, `gender`, `active`, `deceased[x]`; leaves out, and never fails
    on, parts of another shape than FHIR says (the writer of the record refuses those, with the field's name).
    """
    today = today or datetime.now(UTC).date()
    names = sorted(_dicts(patient.get("name")), key=lambda name: _rank(name, today))
    main = names[0] if names else {}
    family, given = _parts(main)
    former: list[str] = []
    also_given: list[str] = []
    for name in names[1:]:
        other_family, other_given = _parts(name)
        former.append(other_family)
        also_given.extend(other_given)
    birth = patient.get("birthDate")
    deceased = patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime"))
    # An old number may be somebody else's by now, and a full number proves a caller.
    telecom = [
        (_text(at.get("system")), _text(at.get("value")))
        for at in _dicts(patient.get("telecom"))
        if at.get("use") != "old"
    ]
    codes = [
        (_text(code.get("system")).strip()[:200], _text(code.get("value")).strip()[:200])
        for code in _dicts(patient.get("identifier"))
    ]
    return Card(
        patient=_id(patient.get("id")),
        family=family,
        given=given[:LIST_LIMIT],
        former=_distinct(former, without={fold(family)}),
        birth=birth if isinstance(birth, str) and is_fhir_date(birth) else "",
        sex=_SEX.get(_text(patient.get("gender")), "u"),
        codes=_unique(value for _, value in codes),
        coded=_unique(f"{system}|{value}" for system, value in codes if value),
        phones=_unique(phone_digits(value) for system, value in telecom if system in _PHONE_SYSTEMS),
        emails=_unique(email_form(value) for system, value in telecom if system == "email"),
        active=patient.get("active") is not False,
        also_given=_distinct(also_given, without={fold(name) for name in given}),
        deceased=deceased,
    )


_PHONE_SYSTEMS = frozenset(("phone", "sms"))


def _id(value: object) -> bytes:
    try:
        identity = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        identity = b""
    if len(identity) != 16:
        raise Invalid("A patient's id is 32 hex digits.", where="Patient.id")
    return identity


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    # Lone surrogates cannot be written as UTF-8; a parser that let one through must not stop the whole directory.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _rank(name: dict[str, Any], today: date) -> tuple[int, int]:
    period = name.get("period")
    end = _text(period.get("end"))[:10] if isinstance(period, dict) else ""
    # A partial date ("2019") ends with its last day: compared as text it does, against the same length of today's.
    ended = bool(end) and end < today.isoformat()[: len(end)]
    use = _text(name.get("use"))
    return (1 if ended or use in _FORMER_USES else 0, _NAME_ORDER.get(use, 2))


def _parts(name: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    family = _text(name.get("family")).strip()[:NAME_LIMIT]
    listed = name.get("given")
    given = tuple(
        part for item in (listed if isinstance(listed, list) else []) if (part := _text(item).strip()[:NAME_LIMIT])
    )
    if family or given:
        return family, given
    text = _text(name.get("text")).strip()[:NAME_LIMIT]
    before, comma, after = text.partition(",")
    if comma:
        return before.strip(), tuple(after.split()[:LIST_LIMIT])
    parts = text.split()
    return (parts[-1], tuple(parts[:-1][:LIST_LIMIT])) if parts else ("", ())


def _distinct(values: list[str], *, without: set[str]) -> tuple[str, ...]:
    kept = {fold(value): value for value in reversed(values) if value and fold(value) not in without}
    return tuple(reversed(kept.values()))[:LIST_LIMIT]


def _unique(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:LIST_LIMIT]
