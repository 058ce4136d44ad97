"""The words that stand in every exported page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "language": ("Lietuviškai", "In English"),
    "ways": ("Puslapiai", "Pages"),
    "press": ("Žiniasklaidai", "For the press"),
    "pdf": ("Tas pats PDF", "The same as PDF"),
    "made": ("Parengta {at}.", "Made {at}."),
    "speaks": ("Kas kalba klinikos vardu", "Who speaks for the clinic"),
    "speaks-nobody": ("Kol kas tik raštu, šiame puslapyje.", "For now only in writing, on this page."),
    "only": (
        "Apie atskirus žmones klinika nekalba: ar kas nors buvo pacientas, yra paslaptis.",
        "The clinic does not speak of single people: whether somebody was a patient is confidential.",
    ),
    "facts": ("Kas žinoma", "What is known"),
    "answers": ("Klausimai ir atsakymai", "Questions and answers"),
}


def say(language: str, key: str, **values: object) -> str:
    """The words of a key in "lt" or "en"."""
    found = _WORDS[key][1 if language == "en" else 0]
    return found.format(**values) if values else found
