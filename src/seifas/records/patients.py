"""The patient's card as a form, and back: names, birth date, contacts, codes; guardians of minors as RelatedPersons.

An edit touches only what the form shows: all else of the Patient stays as it was received.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.records import codes
from seifas.records.cards import OF_AGE, age_on
from seifas.records.composing import line_typed
from seifas.records.plain import Resource, code_of, human_name, items, word

SEXES = {"f": "female", "m": "male", "o": "other", "u": "unknown"}
RELATIONS = {"mother": "MTH", "father": "FTH", "guardian": "GUARD", "other": "FAMMEMB"}
"""The guardian's relation, as our forms name it and as HL7's v3-RoleCode does."""

LANGUAGES = ("lt", "en", "ru", "pl", "uk", "de")
_ROLE = f"{codes.HL7}/v3-RoleCode"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"[+0-9 ()\-/.]{5,30}\Z")
_PERSONAL = re.compile(r"[1-9]\d{10}\Z", re.ASCII)


class CardForm(msgspec.Struct, frozen=True):
    """The card as typed. All are text, "" for nothing; `sex` is a key of SEXES, `born` an ISO date."""

    family: str = ""
    given: str = ""
    former: str = ""
    born: str = ""
    sex: str = "u"
    code: str = ""
    phone: str = ""
    email: str = ""
    line: str = ""
    city: str = ""
    postal: str = ""
    language: str = ""


class Guardian(msgspec.Struct, frozen=True):
    """Who answers for a minor. `id` is 32 hex, "" for one who is being written."""

    name: str
    relation: str
    phone: str
    id: str = ""
    active: bool = True


def form_of(patient: Resource) -> CardForm:
    """What the form shows of a Patient."""
    name = _name(patient)
    former = next((one for one in items(patient.get("name")) if one.get("use") in ("maiden", "old")), {})
    home = next(iter(items(patient.get("address"))), {})
    languages = items(patient.get("communication"))
    sexes = {value: key for key, value in SEXES.items()}
    return CardForm(
        family=word(name.get("family")),
        given=" ".join(word(one) for one in _list(name.get("given"))) or ("" if name.get("family") else _text(name)),
        former=word(former.get("family")),
        born=word(patient.get("birthDate")),
        sex=sexes.get(word(patient.get("gender")), "u"),
        code=next((word(one.get("value")) for one in items(patient.get("identifier")) if _is_personal(one)), ""),
        phone=_telecom(patient, "phone"),
        email=_telecom(patient, "email"),
        line=", ".join(word(one) for one in _list(home.get("line"))),
        city=word(home.get("city")),
        postal=word(home.get("postalCode")),
        language=code_of(languages[0].get("language")) if languages else "",
    )


def checked(form: CardForm, today: datetime.date) -> CardForm:
    """The form, tidied. Raises Invalid with the field's name in `where`."""
    family, given = line_typed(form.family, "family"), line_typed(form.given, "given")
    born = form.born.strip()
    if not born:
        raise Invalid("The birth date is needed: it tells namesakes apart.", where="born")
    try:
        date = datetime.date.fromisoformat(born)
    except ValueError:
        raise Invalid("Write the birth date as 1985-03-02.", where="born") from None
    if date > today or date.year < 1890:
        raise Invalid("Nobody alive was born that day.", where="born")
    email, phone, code = form.email.strip(), " ".join(form.phone.split()), form.code.strip()
    if email and (len(email) > 200 or not _EMAIL.match(email)):
        raise Invalid("This is no e-mail address.", where="email")
    if phone and not _PHONE.match(phone):
        raise Invalid("This is no telephone number.", where="phone")
    if code and not _PERSONAL.match(code):
        raise Invalid("A personal code has 11 digits.", where="code")
    if form.language and form.language not in LANGUAGES:
        raise Invalid("Choose one of the languages.", where="language")
    return CardForm(
        family=family, given=given, former=line_typed(form.former, "former", needed=False), born=born,
        sex=form.sex if form.sex in SEXES else "u", code=code, phone=phone, email=email,
        line=line_typed(form.line, "line", needed=False), city=line_typed(form.city, "city", needed=False),
        postal=line_typed(form.postal, "postal", needed=False), language=form.language,
    )  # fmt: skip


