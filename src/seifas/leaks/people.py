"""Whom a leaked row may be about: what the matcher is told of each patient, and what care adds to it."""

import msgspec


class Person(msgspec.Struct, frozen=True, gc=False):
    """One patient's card, as far as a leaked row can show it. Texts are as written on the card; any may be empty.

    patient: 16 bytes. families: the current surname first, then former ones; a double surname is one text. birth: an
    ISO date, a year alone, or nothing. sex: "female", "male" or nothing known. codes: personal codes. decoy: the 16
    bytes of the export or canary this invented patient was planted for, empty for a real one. lines: street, house and
    post code of the address.
    """

    patient: bytes
    families: tuple[str, ...] = ()
    givens: tuple[str, ...] = ()
    birth: str = ""
    sex: str = ""
    codes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    city: str = ""
    decoy: bytes = b""
    lines: tuple[str, ...] = ()


class Care(msgspec.Struct, frozen=True, gc=False):
    """What was done for one patient: texts of complaints, diagnoses and procedures as written, doctors, ISO dates; and
    the city, which the record knows where the card does not.
    """

    patient: bytes
    terms: tuple[str, ...] = ()
    doctors: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    city: str = ""
