"""Small things of HAProxy's syntax that every part of the configuration writes."""

from __future__ import annotations

from pathlib import Path

from seifas.errors import Invalid
from seifas.shield.front.description import Front

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@:+,=%~")


def quoted(text: str) -> str:
    """One argument, whatever is in it. Raises Invalid for control characters, which no argument can hold."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise Invalid("a name in the shield's settings holds a control character", where="shield")
    if text and all(letter in _PLAIN for letter in text):
        return text
    # Strong quotes: nothing in them is expanded; a quote itself stands outside of them.
    return "'" + text.replace("'", "'\\''") + "'"


def literal(text: str) -> str:
    """One argument that is a log format, where % has a meaning: text that stands for itself."""
    return quoted(text.replace("%", "%%"))


def place(directory: Path, name: str | Path) -> str:
    """A file as an argument."""
    return quoted(str(directory / name))


def address(front: Front) -> str:
    """The visitor's address as an expression. A proxy may write IPv4 as ::ffff:1.2.3.4; we bind the two apart, and
    nobody else does."""
    return 'src,regsub("^::ffff:","")' if front.proxies else "src"


def network(front: Front) -> str:
    """The visitor's network: 24 bits of IPv4, 48 of IPv6."""
    return f"{address(front)},ipmask(24,48)"
