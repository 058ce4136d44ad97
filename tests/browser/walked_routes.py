"""Which routes there are, in every area, and which of them give no page: the walk has to visit all the others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from walking import Visit

from seifas.keeper import unlock_page
from seifas.web.desk.app import ROUTES as DESK_ROUTES
from seifas.web.portal.app import ROUTES as PORTAL_ROUTES

_NO_PAGE = {
    "a picture": ("/desk/photo/{photo}/{rendition}", "/my/photo/{photo}/{rendition}", "/gallery/{picture}",
                  "/desk/leaks/{case}/results/{result}/proof/{number_of}", "/files/{name}"),
    "a file": ("/desk/patient/{patient}/consents/{document}/file", "/desk/erasures/{which}",
               "/desk/cases/{case}/deadlines.ics", "/desk/cases/{case}/demands/addresses.csv",
               "/my/opened/{line}/proof", "/my/opened/key", "/my/document/{document}", "/static/{file}", "/robots.txt",
               "/desk/cases/{case}/filings/{filing}/draft", "/desk/cases/{case}/filed/{filed}/{name}",
               "/desk/cases/{case}/voice/{spoken}/zip", "/desk/cases/{case}/notices/{wave}/preview"),
    "JSON for a script or a program": ("/desk/photos/upload", "/desk/leaks/upload",
                                       "/desk/patient/{patient}/photos/arrived", "/capture/upload", "/health",
                                       "/metrics", "/.well-known/smart-configuration"),
    "a part of a page": ("/desk/alarms/live", "/desk/leaks/{case}/live", "/desk/shield/live", "/desk/shield/traffic"),
    "leads elsewhere": ("/{language}", "/language", "/auth", "/auth/link/{token}", "/my*", "/auth*"),
    "takes forms only": (
        "/{language}/tip/more", "/{language}/tip/file",
        "/auth/sign-out", "/auth/passkey/begin", "/auth/passkey/finish", "/auth/step-up/begin",
        "/auth/step-up/finish", "/auth/resume/begin", "/auth/resume/finish", "/auth/passkeys/begin",
        "/auth/passkeys/finish", "/desk/hat", "/desk/account/passkeys",
    ),
}
"""Why a route gives no page to look at, and which do not."""

_NAMED = re.compile(r"{\w+}")
_ELSEWHERE = "?"


def _shape(pattern: str) -> str:
    return _NAMED.sub("{}", pattern)


def _written(tree: ast.AST) -> Iterable[str]:
    """The patterns in calls of `exchange.route("…")`: what the access log may name."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "route":
            for given in node.args:  # type: ignore[attr-defined]
                yield from (one.value for one in ast.walk(given) if isinstance(one, ast.Constant)
                            and isinstance(one.value, str) and not isinstance(given, ast.JoinedStr))


def routes() -> set[str]:
    """Every pattern that a GET may meet: from the tables of the areas, from the pages that are found without a table,
    and of the keeper's own page."""
    found = {one.pattern for one in (*DESK_ROUTES, *PORTAL_ROUTES) if "GET" in one.methods.split()}
    for path in Path(str(files("seifas.web"))).rglob("*.py"):
        found.update(_written(ast.parse(path.read_text("utf-8"))))
    served = ast.walk(ast.parse(Path(unlock_page.__file__).read_text("utf-8")))
    found.update(
        one.value for compared in served if isinstance(compared, ast.Compare) for one in ast.walk(compared)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.startswith("/unlock")
    )
    return found - {_ELSEWHERE}


def unvisited(visits: Iterable[Visit]) -> list[str]:
    """Routes that no visit is made to and nothing excuses."""
    known = {_shape(one.pattern) for one in visits} | {_shape(one) for few in _NO_PAGE.values() for one in few}
    return sorted({one for one in routes() if _shape(one) not in known})


def excused_for_nothing() -> list[str]:
    """Excuses for routes that are not there any more."""
    there = {_shape(one) for one in routes()}
    return sorted(one for few in _NO_PAGE.values() for one in few if _shape(one) not in there)


def has_page(pattern: str) -> bool:
    return not any(pattern in few for few in _NO_PAGE.values())
