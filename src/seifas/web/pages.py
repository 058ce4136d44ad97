"""Renders pages: Jinja2 with autoescape, two languages, the language chosen by cookie, browser or clinic."""

from __future__ import annotations

import datetime
import importlib.resources
import zoneinfo
from functools import cache
from importlib.resources.abc import Traversable
from typing import Any

import babel.dates
import babel.numbers
import jinja2

from seifas.fhir.exchange import Exchange
from seifas.settings import Settings
from seifas.web.answers import static_address
from seifas.web.words import LANGUAGES, WORDS, say


# Read at import: the web processes run as users of their own, who may not be able to read the package's files.
def _sources(folder: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for one in folder.iterdir():
        if one.is_dir():
            found |= _sources(one, f"{prefix}{one.name}/")
        elif one.name.endswith(".html"):
            found[prefix + one.name] = one.read_text("utf-8")
    return found


_SOURCES = _sources(importlib.resources.files("seifas.web").joinpath("templates"))
for _language in LANGUAGES:  # Babel reads a language's file when it is first used: likewise
    babel.dates.format_date(datetime.date(2000, 1, 1), "full", locale=_language)
    babel.numbers.format_decimal(1, locale=_language)
LANGUAGE_COOKIE = b"language"
THEME_COOKIE = b"theme"
THEMES = ("light", "dark")


def language_of(exchange: Exchange, offered: tuple[str, ...]) -> str:
    """The language of the switch, else the first of Accept-Language that we have, else the clinic's first."""
    chosen = exchange.cookie(LANGUAGE_COOKIE)
    if chosen in offered:
        return chosen
    for part in exchange.header(b"accept-language").split(",")[:20]:
        tag = part.partition(";")[0].strip().lower()[:2]
        if tag in offered:
            return tag
    return offered[0]


def theme_of(exchange: Exchange) -> str:
    """Light or dark by the switch; "" leaves it to the browser."""
    chosen = exchange.cookie(THEME_COOKIE)
    return chosen if chosen in THEMES else ""


@cache
def templates() -> jinja2.Environment:
    """All templates, compiled: 1.2 s for a hundred. `serve` calls it before it forks, so that no web process, and above
    all none that comes back after a crash, does it again."""
    made = jinja2.Environment(
        loader=jinja2.DictLoader(_SOURCES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for name in _SOURCES:
        made.get_template(name)
    return made


class Pages:
    """The pages of one clinic."""

    def __init__(self, settings: Settings) -> None:
        self.clinic = settings.clinic.name
        self.demo = settings.demo
        self.languages = tuple(one for one in settings.clinic.languages if one in LANGUAGES) or LANGUAGES
        self._zone = zoneinfo.ZoneInfo(settings.clinic.zone)
        self._templates = templates()

    def render(self, exchange: Exchange, template: str, **values: Any) -> str:
        """The page as HTML. Templates see `t(key, **words)`, `when(ms)`, `lang` and what is given."""
        language = language_of(exchange, self.languages)
        return self._templates.get_template(template).render(
            t=lambda key, **words: say(language, key, **words),
            type_name=lambda kind: say(language, f"type-{kind}") if f"type-{kind}" in WORDS else kind,
            when=self.when,
            clock=self.clock,
            day=lambda moment, form="long": self.day(language, moment, form),
            amount=lambda number: babel.numbers.format_decimal(number, locale=language),
            lang=language,
            theme=theme_of(exchange),
            languages=self.languages,
            clinic=self.clinic,
            demo=self.demo,
            static=static_address,
            path=exchange.path if exchange.method == "GET" else "/desk",
            **values,
        )

    def when(self, ms: int) -> str:
        """A moment in the clinic's zone, to the minute."""
        return datetime.datetime.fromtimestamp(ms / 1000, self._zone).strftime("%Y-%m-%d %H:%M")

    def clock(self, ms: int) -> str:
        """The time of day in the clinic's zone."""
        return datetime.datetime.fromtimestamp(ms / 1000, self._zone).strftime("%H:%M")

    def day(self, language: str, moment: int | str, form: str = "long") -> str:
        """A day in words: `moment` is ms or an ISO date (also a FHIR one: a year or a month alone stays as it is);
        `form` is one of Babel's: short, medium, long, full, or a pattern."""
        if isinstance(moment, str):
            try:
                date = datetime.date.fromisoformat(moment[:10])
            except ValueError:
                return moment
        else:
            date = datetime.datetime.fromtimestamp(moment / 1000, self._zone).date()
        return babel.dates.format_date(date, form, locale=language)

    def today(self) -> str:
        """Today's date in the clinic's zone."""
        return datetime.datetime.now(self._zone).date().isoformat()
