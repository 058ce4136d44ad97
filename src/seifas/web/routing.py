"""Finds the handler of a path. Each area of the pages has its own table of routes; a table is a list, read once.

A pattern is a path with `{names}` for single segments: `/desk/patient/{patient}/photos`. Fixed segments win over names,
so `/desk/photos/new` is not taken for `/desk/photos/{photo}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

Handler = Callable[..., Awaitable[None]]
"""Called as handler(room, exchange, **names): the segments that stand for names come as keyword arguments."""


class Route(NamedTuple):
    """Methods, pattern, handler. HEAD is served where GET is."""

    methods: str
    pattern: str
    handler: Handler


class Found(NamedTuple):
    """A handler, the pattern as the access log names it, and the named segments."""

    handler: Handler
    pattern: str
    names: dict[str, str]


class Router:
    """All routes of one listener. Raises ValueError at the start when two tables claim the same."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], frozenset[str], Route]]] = {}
        seen: set[tuple[tuple[str, ...], str]] = set()
        for route in routes:
            parts = tuple(route.pattern.split("/")[1:])
            methods = set(route.methods.split())
            shape = tuple("{}" if part.startswith("{") else part for part in parts)
            for method in methods:
                if (shape, method) in seen:
                    raise ValueError(f"two handlers for {method} {route.pattern}")
                seen.add((shape, method))
            if "GET" in methods:
                methods.add("HEAD")
            self._by_length.setdefault(len(parts), []).append((parts, frozenset(methods), route))
        for rows in self._by_length.values():
            rows.sort(key=lambda row: [part.startswith("{") for part in row[0]])

    def find(self, method: str, path: str) -> Found | None:
        """The handler of a request; None where there is none."""
        asked = path.split("/")[1:]
        for parts, methods, route in self._by_length.get(len(asked), ()):
            if method not in methods:
                continue
            names: dict[str, str] = {}
            for part, given in zip(parts, asked, strict=True):
                if part.startswith("{"):
                    if not given:
                        break
                    names[part[1:-1]] = given
                elif part != given:
                    break
            else:
                return Found(route.handler, route.pattern, names)
        return None


def served(routes: Iterable[Route]) -> list[tuple[str, str]]:
    """(method, pattern) of every route, for tests that walk them all."""
    return [(method, route.pattern) for route in routes for method in route.methods.split()]

