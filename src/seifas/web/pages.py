"""Renders pages: Jinja2 with autoescape, two languages, the language chosen by cookie, browser or clinic."""

from __future__ import annotations

import datetime
import importlib.resources
import zoneinfo
from typing import Any

import jinja2

from seifas.fhir.exchange import Exchange
from seifas.settings import Settings
from seifas.web.answers import static_address
from seifas.web.words import LANGUAGES, WORDS, say

# Read at import: the web processes run as users of their own, who may not be able to read the package's files.
_SOURCES = {
    one.name: one.read_text("utf-8") for one in importlib.resources.files("seifas.web").joinpath("templates").iterdir()
}
LANGUAGE_COOKIE = b"language"


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


class Pages:
    """The templates of the package, compiled once a process."""

    def __init__(self, settings: Settings) -> None:
        self.clinic = settings.clinic.name
        self.demo = settings.demo
        self.languages = tuple(one for one in settings.clinic.languages if one in LANGUAGES) or LANGUAGES
        self._zone = zoneinfo.ZoneInfo(settings.clinic.zone)
        self._templates = jinja2.Environment(
            loader=jinja2.DictLoader(_SOURCES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        for name in _SOURCES:
            self._templates.get_template(name)

    def render(self, exchange: Exchange, template: str, **values: Any) -> str:
        """The page as HTML. Templates see `t(key, **words)`, `when(ms)`, `lang` and what is given."""
        language = language_of(exchange, self.languages)
        return self._templates.get_template(template).render(
            t=lambda key, **words: say(language, key, **words),
            type_name=lambda kind: say(language, f"type-{kind}") if f"type-{kind}" in WORDS else kind,
            when=self.when,
            lang=language,
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

    def today(self) -> str:
        """Today's date in the clinic's zone."""
        return datetime.datetime.now(self._zone).date().isoformat()
