"""`seifas import fhir` on files of every kind: whole, packed, cut off, huge lines, wrong; told by file and line."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from seifas.cli import importing
from seifas.cli.importing import Done, Piece
from seifas.drill.stage import Stage


def _bundle(number: int) -> bytes:
    urn = f"urn:uuid:{number:08d}-0000-4000-8000-000000000000"
    patient = {"resourceType": "Patient", "name": [{"family": f"Įkeltas{number}", "given": ["Jonas"]}]}
    seen = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": urn}}
    return json.dumps({
        "resourceType": "Bundle", "type": "transaction",
        "entry": [
            {"fullUrl": urn, "resource": patient, "request": {"method": "POST", "url": "Patient"}},
            {"resource": seen, "request": {"method": "POST", "url": "Observation"}},
        ],
    }).encode()  # fmt: skip


def _pieces(path: Path) -> tuple[list[Piece], Done, int]:
    done, told = Done(), [0]

    def advance(by: int) -> None:
        told[0] += by

    return list(importing._pieces(path, done, advance)), done, told[0]


def test_a_file_of_lines_comes_line_by_line_and_its_bytes_are_counted(tmp_path: Path) -> None:
    lines = b"".join(_bundle(one) + b"\n" for one in range(50)) + b"\n\n" + _bundle(99)
    for name, body in (("a.ndjson", lines), ("a.ndjson.gz", gzip.compress(lines))):
        path = tmp_path / name
        path.write_bytes(body)
        pieces, done, told = _pieces(path)
        assert [one.line for one in pieces] == [*range(1, 51), 53]
        assert pieces[3].raw.strip() == _bundle(3)
        assert told == len(body)
        assert done.rejected == []


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.json.gz", gzip.compress(_bundle(1))[:-9], "cut off"),
        ("a.ndjson.gz", gzip.compress(b"".join(_bundle(n) + b"\n" for n in range(3000)))[:-4000], "cut off"),
        ("b.json.gz", b"no gzip at all", "damaged"),
        ("c.json", b"", ""),
    ],
)
def test_broken_archives_are_named_and_end_nothing_else(name: str, body: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    pieces, done, told = _pieces(path)
    assert told == len(body)
    assert [one["message"] for one in done.rejected if said not in one["message"]] == []
    assert bool(done.rejected) == bool(said)
    assert len(pieces) == (1 if not said else len(pieces))


def test_a_line_over_the_bound_is_refused_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_LARGEST", 1000)
    path = tmp_path / "a.ndjson"
    path.write_bytes(_bundle(1) + b"\n" + b'{"x": "' + b"y" * 5000 + b'"}\n')
    pieces, done, _ = _pieces(path)
    assert len(pieces) == 1
    assert "split it" in done.rejected[0]["message"]


def test_what_vanishes_meanwhile_is_told(tmp_path: Path) -> None:
    pieces, done, told = _pieces(tmp_path / "nowhere.json")
    assert (pieces, told) == ([], 0)
    assert "cannot be read" in done.rejected[0]["message"]


@pytest.mark.slow
def test_good_and_bad_files_together_into_a_served_vault(shared_stage: Stage, tmp_path: Path) -> None:
    salt = int.from_bytes(os.urandom(3), "big")
    for number in range(3):
        (tmp_path / f"{number}.json").write_bytes(_bundle(salt + number))
    lines = b"\n".join([_bundle(salt + 10), b'{"resourceType": "Nothing"}', b"\xff\xfe", _bundle(salt + 11)])
    (tmp_path / "4.ndjson").write_bytes(lines)
    (tmp_path / "5.json.gz").write_bytes(gzip.compress(_bundle(salt + 20)))
    (tmp_path / "6.json").write_bytes(b'{"resourceType": "Bundle", "type": "transaction", "entry": "none"}')
    told: dict[str, Any] = shared_stage.seifas("import", "fhir", str(tmp_path), fine=False)
    assert (told["files"], told["imported"], told["resources"]) == (6, 6, 12)
    assert [(Path(one["file"]).name, one["line"]) for one in told["rejected"]] == [
        ("4.ndjson", ":2"), ("4.ndjson", ":3"), ("6.json", ""),
    ]
    again = shared_stage.seifas("import", "fhir", str(tmp_path), fine=False)
    assert (again["imported"], again["skipped"]) == (0, 6)
    assert sorted(again["patients"]) == sorted(told["patients"])
