"""SMART system scopes, version 2: `system/<type or *>.<cruds>` (SMART App Launch 2.2, "Scopes and Launch Context").

Only system scopes exist here: machine clients act for no person and no single patient. The v1 words `read`, `write` and
`*` are understood and kept as v2. Search-parameter narrowing (`?...`) is refused rather than ignored: ignoring it would
grant more than was asked for.
"""

from __future__ import annotations

import re
from functools import lru_cache

from seifas.errors import Invalid

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|c?r?u?d?s?)")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
MOST_SCOPES = 64


def parse_scopes(text: str) -> tuple[str, ...]:
    """A space-separated list as sorted, distinct v2 scopes. Raises Invalid with `where` "invalid_scope"."""
    words = text[:8192].split()
    if not words or len(text) > 8192 or len(words) > MOST_SCOPES:
        raise Invalid("Ask for at least one and at most 64 scopes.", where="invalid_scope")
    return tuple(sorted({_parse(word) for word in words}))


def grant(asked: str, held: tuple[str, ...]) -> tuple[str, ...]:
    """What of the asked-for scopes a client gets: each cut down to what it holds. "" asks for everything it holds.

    Raises Invalid with `where` "invalid_scope" when nothing is left, or when a scope is no system scope.
    """
    if not asked.strip():
        return held
    granted = set()
    for scope in parse_scopes(asked):
        kind, letters = _split(scope)
        for own in held:
            own_kind, own_letters = _split(own)
            common = "".join(letter for letter in letters if letter in own_letters)
            if common and (kind == own_kind or "*" in (kind, own_kind)):
                granted.add(f"system/{own_kind if kind == '*' else kind}.{common}")
    if not granted:
        raise Invalid("The client may not have any of these scopes.", where="invalid_scope")
    return tuple(sorted(granted))


@lru_cache(4096)
def covers(scopes: tuple[str, ...], resource: str, deed: str) -> bool:
    """True when one scope allows the deed (one of `c r u d s`) on the resource type."""
    return any(deed in letters and kind in ("*", resource) for kind, letters in map(_split, scopes))


def _parse(word: str) -> str:
    found = _SCOPE.fullmatch(word)
    if found is None or not found[2]:
        raise Invalid("Only scopes like system/Patient.rs or system/*.cruds exist here.", where="invalid_scope")
    return f"system/{found[1]}.{_V1.get(found[2], found[2])}"


def _split(scope: str) -> tuple[str, str]:
    kind, _, letters = scope.removeprefix("system/").partition(".")
    return kind, letters
