"""The clinic's statement on its own site: pages of memory, in the site's frame, named on every other page."""

from __future__ import annotations

import datetime
import zoneinfo
from html import escape
from typing import Any

from markupsafe import Markup

from seifas.incidents.voice.plain import as_html, blocks, first_words
from seifas.web.site.reading import STATEMENT, Page
from seifas.web.words import say


def statement_pages(told: dict[str, Any], languages: tuple[str, ...], zone: str) -> dict[tuple[str, str], Page]:
    """The pages of what stands (op case.statement), by language and address; none where nothing does. A language that
    it was not written in has it in the other one: patients from sixty countries shall find it."""
    if not told["version"]:
        return {}
    written: dict[str, dict[str, str]] = told["pages"]
    found = {}
    for language in languages:
        tongue = language if language in written else next(iter(written))
        page = written[tongue]
        about = say(language, "site-statement-n", n=told["version"], at=local_time(told["ms"], zone))
        before = ", ".join(local_time(one["ms"], zone) for one in told["before"])
        if before:
            about += " " + say(language, "site-statement-before", before=before)
        # Escaped word by word in as_html: nothing of the text is markup.
        text = Markup(f'<div lang="{tongue}">{as_html(blocks(page["text"]))}</div>\n')  # noqa: S704
        more = Markup(f'<p class="soft">{escape(about)}</p>\n')  # noqa: S704
        found[language, STATEMENT] = Page(
            language, STATEMENT, page["title"], 0, first_words(page["text"]), (("html", text), ("html", more))
        )
    return found


def local_time(ms: int, zone: str) -> str:
    """Unix time in ms as it is written on the site, in the clinic's zone."""
    return datetime.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
