"""What the words of a key may be."""

from __future__ import annotations

Forms = str | dict[str, str]
"""Words, or one for each CLDR plural category of the language: lt has one, few, many, other; en has one, other."""
