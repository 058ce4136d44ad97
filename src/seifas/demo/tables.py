"""Reads the demo's tables of names, places and clinical wording, which are package data so that code stays code.

Format: `[section]` headers, one entry a line, fields parted by `|`, `#` starts a comment line. Every text goes into
JSON without escaping, so a table that would need escaping is refused here, once, and not in the generator's hot path.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=16)
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """The lines of `tables/<name>.txt` by section; `ValueError` for a text that JSON would have to escape."""
    text = (resources.files(__package__) / "tables" / f"{name}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if any(sign in '"\\' or ord(sign) < 32 for sign in line):
            raise ValueError(f"{name}.txt line {number}: quote, backslash or control character")
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), [])
        else:
            lines.append(line)
    return {section: tuple(entries) for section, entries in found.items()}


def words(name: str, section: str) -> tuple[str, ...]:
    """A section read as words parted by blanks."""
    return tuple(word for line in sections(name)[section] for word in line.split())


def rows(name: str, section: str) -> tuple[tuple[str, ...], ...]:
    """A section read as rows of fields."""
    return tuple(tuple(line.split("|")) for line in sections(name)[section])


def phrases(name: str, section: str) -> tuple[str, ...]:
    """A section read as whole lines."""
    return sections(name)[section]
