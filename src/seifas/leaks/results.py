"""What a search gives: for each mention the patients it may be, for each picture the views it may have left by.

A result is kept by the keeper, sealed, as the MessagePack of one of the two Structs here; programs get the JSON of
`match_json` and `attribute_json`. Nothing in it is a patient's: ids, probabilities, and what the sample itself says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

MOST_BODY: Final = 4 * 1024 * 1024
"""Bytes of one result, as the keeper takes it."""

SHOWN_TEXT: Final = 200
"""Characters of a mention that are kept beside its candidates."""

_SHORT_SOURCE: Final = 60
_CUTS: Final = ((20, SHOWN_TEXT, 0), (10, SHOWN_TEXT, 0), (5, 80, 0), (3, 0, 0), (1, 0, _SHORT_SOURCE))
"""(candidates, letters of the text, letters of the source; 0: all) of a row, until a result is small enough."""
_MOST_UNREAD: Final = 1_001


class Candidate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A patient (16 bytes) a mention may be, how likely, and why: words of the matcher's."""

    patient: bytes
    probability: float
    why: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One row of a table or one mention in prose. `span` is characters in the row's or line's text; `nobody` is the
    probability that it is none of these candidates: with theirs it sums to 1. `care`: it says something of care, which
    no card shows; `newest`: the latest day it names (ISO date)."""

    source: str
    row: int
    span: tuple[int, int]
    text: str
    candidates: tuple[Candidate, ...]
    nobody: float
    care: bool = False
    newest: str = ""


class Left(msgspec.Struct, frozen=True, array_like=True):
    """A file, or a part of one, that could not be read, and the word for it."""

    source: str
    word: str


class Matched(msgspec.Struct, frozen=True, tag="match"):
    """A search for patients. `left_out` mentions came after the case's budget of mentions was used up; `files` are the
    case's files that were searched, in hex (results of before it was kept have none)."""

    rows: tuple[Row, ...]
    unread: tuple[Left, ...] = ()
    left_out: int = 0
    seconds: float = 0.0
    files: tuple[str, ...] = ()


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """One view that a picture bears the mark of, or one photo that it shows without a mark that can be told, or a
    picture of none of the clinic's photos.

    `verdict` is named, unmarked, cannot-tell, not-registered, no-photo, or named-together: a session, by the faint
    evidence of several pictures of different photos that name nobody alone. `bound` is the proven bound on naming any
    view wrongly in the whole case, over `tested` comparisons. account, display, hat, session, wall_ms, how and
    rendition say what the log's line of the view says; `proof` is the pair's number among the proofs, or -1.
    """

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
    how: str = ""
    rendition: str = ""
    line: int = -1
    likeness: float = 0.0
    inliers: int = 0
    found: str = ""
    proof: int = -1


class Traced(msgspec.Struct, frozen=True, tag="attribute"):
    """A search for views. `proofs` are JPEGs, blurred: the picture beside the photo as it was laid on it. `files` as
    with `Matched`."""

    traces: tuple[Trace, ...]
    unread: tuple[Left, ...] = ()
    proofs: tuple[bytes, ...] = ()
    tested: int = 0
    seconds: float = 0.0
    files: tuple[str, ...] = ()


class Way(msgspec.Struct, frozen=True, array_like=True):
    """A way that the whole sample may have gone out by (explaining.Way); `account` is a login. Never begins with an
    id: what does is taken for a candidate when a patient is erased."""

    kind: str
    account: str
    sessions: tuple[str, ...]
    since_ms: int
    until_ms: int
    opened: int
    hits: int
    weight: float
    posterior: float
    chance: float
    lines: tuple[int, ...]


class Explained(msgspec.Struct, frozen=True, tag="explain"):
    """What the log says of all that the case's searches found: explaining.Explanation, for people. `patients` and
    `photos` of the sample that were counted; `lines` of the log that were read."""

    verdict: str
    storage: float
    patients: int
    photos: int
    ways: tuple[Way, ...]
    not_before_ms: int = 0
    backups: tuple[int, ...] = ()
    lines: int = 0
    seconds: float = 0.0


