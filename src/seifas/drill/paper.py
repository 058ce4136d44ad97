"""The drill on paper, for a clinic's director: each step's promise, what the thief got, and what he got elsewhere.

At most three pages of A4 in Lithuanian and as many in English.
"""

from __future__ import annotations

import importlib.resources
import re
from typing import Any, Final

import msgspec

from seifas import __version__
from seifas.drill.frame import Beside, Figure, Told
from seifas.drill.paper_words import SHEET, STEPS, said
from seifas.drill.report import Drill
from seifas.typesetting import typeset

_SHEET: Final = importlib.resources.files("seifas.drill").joinpath("paper.typ").read_bytes()
_FAILED: Final = "the drill's paper could not be set; drill.html and drill.json hold all of it"
_LIMITS: Final = ("limit-root", "limit-line", "limit-screen", "limit-machine")


def paper(drill: Drill, language: str) -> bytes:
    """The PDF; `language` is "lt" or "en". Raises Unavailable where it cannot be set."""
    return typeset(_SHEET, msgspec.json.encode(contents(drill, language)).decode("utf-8"), _FAILED)


def contents(drill: Drill, language: str) -> dict[str, Any]:
    """All that stands on the paper, as the sheet takes it."""
    words = SHEET[language]
    minutes, seconds = divmod(round(drill.seconds), 60)
    many, broken = len(drill.steps), len(drill.broken)
    verdict = words["broken"].format(broken=broken, all=many) if broken else words["kept"].format(all=many)
    facts = words["facts"].format(
        when=f"{drill.started:%Y-%m-%d %H:%M}", patients=said(f"{drill.patients:,}", language),
        took=f"{minutes} min {seconds} s" if minutes else f"{seconds} s", version=__version__,
    )
    titles = [_about(one, language)[0] for one in drill.steps if not one.result.kept]
    todo = words["todo-broken"].format(steps=", ".join(titles)) if titles else words["todo-kept"]
    return {
        "language": language, "day": f"{drill.started:%Y-%m-%d}", "words": words, "verdict": verdict,
        "broken": bool(broken), "facts": facts, "quick": drill.quick, "todo": todo,
        "limits": [words[one] for one in _LIMITS], "steps": [_step(one, language) for one in drill.steps],
    }


def _about(told: Told, language: str) -> tuple[str, str]:
    about = STEPS[language].get(told.name)
    return (about.title, about.promise) if about is not None else (told.title, told.result.promise)


def _step(told: Told, language: str) -> dict[str, Any]:
    title, promise = _about(told, language)
    words = SHEET[language]
    ours = _figures(told.name, told.result.figures, language)
    return {
        "title": title, "promise": promise, "kept": told.result.kept, "ours": ours,
        "plain": _plain(told.name, told.beside, language),
        "said": "" if ours or told.result.kept else words["unfinished"],
    }


def _plain(name: str, beside: tuple[Beside, ...], language: str) -> list[dict[str, str]]:
    return _figures(name, beside[0].figures, language) if beside else []


def _figures(name: str, figures: tuple[Figure, ...], language: str) -> list[dict[str, str]]:
    """Of a step's figures those that the paper shows, in its order."""
    about = STEPS[language].get(name)
    by_label = {one.label: one for one in figures}
    shown = [(words, by_label[label]) for label, words in about.figures if label in by_label] if about else []
    must = SHEET[language]["must"]
    return [
        {"label": words, "value": _with_unit(said(one.value, language)),
         "bar": must.format(bar=_with_unit(said(one.bar, language))) if one.bar else ""}
        for words, one in shown
    ]


def _with_unit(value: str) -> str:
    """A number and its unit stay on one line."""
    return re.sub(r"(?<=\d) (?=(?:s|ms|min|%)\b)", "\N{NO-BREAK SPACE}", value)
