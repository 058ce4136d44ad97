"""Which way: the pictures of an attribution as pages and reports show them. A view is named, never a thief."""

from __future__ import annotations

from typing import Any, Final

from seifas.leaks.results import Trace, Traced
from seifas.web.desk.leaks.frame import known, short
from seifas.web.desk.leaks.labels import Labels
from seifas.web.words import WORDS

VERDICTS: Final = ("named", "named-together", "unmarked", "cannot-tell", "not-registered", "no-photo")


def as_shown(one: Trace, labels: Labels) -> dict[str, Any]:
    """One trace: figures as they are, words by keys of ours, `line` as the address of the log that begins with it."""
    verdict = one.verdict if one.verdict in VERDICTS else "cannot-tell"
    return {
        "photo": short(one.photo), "view": short(one.view), "patient": labels.get(one.patient), "verdict": verdict,
        "words": f"leak-verdict-{verdict}", "means": f"leak-means-{verdict}", "z": one.z, "dummy_z": one.dummy_z,
        "threshold": one.threshold, "bound": one.bound, "tested": one.tested, "account": one.account,
        "display": one.display, "hat": one.hat if one.hat in WORDS else "", "session": one.session,
        "wall_ms": one.wall_ms, "how": known(f"leak-how-{one.how}", "") if one.how else "",
        "inliers": one.inliers,
        "proof": one.proof, "is_named": verdict in ("named", "named-together"),
        "line": f"/desk/log?before={one.line + 1}" if one.line >= 0 else "", "number": one.line,
        "log": f"/desk/log?session={one.session}" if one.session else "",
    }  # fmt: skip


def by_picture(result: Traced, labels: Labels) -> list[tuple[str, list[dict[str, Any]]]]:
    """(a picture's name in the sample, its traces), in their order; "" for what several pictures say together."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in result.traces:
        name = "" if one.verdict == "named-together" else one.picture
        found.setdefault(name, []).append(as_shown(one, labels))
    return list(found.items())


def tested(result: Traced) -> int:
    """Comparisons of the whole case up to this search: what the bounds hold for."""
    return max([result.tested, *(one.tested for one in result.traces)])


def patients(result: Traced) -> list[bytes]:
    return [one.patient for one in result.traces if one.patient]


def tallied(result: Traced) -> list[tuple[str, int]]:
    """(key of a verdict's words, how many pictures), those that say most first."""
    return [
        (f"leak-verdict-{verdict}", number)
        for verdict in VERDICTS
        if (number := len({one.picture for one in result.traces if one.verdict == verdict}))
    ]


def accounts(result: Traced) -> list[dict[str, Any]]:
    """The accounts and sessions that named views lead to: how many pictures each, and the best bound among them."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in result.traces:
        if one.verdict not in ("named", "named-together"):
            continue
        told = found.setdefault((one.account, one.session, one.how), {
            "account": one.account, "display": one.display, "session": one.session, "pictures": set(), "bound": 1.0,
            "how": known(f"leak-how-{one.how}", "") if one.how else "",
            "log": f"/desk/log?session={one.session}" if one.session else "",
        })  # fmt: skip
        told["pictures"].add(one.picture)
        told["bound"] = min(told["bound"], one.bound)
    rows = [{**one, "pictures": len(one["pictures"])} for one in found.values()]
    return sorted(rows, key=lambda one: (-one["pictures"], one["bound"]))