Result = Matched | Traced | Explained

_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Result)


def body_of(result: Result) -> bytes:
    """The result as the keeper keeps it, at most `MOST_BODY` bytes: the least likely candidates, the mentions' texts
    and the last proofs give way where it would be more."""
    made = _encode(result)
    if isinstance(result, Explained):
        return made  # twenty ways, of at most some thousand lines each
    if len(made) > MOST_BODY:
        unread = tuple(msgspec.structs.replace(one, source=_end(one.source)) for one in result.unread[:_MOST_UNREAD])
        result = msgspec.structs.replace(result, unread=unread)
        made = _encode(result)
    if isinstance(result, Matched):
        for cut in _CUTS:
            if len(made) <= MOST_BODY:
                break
            made = _encode(msgspec.structs.replace(result, rows=tuple(_cut(row, *cut) for row in result.rows)))
        return made
    proofs = result.proofs
    while len(made) > MOST_BODY and proofs:
        proofs = proofs[: len(proofs) // 2]
        made = _encode(msgspec.structs.replace(result, proofs=proofs))
    if len(made) > MOST_BODY:
        traces = tuple(msgspec.structs.replace(one, picture=_end(one.picture)) for one in result.traces)
        made = _encode(msgspec.structs.replace(result, proofs=proofs, traces=traces))
    return made


def read(body: bytes) -> Result:
    """The result that `body_of` made."""
    made: Result = _decoder.decode(body)
    return made


def _cut(row: Row, most: int, text: int, source: int) -> Row:
    left_out = sum(one.probability for one in row.candidates[most:])
    return msgspec.structs.replace(
        row, candidates=row.candidates[:most], text=row.text[:text], nobody=row.nobody + left_out,
        source=row.source[-source:],
    )


def _end(source: str) -> str:
    """Of an archive's part the last of its name tells most."""
    return source[-_SHORT_SOURCE:]


def match_json(rows: tuple[Row, ...] | list[Row]) -> list[dict[str, Any]]:
    """An object for each mention: {source, row, text_span, candidates: [{patient, probability, why}], nobody}."""
    return [
        {
            "source": row.source, "row": row.row, "text_span": list(row.span),
            "candidates": [
                {"patient": one.patient.hex(), "probability": round(one.probability, 6), "why": list(one.why)}
                for one in row.candidates
            ],
            "nobody": round(row.nobody, 6),
        }
        for row in rows
    ]


def attribute_json(traces: tuple[Trace, ...] | list[Trace]) -> list[dict[str, Any]]:
    """One object for each view that is named, and one for each picture in which none is: {picture, photo, view,
    account, session, time, z, false_accusation_bound, candidates_tested, verdict}; what there is not is null."""
    return [
        {
            "picture": one.picture, "photo": one.photo.hex() or None, "view": one.view.hex() or None,
            "account": one.account or None, "session": one.session or None, "time": _time(one.wall_ms),
            "z": round(one.z, 3) if one.tested else None, "false_accusation_bound": one.bound,
            "candidates_tested": one.tested, "verdict": one.verdict,
        }
        for one in traces
    ]


def explain_json(result: Explained) -> dict[str, Any]:
    """{verdict, storage, patients, photos, not_before, backups, ways: [{kind, account, sessions, since, until, opened,
    hits, weight, posterior, chance, lines}]}: probabilities, ISO times, numbers of lines."""
    return {
        "verdict": result.verdict, "storage": result.storage, "patients": result.patients, "photos": result.photos,
        "not_before": _time(result.not_before_ms), "backups": list(result.backups),
        "ways": [
            {
                "kind": one.kind, "account": one.account or None, "sessions": list(one.sessions),
                "since": _time(one.since_ms), "until": _time(one.until_ms), "opened": one.opened, "hits": one.hits,
                "weight": round(one.weight, 3), "posterior": one.posterior, "chance": one.chance,
                "lines": list(one.lines),
            }
            for one in result.ways
        ],
    }


def _time(wall_ms: int) -> str | None:
    if not wall_ms:
        return None
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
