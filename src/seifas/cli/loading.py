"""Loads a part of the program when it is asked for: most commands need little of it, and all of it takes seconds."""

from __future__ import annotations

import importlib
from typing import Any


def loaded(place: str) -> Any:
    """What stands at `module:attribute`."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
