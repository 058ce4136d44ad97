"""The demo clinic itself: its organization, staff and accounts."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import msgspec

from seifas.demo.catalogue import catalogue
from seifas.demo.chart import Resource, concept, reference, resource
from seifas.demo.days import OPENS, day
from seifas.demo.dice import Dice, stable_id
from seifas.demo.names import given_names, surnames

NAME = "Demonstracinė klinika / Demo clinic"
LICENCE_SYSTEM = "urn:seifas:demo:licence"
SPECIALTY_SYSTEM = "urn:seifas:demo:specialty"

_DOCTORS = ("S", "D", "A", "S", "D", "A")
_NURSES = 3
_OTHERS = (
    ("reception1", ("reception",)),
    ("reception2", ("reception",)),
    ("reception3", ("reception",)),
    ("officer1", ("officer",)),
    ("officer2", ("officer",)),
    ("administrator", ("administrator",)),
    ("auditor", ("auditor",)),
)
RECEPTION = tuple(name for name, hats in _OTHERS if "reception" in hats)
OPENED_DAYS_AGO = 12 * 365


class Account(msgspec.Struct, frozen=True):
    """`name` is the login, the same for every seed; `practitioner` the id of the person's resource, or ""."""

    name: str
    display: str
    hats: tuple[str, ...]
    practitioner: str


class Doctor(msgspec.Struct, frozen=True):
    """`id` is the Practitioner's; `specialty` S surgery, D dermatology, A aesthetic medicine; `account` the login."""

    id: str
    name: str
    specialty: str
    account: str


class Clinic(msgspec.Struct, frozen=True):
    """`resources` belong to no patient: Organization, then Practitioner and PractitionerRole of each person."""

    organization: str
    doctors: tuple[Doctor, ...]
    resources: tuple[Resource, ...]

    def of(self, specialty: str) -> tuple[Doctor, ...]:
        return tuple(doctor for doctor in self.doctors if doctor.specialty == specialty)


class _Worker(msgspec.Struct, frozen=True):
    id: str
    family: str
    given: str
    sex: str


def _worker(seed: int, account: str) -> _Worker:
    dice = Dice("staff", seed, account)
    sex = "female" if dice.chance(0.7) else "male"
    born = dice.between(1962, 1995)
    forms = dice.weighted(surnames()["lt"])
    family = forms.man if sex == "male" else (forms.wife if dice.chance(0.65) else forms.daughter)
    given = dice.weighted(given_names("lt", sex, born))
    return _Worker(id=stable_id("practitioner", seed, account), family=family, given=given, sex=sex)


@lru_cache(maxsize=8)
def _workers(seed: int) -> dict[str, _Worker]:
    """By account. Two people of one name would make the demo confusing, so a repeated surname is drawn again."""
    names = [f"doctor{n}" for n in range(1, len(_DOCTORS) + 1)] + [f"nurse{n}" for n in range(1, _NURSES + 1)]
    found: dict[str, _Worker] = {}
    taken: set[str] = set()
    for account in (*names, *(name for name, _ in _OTHERS)):
        turn = 0
        while (worker := _worker(seed, f"{account}|{turn}")).family in taken:
            turn += 1
        taken.add(worker.family)
        found[account] = worker
    return found


def accounts(seed: int) -> tuple[Account, ...]:
    """Sixteen accounts: 6 doctors, 3 nurses, 3 at reception, 2 officers, an administrator and an auditor."""
    workers = _workers(seed)
    hats: list[tuple[str, tuple[str, ...]]] = [(f"doctor{n}", ("doctor",)) for n in range(1, len(_DOCTORS) + 1)]
    # One nurse also sits at reception in holidays: hats are worn one at a time, and the demo should show that.
    hats += [(f"nurse{n}", ("nurse", "reception") if n == _NURSES else ("nurse",)) for n in range(1, _NURSES + 1)]
    hats += _OTHERS
    return tuple(
        Account(
            name=name,
            display=f"{workers[name].given} {workers[name].family}",
            hats=worn,
            practitioner=workers[name].id if worn[0] in ("doctor", "nurse") else "",
        )
        for name, worn in hats
    )


@lru_cache(maxsize=8)
def clinic(seed: int, today: date) -> Clinic:
    """Organization, doctors and nurses. Ids and names depend on the seed; only the dates on `today`."""
    opened = day(today.toordinal() - OPENED_DAYS_AGO)
    at = opened.moment(OPENS, 0)
    organization = stable_id("organization", seed)
    specialties = catalogue().specialties
    found = [
        resource(
            "Organization",
            organization,
            at,
            '"active":true,"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type",'
            f'"code":"prov","display":"Healthcare Provider"}}]}}],"name":"{NAME}",'
            '"telecom":[{"system":"email","value":"clinic@example.org"}],'
            '"address":[{"line":["Demonstracijos g. 1"],"city":"Kaunas","postalCode":"LT-44000","country":"LT"}]',
        )
    ]
    doctors = []
    workers = _workers(seed)
    for number, letter in enumerate((*_DOCTORS, *("" for _ in range(_NURSES)))):
        account = f"doctor{number + 1}" if letter else f"nurse{number - len(_DOCTORS) + 1}"
        worker = workers[account]
        prefix = '"prefix":["gyd."],' if letter else ""
        found.append(
            resource(
                "Practitioner",
                worker.id,
                at,
                f'"identifier":[{{"system":"{LICENCE_SYSTEM}","value":"DEMO-{number + 1:04d}"}}],"active":true,'
                f'"name":[{{"use":"official","family":"{worker.family}","given":["{worker.given}"],'
                f'{prefix}"text":"{worker.given} {worker.family}"}}],'
                f'"telecom":[{{"system":"email","value":"{account}@example.org","use":"work"}}],"gender":"{worker.sex}"',
            )
        )
        code = ("doctor", "Doctor", "Gydytojas") if letter else ("nurse", "Nurse", "Slaugytojas")
        field = specialties[letter] if letter else None
        specialty = f',"specialty":[{concept(SPECIALTY_SYSTEM, field.code, field.en, field.lt)}]' if field else ""
        role = concept("http://terminology.hl7.org/CodeSystem/practitioner-role", *code)
        found.append(
            resource(
                "PractitionerRole",
                stable_id("role", seed, account),
                at,
                f'"active":true,"period":{{"start":"{opened.iso}"}},'
                f'"practitioner":{reference("Practitioner", worker.id)},'
                f'"organization":{reference("Organization", organization)},"code":[{role}]{specialty}',
            )
        )
        if letter:
            name = f"gyd. {worker.given} {worker.family}"
            doctors.append(Doctor(id=worker.id, name=name, specialty=letter, account=account))
    return Clinic(organization=organization, doctors=tuple(doctors), resources=tuple(found))
