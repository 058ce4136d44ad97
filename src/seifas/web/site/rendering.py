"""Pages of the site as HTML: the clinic's Markdown, the form, the gallery, and what is said when something is missing.

An environment of its own, since these pages know no visitor: the language is the address's, and the same bytes go to
everyone.
"""

from __future__ import annotations

import datetime
import importlib.resources
from typing import Any, Final

import babel.dates
import babel.numbers
import jinja2
import msgspec

from seifas.settings import Settings
from seifas.web.answers import static_address
from seifas.web.site.reading import INDEX, STATEMENT, Content, Page
from seifas.web.words import LANGUAGES, say

_DAYS: Final = tuple(datetime.date(2024, 1, 1) + datetime.timedelta(days=number) for number in range(7))  # a Monday on


def _sources() -> dict[str, str]:
    folder = importlib.resources.files("seifas.web").joinpath("templates/site")
    return {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".html")}


# Read at import: the public process runs as a user of its own, who may not be able to read the package's files.
_SOURCES: Final = _sources()
for _language in LANGUAGES:
    babel.numbers.format_currency(1, "EUR", locale=_language)
    babel.dates.format_date(_DAYS[0], "EEEE", locale=_language)


class Link(msgspec.Struct, frozen=True):
    """A way to a page."""

    address: str
    title: str
    here: bool = False


class Site:
    """Renders for one clinic. `content` and `profile` (the keeper's op clinic.public, or None) change with time."""

    def __init__(self, settings: Settings) -> None:
        self.clinic = settings.clinic.name
        self.demo = settings.demo
        self.zone = settings.clinic.zone
        self.languages = tuple(one for one in settings.clinic.languages if one in LANGUAGES) or LANGUAGES
        self._templates = jinja2.Environment(
            loader=jinja2.DictLoader(_SOURCES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )
        for name in _SOURCES:
            self._templates.get_template(name)

    def page(
        self, content: Content, page: Page, profile: dict[str, Any] | None, *, gallery: bool, flood: str = ""
    ) -> bytes:
        """One of the clinic's own pages."""
        return self.render(
            "page.html", page.language, content, profile, slug=page.slug, gallery=gallery, page=page,
            title=page.title, description=page.description, flood=flood,
        )

    def render(
        self, template: str, language: str, content: Content, profile: dict[str, Any] | None, *, slug: str,
        gallery: bool, title: str, description: str = "", flood: str = "", **values: Any,
    ) -> bytes:
        """Any page in the site's frame. `slug` is the address's last part, "" for a page that has none; `flood`: since
        when the notice of a flood stands, "" where it does not."""
        others = [
            Link(f"/{one}/" if slug == INDEX or not self._has(content, one, slug) else f"/{one}/{slug}", say(one, one))
            for one in self.languages if one != language
        ]
        # Only what is there in another language is named as its translation.
        twins = [
            (one, f"/{one}/" if slug == INDEX else f"/{one}/{slug}")
            for one in self.languages if slug and self._has(content, one, slug)
        ]
        html = self._templates.get_template(template).render(
            t=lambda key, **words: say(language, key, **words),
            lang=language, clinic=self.clinic, demo=self.demo, static=static_address, title=title,
            description=description, slug=slug, home=f"/{language}/", root=f"/{language}",
            menu=self._menu(content, language, slug, gallery=gallery), others=others, twins=twins,
            statement=content.pages.get((language, STATEMENT)), profile=profile, flood=flood,
            money=lambda cents: _money(cents, language), week=lambda hours: _week(hours, language),
            spoken=lambda words: _spoken(words, language), groups=lambda prices: _groups(prices, language),
            **values,
        )
        return html.encode("utf-8")

    def _has(self, content: Content, language: str, slug: str) -> bool:
        return slug in ("request", "gallery", "tip") or (language, slug) in content.pages

    def _menu(self, content: Content, language: str, slug: str, *, gallery: bool) -> list[Link]:
        links = [
            Link(f"/{language}/{page.slug}", page.title, page.slug == slug)
            for page in content.of(language) if page.slug not in (INDEX, STATEMENT)
        ]
        if gallery:
            links.append(Link(f"/{language}/gallery", say(language, "site-gallery"), slug == "gallery"))
        return links


def _money(cents: int, language: str) -> str:
    whole = cents % 100 == 0
    form = {"lt": "#,##0 ¤" if whole else "#,##0.00 ¤", "en": "¤#,##0" if whole else "¤#,##0.00"}[language]
    return str(babel.numbers.format_currency(cents / 100, "EUR", form, locale=language, currency_digits=not whole))


def _week(hours: list[dict[str, Any]], language: str) -> list[tuple[str, str]]:
    """(day's name, its spells as words) from Monday; a day without any has none."""
    spells: dict[int, list[str]] = {}
    for one in hours:
        spells.setdefault(one["day"], []).append(f"{one['opens']}–{one['closes']}")
    return [
        (babel.dates.format_date(day, "EEEE", locale=language).capitalize(), ", ".join(spells.get(number, ())))
        for number, day in enumerate(_DAYS)
    ]


def _spoken(words: dict[str, str], language: str) -> str:
    """Words in this language, else in any."""
    return words.get(language) or next(iter(words.values()), "")


def _groups(prices: list[dict[str, Any]], language: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Prices under their headings, in the order in which they come."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in prices:
        found.setdefault(_spoken(one["group"], language), []).append(one)
    return list(found.items())
