"""What one person is told: composed in their language from the case's words and their own row of a snapshot. Pure.

A notice is data: sections of paragraphs and items. The letter, the page behind a code and the tests read the same, so
none of them says what another does not.
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.incidents.notices.wording import Wording, fill, surety, wording_of

MOST_WORDS: Final = 4_000
GRADES: Final = ("published", "taken", "reachable", "ciphertext")
OPEN: Final = "open"
"""In place of a grade: who is affected is not established yet."""


class CaseWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a wave says to everybody alike; texts by language, of which English is needed. `known_on` is YYYY-MM-DD;
    `dpo` one line: who, telephone, address; `address` the page for codes, `phone` for questions; `exercise` stamps all
    of it. `clinic`: the lines of the sender inside the letter; `back` the return line on the envelope, which names
    nobody."""

    known_on: str
    happened: dict[str, str]
    measures: dict[str, str]
    dpo: str
    phone: str
    address: str
    clinic: tuple[str, ...] = ()
    back: str = ""
    exercise: bool = False


class Finding(msgspec.Struct, frozen=True):
    """What is known of one person: `grade` one of GRADES, or empty where nothing was found; `sure` a probability;
    `day` YYYY-MM-DD, when that was established."""

    grade: str
    sure: float = 1.0
    categories: tuple[str, ...] = ()
    day: str = ""


class Section(msgspec.Struct, frozen=True):
    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


def checked(words: CaseWords) -> CaseWords:
    """The words of a wave. Raises Invalid with `where` the field that is missing or too long."""
    for where, texts in (("happened", words.happened), ("measures", words.measures)):
        if any(not texts.get(language, "").strip() for language in ("lt", "en")):
            raise Invalid("say it in Lithuanian and in English: those who read neither get the English", where=where)
        if any(len(one) > MOST_WORDS for one in texts.values()):
            raise Invalid(f"at most {MOST_WORDS} letters", where=where)
    for where, text in (("dpo", words.dpo), ("phone", words.phone)):
        if not 3 <= len(text.strip()) <= 300 or not text.isprintable():
            raise Invalid("say who answers questions, and on which telephone, in one line", where=where)
    if len(words.known_on) != 10:
        raise Invalid("say on which day the clinic learned of it", where="known_on")
    return words


def told(language: str, finding: Finding) -> list[Section]:
    """What is known of a person, what may follow, and what they can do: the part that the page of a code shows too."""
    words = wording_of(language)
    if finding.grade == OPEN:
        return [Section(words.open_title, (words.open_text,))]
    if finding.grade not in GRADES:
        return [Section(words.none_title, (words.none_text,))]
    known = [one for one in finding.categories if hasattr(words.categories, one)]
    grade = getattr(words.grades, finding.grade)
    lines = [grade]
    if finding.grade == "published":
        lines.append(getattr(words.sure, surety(finding.sure)))
    if finding.day:
        lines.append(fill(words.checked, day=finding.day))
    if finding.grade == "ciphertext":
        return [Section(words.exposed, tuple(lines))]
    lines.append(words.categories_are if known else words.categories_unknown)
    return [
        Section(words.exposed, tuple(lines), tuple(getattr(words.categories, one) for one in known)),
        Section(words.consequences, (), _consequences(words, known)), Section(words.advise, (), _advice(words, known)),
    ]


def _consequences(words: Wording, known: list[str]) -> tuple[str, ...]:
    of = words.consequences_of
    return (of.any, *(getattr(of, one) for one in known if hasattr(of, one)))


def _advice(words: Wording, known: list[str]) -> tuple[str, ...]:
    return (*words.advice_always.items, *(line for one in known for line in getattr(words.advice, one, ())))


def letter(
    language: str, case: CaseWords, finding: Finding, *, ref: str, until: str
) -> tuple[str, str, list[Section]]:
    """(language of the words, title, sections) of a letter. `until` is YYYY-MM-DD."""
    words = wording_of(language)
    exposed, *rest = told(language, finding)
    measures = Section(words.measures, tuple(_paragraphs(_of(case.measures, words.language))))
    contact = Section(words.contact, (fill(words.contact_text, dpo=case.dpo, ref=ref), words.complaint))
    return words.language, words.title, [
        Section("", (words.greeting, words.why)),
        Section(words.happened, (*_paragraphs(_of(case.happened, words.language)),
                                 fill(words.known_on, day=case.known_on))),
        exposed, *rest[:1], measures, *rest[1:], contact,
        Section(words.code_title, (fill(words.code_text, address=case.address, until=until),)),
    ]  # fmt: skip


def _of(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts["en"]


def _paragraphs(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.replace("\r\n", "\n").split("\n\n") if one.strip()]
