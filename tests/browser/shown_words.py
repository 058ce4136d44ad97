"""Which words of a page are in the wrong language: compares the two versions of it with the catalogue of words.

A person's name, a diagnosis or a note is the same in both versions and stays so. What must not be: a sentence of ours
that stands in both, or the other language's words of a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from playwright.sync_api import Page

from seifas.demo.tables import sections
from seifas.web.forms_of_words import Forms
from seifas.web.words import WORDS

SAME_IN_BOTH = frozenset({
    "English", "Lietuvių", "Seifas", "FHIR", "PDF", "JPEG", "PNG", "HEIC", "WebP", "SHA", "JSON", "CSV", "QR", "TOTP",
    "OK", "LT", "EN", "A4", "SMART", "ICD", "EXIF",
})
"""Names of things that have no other name."""

_IN_RECORDS = ("area-", "view-", "site-before", "site-after")
"""Words that records hold too, as somebody wrote them: a body area stays in the language of the record."""

_NOTES = "|".join(
    re.escape(one).replace(r"\{n\}", r"\d+") for section, lines in sections("notes").items()
    if section.startswith("english_") for one in lines
)  # fmt: skip
_NOTED = re.compile(f"(?:(?:{_NOTES}) ?)+")
"""What the demo's doctors wrote of patients who speak English. Whose pages are walked depends on the hour: those of
whoever is expected next."""

_LETTERS = re.compile(r"[^\W\d_]{3,}")

# Texts that a person reads or hears: text nodes that are shown, and labels; without what says itself that it is in
# another language, and without what is data (a value that somebody typed).
_READ = """() => {
  const found = new Set();
  const root = document.documentElement.lang;
  const foreign = (node) => {
    for (let one = node; one && one.getAttribute; one = one.parentElement) {
      const lang = one.getAttribute("lang");
      if (lang && one !== document.documentElement) return lang !== root;
      if (one.hasAttribute("data-said") || one.getAttribute("translate") === "no") return true;
    }
    return false;
  };
  const keep = (text) => { text = text.replace(/\\s+/g, " ").trim(); if (text) found.add(text); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent || ["SCRIPT", "STYLE", "NOSCRIPT", "CODE", "TEXTAREA"].includes(parent.tagName)) continue;
    if (!foreign(parent)) keep(walker.currentNode.data);
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (foreign(one)) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) keep(one.getAttribute(name) || "");
  }
  keep(document.title.split(" · ")[0]);
  return [...found];
}"""


def read(page: Page) -> set[str]:
    """Every text of a page that is meant to be in its language."""
    return set(page.evaluate(_READ))


def _forms(text: Forms) -> Iterable[str]:
    return text.values() if isinstance(text, dict) else [text]


def _said(place: int) -> tuple[dict[str, str], set[str]]:
    whole: dict[str, str] = {}
    tokens: set[str] = set()
    for key, pair in WORDS.items():
        for text in _forms(pair[place]):
            if "{" not in text:
                whole.setdefault(text.strip(), key)
            tokens.update(token.lower() for token in _LETTERS.findall(text))
    return whole, tokens


_LITHUANIAN, _LITHUANIAN_TOKENS = _said(0)
_ENGLISH, _ENGLISH_TOKENS = _said(1)


def _plain(text: str) -> bool:
    return text in SAME_IN_BOTH or "@" in text or not _LETTERS.search(text)


def wrong(lithuanian: set[str], english: set[str]) -> dict[str, list[str]]:
    """{"lt": English words on the Lithuanian page, "en": Lithuanian words on the English one}."""
    found: dict[str, list[str]] = {"lt": [], "en": []}
    for text in sorted(lithuanian):
        if _NOTED.fullmatch(text) and text in english:
            continue
        if not _plain(text) and _is_english(text, both=text in english):
            found["lt"].append(text)
    for text in sorted(english):
        ours = _LITHUANIAN.get(text, "")
        if ours.startswith(_IN_RECORDS) and text in lithuanian:
            continue
        if not _plain(text) and ours and text not in _ENGLISH:
            found["en"].append(text)
    return found


def _is_english(text: str, *, both: bool) -> bool:
    if text in _ENGLISH and text not in _LITHUANIAN:
        return True
    # A sentence in neither catalogue, the same on both pages, of English words that no Lithuanian one is.
    tokens = [token.lower() for token in _LETTERS.findall(text)]
    if not both or len(tokens) < 2:
        return False
    known = [token for token in tokens if token in _ENGLISH_TOKENS and token not in _LITHUANIAN_TOKENS]
    return len(known) * 3 >= len(tokens) * 2