def edited(patient: Resource, form: CardForm) -> Resource:
    """The Patient with what the form says (of {"resourceType": "Patient"} for a new one). `form` is `checked`."""
    was = form_of(patient)
    found = dict(patient)
    if (form.family, form.given, form.former) != (was.family, was.given, was.former):
        found["name"] = _names(patient, form)
    found["birthDate"] = form.born
    found["gender"] = SEXES[form.sex]
    found.setdefault("active", True)
    if form.code != was.code:
        others = [one for one in items(patient.get("identifier")) if not _is_personal(one)]
        own = [{"use": "official", "system": codes.PERSONAL_CODE, "value": form.code}] if form.code else []
        _put(found, "identifier", own + others)
    if (form.phone, form.email) != (was.phone, was.email):
        _put(found, "telecom", _telecoms(patient, form, was))
    if (form.line, form.city, form.postal) != (was.line, was.city, was.postal):
        home = {
            **({"line": [form.line]} if form.line else {}), **({"city": form.city} if form.city else {}),
            **({"postalCode": form.postal} if form.postal else {}),
        }
        _put(found, "address", ([{"use": "home", **home}] if home else []) + items(patient.get("address"))[1:])
    if form.language != was.language:
        chosen = [{"language": codes.coded("urn:ietf:bcp:47", form.language), "preferred": True}]
        _put(found, "communication", (chosen if form.language else []) + items(patient.get("communication"))[1:])
    return found


def needs_guardian(born: str, guardians: list[Guardian], today: datetime.date) -> bool:
    """Whether the patient is a minor for whom nobody answers yet."""
    return 0 <= age_on(born, today)[0] < OF_AGE and not any(one.active for one in guardians)


def guardian_typed(name: str, relation: str, phone: str) -> Guardian | None:
    """A guardian as typed, None for nothing. Raises Invalid with the field's name in `where`."""
    name, phone = line_typed(name, "guardian", needed=False), " ".join(phone.split())
    if not name and not phone:
        return None
    if not name:
        raise Invalid("Say who it is.", where="guardian")
    if relation not in RELATIONS:
        raise Invalid("Say how they are related.", where="relation")
    if phone and not _PHONE.match(phone):
        raise Invalid("This is no telephone number.", where="guardian-phone")
    return Guardian(name, relation, phone)


def related_person(patient: str, guardian: Guardian) -> Resource:
    """The RelatedPerson of a guardian; `patient` is 32 hex."""
    return {
        "resourceType": "RelatedPerson", "active": True,
        "patient": {"reference": f"Patient/{patient}"},
        "relationship": [codes.coded(_ROLE, RELATIONS[guardian.relation])],
        "name": [{"text": guardian.name}],
        **({"telecom": [{"system": "phone", "value": guardian.phone}]} if guardian.phone else {}),
    }  # fmt: skip


def guardian_of(resource: Resource) -> Guardian:
    """A RelatedPerson as a guardian."""
    roles = {value: key for key, value in RELATIONS.items()}
    given = next((code_of(one) for one in items(resource.get("relationship"))), "")
    return Guardian(
        next(filter(None, (human_name(one) for one in items(resource.get("name")))), "?"),
        roles.get(given, "other"), _telecom(resource, "phone"), word(resource.get("id")),
        resource.get("active") is not False,
    )  # fmt: skip


def _name(patient: Resource) -> Resource:
    names = items(patient.get("name"))
    return next((one for one in names if one.get("use") == "official"), names[0] if names else {})


def _names(patient: Resource, form: CardForm) -> list[Resource]:
    names = items(patient.get("name"))
    main = _name(patient)
    kept = {key: value for key, value in main.items() if key not in ("family", "given", "text")}
    now = [{"use": "official", **kept, "family": form.family, "given": form.given.split()}]
    former = [{"use": "maiden", "family": form.former}] if form.former else []
    others = [one for one in names if one is not main and one.get("use") not in ("maiden", "old")]
    return now + former + others


def _telecoms(patient: Resource, form: CardForm, was: CardForm) -> list[Resource]:
    """The first of each kind is what the form shows; what it replaces stays as an old number."""
    found: list[Resource] = []
    for system, old, new in (("phone", was.phone, form.phone), ("email", was.email, form.email)):
        same = [one for one in items(patient.get("telecom")) if one.get("system") == system]
        shown = next((one for one in same if one.get("use") != "old"), None)
        rest = [one for one in same if one is not shown]
        if new:
            found.append({**(shown or {}), "system": system, "value": new} if new == old else
                         {"system": system, "value": new, **({"use": "mobile"} if system == "phone" else {})})
        if shown is not None and old != new:
            rest.append({**shown, "use": "old"})
        found += rest
    return found + [one for one in items(patient.get("telecom")) if one.get("system") not in ("phone", "email")]


def _telecom(resource: Resource, system: str) -> str:
    return next(
        (
            word(one.get("value")) for one in items(resource.get("telecom"))
            if one.get("system") == system and one.get("use") != "old"
        ),
        "",
    )


def _is_personal(identifier: Resource) -> bool:
    return identifier.get("system") == codes.PERSONAL_CODE


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(name: Resource) -> str:
    return word(name.get("text"))


def _put(resource: Resource, key: str, value: list[Resource]) -> None:
    if value:
        resource[key] = value
    else:
        resource.pop(key, None)
