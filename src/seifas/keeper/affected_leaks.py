"""What a case's leak searches say of a breach: who is published, by which row or picture, and which decoys are in it.

A result is MessagePack that the leaks process wrote (docs/formats/leaks.md); of its rows only the likeliest candidate
counts, from even odds on: below it, nobody is likelier than somebody else, and the row is undecided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from seifas.errors import Missing, Tampered
from seifas.keeper.affected_deeds import MASKED
from seifas.keeper.affected_grading import Finding, Grade, bits
from seifas.keeper.affected_log import People
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_keeping import unseal
from seifas.keeper.leak_people import decoy_of
from seifas.keeper.model import CLINIC

LIKELY: Final = 0.5
_OF_PHOTOS: Final = frozenset({"named", "named-together", "unmarked", "cannot-tell"})
_BY_WORD: Final = {
    "code": bits(("code",)), "phone": bits(("contact",)), "phone-tail": MASKED, "email": bits(("contact",)),
    "city": bits(("contact",)), "procedure": bits(("health",)), "doctor": bits(("health",)),
}  # fmt: skip
_WHO: Final = bits(("identity",))
_HEALTH: Final = bits(("health",))
_PHOTOS: Final = bits(("photos",))


class _Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    source: str
    row: int
    span: tuple[int, int]
    text: str
    candidates: tuple[tuple[bytes, float, tuple[str, ...]], ...]
    nobody: float
    care: bool = False
    newest: str = ""


class _Trace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    picture: str
    photo: bytes = b""
    patient: bytes = b""
    verdict: str = "no-photo"
    z: float = 0.0
    dummy_z: float = 0.0
    threshold: float = 0.0
    bound: float = 1.0
    tested: int = 0
    view: bytes = b""
    account: str = ""
    display: str = ""
    hat: str = ""
    session: str = ""
    wall_ms: int = 0


class _Way(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    account: str
    sessions: tuple[str, ...]
    since_ms: int
    until_ms: int
    opened: int
    hits: int
    weight: float
    posterior: float


class _Body(msgspec.Struct, frozen=True):
    type: str
    rows: tuple[_Row, ...] = ()
    traces: tuple[_Trace, ...] = ()
    ways: tuple[_Way, ...] = ()
    files: tuple[str, ...] = ()


_decode: Final = msgspec.msgpack.Decoder(_Body).decode


class Hint(NamedTuple):
    """A session that evidence points at: by the mark of a picture ("mark"), or as the way that explains what was found
    ("way"). `sure` is a probability; `account` a login. Neither says who sat there."""

    session: str
    account: str
    kind: str
    sure: float
    at_ms: int
    result: bytes


class Leaked(NamedTuple):
    """`decoys`: by decoy (16 bytes), the rows that name it; `undecided`: rows that point at somebody, but at nobody
    more likely than not; `results`: those that were read, `broken` those that do not open."""

    findings: list[Finding]
    decoys: dict[bytes, list[str]]
    hints: list[Hint]
    undecided: int
    results: tuple[bytes, ...]
    broken: int


async def read(keeper: Keeper, leaks: Iterable[bytes], people: People, retracted: Collection[bytes]) -> Leaked:
    """Everything that these leak cases found. `retracted`: files and results that are evidence no more."""
    found = Leaked([], {}, [], 0, (), 0)
    for case in leaks:
        found = await asyncio.to_thread(_of_case, keeper, case, people, frozenset(retracted), found)
    return found


def _of_case(
    keeper: Keeper, ident: bytes, people: People, retracted: frozenset[bytes], found: Leaked
) -> Leaked:
    case = keeper.leaks.get(ident)
    names = {one.id.hex(): one.name for one in keeper.leaks.files_of(case.id)}
    for result in keeper.leaks.results_of(case.id):
        if result.id in retracted:
            continue
        try:
            body = _decode(unseal(keeper, case, result.object, result.epoch))
        except (Missing, Tampered, msgspec.DecodeError, UnicodeDecodeError):
            found = found._replace(broken=found.broken + 1)
            continue
        kept = _kept(body, names, retracted)
        undecided = _rows(keeper, people, found, result.id, body, kept)
        _traces(keeper, people, found, result.id, body, kept)
        _ways(found, result.id, body)
        found = found._replace(undecided=found.undecided + undecided, results=(*found.results, result.id))
    return found


def _kept(body: _Body, names: dict[str, str], retracted: frozenset[bytes]) -> Any:
    """Whether a source still counts: it does unless every file of its name that was searched is retracted."""
    searched = body.files or tuple(names)
    by_name: dict[str, bool] = {}
    for file in searched:
        name = names.get(file, "")
        by_name[name] = by_name.get(name, False) or bytes.fromhex(file) not in retracted
    gone = [name for name, stands in by_name.items() if name and not stands]
    none_left = bool(body.files) and not any(by_name.values())

    def kept(source: str) -> bool:
        # What lies in an archive has its file's name before its own.
        return not none_left and not any(source == name or source.startswith(f"{name}/") for name in gone)

    return kept


def _person(keeper: Keeper, people: People, patient: bytes) -> bytes:
    """The pseudonym under which a candidate counts; empty for whoever is nobody's patient any more."""
    opened = keeper.require_unlocked()
    if patient not in opened.vault.heads or patient == CLINIC:
        return b""
    return people.known.get(opened.keyring.pseudonym(patient), (b"", b""))[0]


