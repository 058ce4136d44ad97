"""Templates of treatment forms and letters: Markdown by language, in versions that never change. Pure.

A text is bound by its digest: what a patient signed names the digest, so a later version cannot pass for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing
from seifas.keeper.clinic_facts import Words, words

MOST_TEMPLATES: Final = 300
MOST_VERSIONS: Final = 200
MOST_TEXT: Final = 60_000  # characters of one language


class Purpose(StrEnum):
    """What a template is for: a treatment's consent form, a photo's consent form, a letter, what to do at home."""

    TREATMENT = "treatment"
    PHOTOS = "photos"
    LETTER = "letter"
    ADVICE = "advice"


class Template(msgspec.Struct, frozen=True):
    """One version. `titles` and `texts` by language; `by` the login that wrote it; `retired_ms` stands in the newest
    version only and takes the whole template out of what is offered."""

    id: bytes
    version: int
    purpose: Purpose
    titles: Words
    texts: Words
    made_ms: int
    by: str
    retired_ms: int = 0


class TemplateBook:
    """All versions of all templates, in memory; each is a sealed state row."""

    def __init__(self) -> None:
        self._versions: dict[bytes, dict[int, Template]] = {}

    def load(self, templates: Iterable[Template]) -> None:
        self._versions = {}
        for one in templates:
            self.put(one)

    def put(self, template: Template) -> None:
        self._versions.setdefault(template.id, {})[template.version] = template

    def newest(self) -> list[Template]:
        """The newest version of each, by purpose and title."""
        found = [versions[max(versions)] for versions in self._versions.values()]
        return sorted(found, key=lambda one: (one.purpose, sorted(one.titles.items()), one.id))

    def get(self, ident: bytes, version: int = 0) -> Template:
        """One version, 0 the newest. Raises Missing."""
        versions = self._versions.get(ident, {})
        found = versions.get(version or max(versions, default=0))
        if found is None:
            raise Missing("there is no such template", where="template")
        return found

    def versions(self, ident: bytes) -> list[Template]:
        """Newest first."""
        kept = self._versions.get(ident, {})
        return [kept[number] for number in sorted(kept, reverse=True)]

    def of_digest(self, wanted: str) -> tuple[Template, str] | None:
        """The version and language whose text has this digest: what somebody signed."""
        for versions in self._versions.values():
            for one in versions.values():
                for language, found in digests(one).items():
                    if found == wanted:
                        return one, language
        return None

    def next(self, ident: bytes, expect: int, new: Template) -> Template:
        """The version that follows. Raises Missing, Conflict where another was saved meanwhile, Invalid when full."""
        if not expect:
            if ident in self._versions:
                raise Conflict("there is a template under this id already", where="template")
            if len(self._versions) >= MOST_TEMPLATES:
                raise Invalid(f"at most {MOST_TEMPLATES} templates are kept", where="template")
            return msgspec.structs.replace(new, version=1)
        old = self.get(ident)
        if old.version != expect:
            raise Conflict("somebody saved another version meanwhile; look at it again", where="template")
        if old.version >= MOST_VERSIONS:
            raise Invalid(f"a template has at most {MOST_VERSIONS} versions; make a new one", where="template")
        return msgspec.structs.replace(new, version=old.version + 1)


def digests(template: Template) -> dict[str, str]:
    """SHA-256 in hex of each language's text, together with its id, version, title and language."""
    return {language: digest_of(template, language) for language in template.texts}


def digest_of(template: Template, language: str) -> str:
    bound = (template.id, template.version, language, template.titles.get(language, ""), template.texts[language])
    return sha256(b"seifas template 1\0" + msgspec.msgpack.encode(bound)).hexdigest()


def checked(titles: Mapping[str, str], texts: Mapping[str, str]) -> tuple[Words, Words]:
    """Titles and texts as kept. Raises Invalid: a text without a title, none at all, too long, or with characters that
    could show something else than is written."""
    kept_titles = words(titles, "titles", 120)
    kept: Words = {}
    for language, text in texts.items():
        plain = unicodedata.normalize("NFC", text[: MOST_TEXT * 2]).replace("\r\n", "\n").replace("\r", "\n").strip()
        if not plain:
            continue
        if len(plain) > MOST_TEXT:
            raise Invalid(f"a template has at most {MOST_TEXT} characters", where="texts")
        if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} and letter not in "\n\t\u00ad" for letter in plain):
            raise Invalid("a template is ordinary text, without control characters", where="texts")
        if language not in kept_titles:
            raise Invalid("each language of a template has a title", where="titles")
        kept[language] = plain + "\n"
    if not kept:
        raise Invalid("a template has a text", where="texts")
    return {language: kept_titles[language] for language in kept}, kept
