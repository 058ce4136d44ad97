"""How a snapshot, its people, their proofs and hints are told on a page."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from seifas.incidents.local_time import told as local

GRADE_WORDS: Final = {
    "published": "affected-published", "taken": "affected-taken", "reachable": "affected-reachable",
    "ciphertext": "affected-ciphertext",
}  # fmt: skip
CATEGORY_WORDS: Final = {
    "identity": "affected-of-identity", "contact": "affected-of-contact", "code": "affected-of-code",
    "health": "affected-of-health", "photos": "affected-of-photos", "appointments": "affected-of-appointments",
    "messages": "affected-of-messages", "account": "affected-of-account", "masked": "affected-of-masked",
    "changed": "affected-of-changed",
}  # fmt: skip
_PROOF_WORDS: Final = {
    "match": "affected-by-match", "canary": "affected-by-canary", "export": "affected-by-export",
    "line": "affected-by-line", "session": "affected-by-session", "key": "affected-by-key", "log": "affected-by-log",
}  # fmt: skip
_HINT_WORDS: Final = {
    "mark": "affected-hint-mark", "way": "affected-hint-way", "frozen": "affected-hint-frozen",
    "alarm": "affected-hint-alarm",
}  # fmt: skip
_SHOWN_PROOFS: Final = 4


class Proof(NamedTuple):
    """`words` say what kind it is, `text` which, `address` where it can be looked at ("" nowhere)."""

    words: str
    text: str
    address: str


class Person(NamedTuple):
    id: str
    label: str
    grade: str
    words: str
    sure: int
    categories: list[str]
    exempt: bool
    proofs: list[Proof]
    more: int
    country: str
    minor: bool


class Choice(NamedTuple):
    """A session that something points at."""

    id: str
    who: str
    words: str
    sure: int
    at: str


def row_of(row: dict[str, Any], leak: str) -> Person:
    """One person; `leak`: the leak case whose results are proofs, in hex."""
    proofs = [_proof(one["kind"], one["ref"], leak) for one in row["proofs"]]
    return Person(
        row["patient"].hex(), row["label"], row["grade"], GRADE_WORDS[row["grade"]], round(row["sure"] * 100),
        [CATEGORY_WORDS[one] for one in row["categories"]], row["exempt"], proofs[:_SHOWN_PROOFS],
        row["more"] + max(0, len(proofs) - _SHOWN_PROOFS), row["country"], row["minor"],
    )  # fmt: skip


def _proof(kind: str, ref: str, leak: str) -> Proof:
    words = _PROOF_WORDS[kind]
    first, _, second = ref.partition(":")
    if kind in ("line", "export"):
        return Proof(words, ref, f"/desk/log?before={int(ref) + 1}")
    if kind in ("match", "canary"):
        return Proof(words, str(int(second) + 1), f"/desk/leaks/{leak}/results/{first}" if leak else "")
    if kind == "session":
        return Proof(words, first[:8], f"/desk/log?session={first}")
    return Proof(words, "", "")


def snapshot_of(one: dict[str, Any], zone: str) -> dict[str, Any]:
    """A snapshot as op case.snapshots tells it, with ids in hex and times as people read them."""
    basis = one["basis"]
    return {
        **one, "id": one["snapshot"].hex(), "hash": one["sha256"].hex(),
        "gone": sum(one["gone"].values()), "since": local(basis["since_ms"], zone).replace("T", " "),
        "until": local(basis["until_ms"], zone).replace("T", " "),
        "fell": basis["fall"]["word"] if basis["fall"] else "",
        "sessions": len(basis["sessions"]), "accounts": len(basis["accounts"]), "exports": len(basis["exports"]),
        "left_out": len(basis["retracted"]),
        "shares": [(word, GRADE_WORDS[word], many) for word, many in one["counts"].items()],
    }  # fmt: skip


def spread_of(spread: dict[str, Any]) -> dict[str, Any]:
    """Counts by category and country, the most first."""
    categories = sorted(spread["category"].items(), key=lambda one: -one[1])
    return {
        "categories": [(CATEGORY_WORDS[word], many) for word, many in categories],
        "countries": list(spread["country"].items())[:12], "minor": spread["minor"],
    }


def choices_of(hints: dict[str, Any], zone: str) -> list[Choice]:
    """Sessions that something points at, each once, by what points most surely."""
    found: dict[str, Choice] = {}
    for one in hints.get("sessions", []):
        found.setdefault(one["session"].hex(), Choice(
            one["session"].hex(), one["display"] or one["name"], _HINT_WORDS[one["kind"]], round(one["sure"] * 100),
            local(one["at_ms"], zone).replace("T", " ") if one["at_ms"] else "",
        ))  # fmt: skip
    return list(found.values())