def _rows(keeper: Keeper, people: People, found: Leaked, result: bytes, body: _Body, kept: Any) -> int:
    undecided = 0
    for number, row in enumerate(body.rows):
        if not row.candidates or not kept(row.source):
            continue
        patient, sure, why = row.candidates[0]
        if sure < LIKELY:
            undecided += row.nobody < LIKELY
            continue
        ref = f"{result.hex()}:{number}"
        if decoy_of(keeper, patient):
            found.decoys.setdefault(patient, []).append(ref)
            continue
        who = _person(keeper, people, patient)
        if who:
            categories = _WHO | (_HEALTH if row.care else 0)
            for word in why:
                categories |= _BY_WORD.get(word, 0)
            found.findings.append(Finding(who, Grade.PUBLISHED, "match", ref, categories, sure))
    return undecided


def _traces(keeper: Keeper, people: People, found: Leaked, result: bytes, body: _Body, kept: Any) -> None:
    for number, one in enumerate(body.traces):
        if one.verdict not in _OF_PHOTOS or not kept(one.picture):
            continue
        who = _person(keeper, people, one.patient) if one.patient else b""
        if who:
            ref = f"{result.hex()}:{number}"
            found.findings.append(Finding(who, Grade.PUBLISHED, "match", ref, _PHOTOS))
        if one.session and one.verdict in ("named", "named-together"):
            found.hints.append(Hint(one.session, one.account, "mark", 1 - one.bound, one.wall_ms, result))


def _ways(found: Leaked, result: bytes, body: _Body) -> None:
    for one in body.ways:
        for session in one.sessions:
            found.hints.append(Hint(session, one.account, "way", one.posterior, one.since_ms, result))


def canaries_shown(keeper: Keeper, leaked: Leaked, shown_to: dict[bytes, set[bytes]]) -> list[Finding]:
    """Where a decoy that a hostile session was shown stands in evidence, all that this session was shown has left: a
    second proof for each of them, the row that names the decoy."""
    pseudonym = keeper.require_unlocked().keyring.pseudonym
    told: dict[bytes, str] = {}
    for decoy, refs in leaked.decoys.items():
        for session in shown_to.get(pseudonym(decoy), ()):
            told.setdefault(session, refs[0])
    return [
        Finding(who, Grade.TAKEN, "canary", told[session], 0)
        for who, sessions in shown_to.items()
        for session in sorted(sessions)
        if session in told
    ]


