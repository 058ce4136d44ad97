"""The switches of every page, language and light or dark: a form that sets a cookie and goes back to where it was."""

from __future__ import annotations

from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.web import answers
from seifas.web.forms import FormGuard, own_path
from seifas.web.pages import THEMES, Pages

_YEAR = 365 * 24 * 3600


async def switch_language(exchange: Exchange, guard: FormGuard, pages: Pages, *, secure: bool) -> None:
    """POST /language with `language` or `theme` (light, dark, or anything else for the browser's own), and `back`."""
    exchange.route("/language")
    if exchange.method != "POST":
        await answers.see_other(exchange, "/")
        return
    guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    wanted, back = sent.get("language", ""), sent.get("back", "")
    extra = [answers.cookie("language", wanted, secure=secure, max_age=_YEAR)] if wanted in pages.languages else []
    if "theme" in sent:
        theme = sent["theme"] if sent["theme"] in THEMES else ""
        extra.append(answers.cookie("theme", theme, secure=secure, max_age=_YEAR if theme else 0))
    await answers.see_other(exchange, own_path(back) or "/", extra=extra)
