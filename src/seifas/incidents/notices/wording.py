"""The words of notices, one file a language, checked key by key when it is read; English stands in for others.

A language is added by one more file; nothing here knows which there are.
"""

from __future__ import annotations

import importlib.resources
import string
import tomllib
from collections.abc import Iterator
from typing import Any, Final, get_type_hints

import msgspec

from seifas.errors import Invalid

FALLBACK: Final = "en"
MOST_CERTAIN: Final = 0.99
"""From this probability on a finding is told as certain; from LIKELY on as likely; below it as possible."""

LIKELY: Final = 0.9
_HOLES: Final[dict[str, set[str]]] = {
    "known_on": {"day"}, "checked": {"day"}, "contact_text": {"dpo", "ref"}, "code_text": {"address", "until"},
    "mail.text": {"address", "code", "until", "phone", "ref"}, "asked.text": {"address", "code", "until"},
    "asked.sms": {"address", "code"}, "sms.text": {"code", "address", "phone"}, "sms.text_plain": {"code", "phone"},
    "public.text": {"count", "dpo"}, "public.check": {"address"},
}
"""By key, what a text has to name in braces, no less and no more: a letter without its code would be of no use."""



class Grades(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    published: str
    taken: str
    reachable: str
    ciphertext: str


class Sure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certain: str
    likely: str
    possible: str


class Categories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By the words of keeper.affected_grading.CATEGORIES."""

    identity: str
    contact: str
    code: str
    health: str
    photos: str
    appointments: str
    messages: str
    account: str
    masked: str
    changed: str


class Consequences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    any: str
    identity: str
    contact: str
    code: str
    health: str
    photos: str
    appointments: str
    messages: str
    account: str
    changed: str


class Always(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: tuple[str, ...]


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identity: tuple[str, ...]
    contact: tuple[str, ...]
    code: tuple[str, ...]
    health: tuple[str, ...]
    photos: tuple[str, ...]
    appointments: tuple[str, ...]
    messages: tuple[str, ...]
    account: tuple[str, ...]
    changed: tuple[str, ...]


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    text: str


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    text: str
    sms: str


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    text_plain: str


class Public(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    text: str
    check: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's file. Values are plain text; names in braces are filled by `fill`."""

    language: str
    name: str
    title: str
    greeting: str
    why: str
    happened: str
    known_on: str
    exposed: str
    categories_are: str
    categories_unknown: str
    consequences: str
    measures: str
    advise: str
    contact: str
    contact_text: str
    complaint: str
    code_title: str
    code_text: str
    checked: str
    exercise: str
    none_title: str
    none_text: str
    open_title: str
    open_text: str
    minor: str
    grades: Grades
    sure: Sure
    categories: Categories
    consequences_of: Consequences
    advice_always: Always
    advice: Advice
    mail: Mail
    asked: Asked
    sms: Sms
    public: Public


def read_wording(data: bytes, name: str) -> Wording:
    """A language's file. Raises Invalid with `where` the key that is missing, unknown, empty or has a wrong brace."""
    try:
        made = msgspec.convert(tomllib.loads(data.decode()), Wording)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{name} is not TOML: {error}", where=name) from error
    except msgspec.ValidationError as error:
        raise Invalid(f"{name}: {error}", where=name) from error
    for key, text in _texts(made):
        named = _HOLES.get(key, set())
        if not text.strip() or _holes(text) != named:
            wanted = ", ".join(sorted(f"{{{one}}}" for one in named)) or "nothing"
            raise Invalid(f"{name}: {key} is not empty and names in braces exactly {wanted}", where=key)
    return made


def _texts(of: Any, at: str = "") -> Iterator[tuple[str, str]]:
    for field in get_type_hints(type(of)):
        value, key = getattr(of, field), f"{at}{field}"
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, tuple):
            yield from ((key, one) for one in value)
        else:
            yield from _texts(value, f"{key}.")


def _holes(text: str) -> set[str] | None:
    try:
        return {name for _, name, form, how in string.Formatter().parse(text) if name is not None and not (form or how)}
    except ValueError:
        return None


def fill(text: str, **values: str) -> str:
    """The text with its names in braces filled. Values are put in as they are; none is read for braces again."""
    return text.format_map(values)


def _all() -> dict[str, Wording]:
    folder = importlib.resources.files("seifas.incidents.notices")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            made = read_wording(file.read_bytes(), file.name)
            found[made.language] = made
    return found


# Read at import: the processes that use it run as users who may not be able to read the package's files.
WORDINGS: Final = _all()


def wording_of(language: str) -> Wording:
    """The words of a language, given as "lt" or "lt-LT"; English where there is no file for it."""
    return WORDINGS.get(language[:2].lower()) or WORDINGS[FALLBACK]


def surety(sure: float) -> str:
    """certain, likely or possible."""
    if sure >= MOST_CERTAIN:
        return "certain"
    return "likely" if sure >= LIKELY else "possible"
