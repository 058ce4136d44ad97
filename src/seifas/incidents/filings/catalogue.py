"""What can be filed: the facts that forms ask for (facts.toml) and the forms themselves (forms/*.toml), as data.

A form says where its list of fields comes from and whether a lawyer has checked it; one marked "draft" is shown and
never sealed. Read once, at import: processes run as users that may not be able to read the package's files.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

Kind = Literal["line", "text", "moment", "day", "number", "one", "many"]
Need = Literal["yes", "no", "any", "late"]
Auto = Literal["", "reference", "filed", "events", "demands", "evidence"]
FilingKind = Literal["first", "supplementary", "final"]


class Worded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has words in both languages."""

    lt: str
    en: str

    def words(self, language: str) -> str:
        """The words in a language, "lt" or "en"."""
        return self.en if language == "en" else self.lt


class Fact(Worded, frozen=True, kw_only=True):
    """A fact that can be known of a case. `choices` are (id, Lithuanian, English); `count` the grades of a snapshot
    whose patients a number counts."""

    id: str
    kind: Kind
    choices: tuple[tuple[str, str, str], ...] = ()
    count: tuple[str, ...] = ()

    def choice(self, chosen: str, language: str) -> str:
        """The words of one of the choices; "" for what is none."""
        return next(((en if language == "en" else lt) for name, lt, en in self.choices if name == chosen), "")


class Group(Worded, frozen=True, kw_only=True):
    """Facts that are asked for together."""

    id: str
    facts: tuple[Fact, ...]


class Field(Worded, frozen=True, kw_only=True):
    """One field of a form. `facts` have to be known where it is needed, `more` are shown where they are. `need`: "any"
    is met by any field with the same `of`; "late" where the notification is. `auto` is filled from the case."""

    no: str
    need: Need = "no"
    of: str = ""
    facts: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    auto: Auto = ""


class Section(Worded, frozen=True, kw_only=True):
    """Fields under one heading."""

    no: str
    fields: tuple[Field, ...]


class Form(Worded, frozen=True, kw_only=True):
    """A form, its recipient, on what ground it is sent, and where its fields come from. `outside`: it leaves the house;
    `leave`: while there is an investigation it takes the prosecutor's leave; `checked_by`: the lawyer who compared it
    with the source, empty while nobody has."""

    id: str
    order: int
    recipient_lt: str
    recipient_en: str
    basis_lt: str
    basis_en: str
    outside: bool
    leave: bool
    kinds: tuple[FilingKind, ...]
    channels: tuple[str, ...]
    status: Literal["recommended", "free", "draft"]
    source: str
    source_url: str
    checked_on: str
    checked_by: str
    section: tuple[Section, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in order."""
        return tuple(one for part in self.section for one in part.fields)

    def recipient(self, language: str) -> str:
        """Whom it is for."""
        return self.recipient_en if language == "en" else self.recipient_lt

    def basis(self, language: str) -> str:
        """The legal basis."""
        return self.basis_en if language == "en" else self.basis_lt


class _Groups(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    group: tuple[Group, ...]


_FOLDER: Final = importlib.resources.files("seifas.incidents.filings")


def _read_groups() -> tuple[Group, ...]:
    return msgspec.convert(tomllib.loads(_FOLDER.joinpath("facts.toml").read_text("utf-8")), _Groups).group


def _read_forms() -> Mapping[str, Form]:
    files = [one for one in _FOLDER.joinpath("forms").iterdir() if one.name.endswith(".toml")]
    made = [msgspec.convert(tomllib.loads(one.read_text("utf-8")), Form) for one in files]
    return MappingProxyType({one.id: one for one in sorted(made, key=lambda each: each.order)})


GROUPS: Final = _read_groups()
FACTS: Final[Mapping[str, Fact]] = MappingProxyType({one.id: one for group in GROUPS for one in group.facts})
FORMS: Final = _read_forms()
"""By id, in the order in which they are shown."""
