"""Files of advisories: every shape that they come in, versions by the schema's rules, and files that are none."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.checking import advisories
from seifas.checking.advisories import concerns, read
from seifas.errors import Invalid


def one(*events: dict[str, str], versions: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    affected = {"package": {"ecosystem": "PyPI", "name": "Some_Package"}, "ranges": ranges, "versions": list(versions)}
    return {"id": "PYSEC-1", "modified": "2026-01-02T03:04:05Z", "affected": [affected], "summary": "x", **fields}


def hit(tmp_path: Path, value: Any, version: str) -> tuple[bool, str]:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    (found,) = read(path)
    return concerns(found, "some-package", version)


@pytest.mark.parametrize(
    ("version", "events", "versions", "expected"),
    [
        ("1.4", ({"introduced": "0"}, {"fixed": "1.5"}), (), (True, "1.5")),
        ("1.5", ({"introduced": "0"}, {"fixed": "1.5"}), (), (False, "")),
        ("1.5rc1", ({"introduced": "0"}, {"fixed": "1.5"}), (), (True, "1.5")),
        ("1.10", ({"introduced": "1.9"}, {"fixed": "1.11"}), (), (True, "1.11")),
        ("0.9", ({"introduced": "1.0"},), (), (False, "")),
        ("2.0", ({"introduced": "1.0"},), (), (True, "")),
        ("2.0", ({"introduced": "1.0"}, {"last_affected": "2.0"}), (), (True, "")),
        ("2.0.1", ({"introduced": "1.0"}, {"last_affected": "2.0"}), (), (False, "")),
        ("3.1", ({"introduced": "1"}, {"fixed": "2"}, {"introduced": "3"}, {"fixed": "4"}), (), (True, "4")),
        ("2.5", ({"fixed": "2"}, {"introduced": "3"}, {"introduced": "1"}, {"fixed": "4"}), (), (False, "")),
        ("1.0.0", (), ("1.0",), (True, "")),
        ("1.0.1", (), ("1.0",), (False, "")),
        ("1.0", ({"introduced": "nonsense"}, {"fixed": "?"}), (), (False, "")),
        ("nonsense", ({"introduced": "0"},), (), (False, "")),
    ],
)  # fmt: skip
def test_versions(
    tmp_path: Path, version: str, events: tuple[dict[str, str], ...], versions: tuple[str, ...],
    expected: tuple[bool, str],
) -> None:
    assert hit(tmp_path, one(*events, versions=versions), version) == expected


def test_withdrawn_others_and_other_ecosystems(tmp_path: Path) -> None:
    everything = ({"introduced": "0"},)
    assert hit(tmp_path, one(*everything, withdrawn="2026-01-01T00:00:00Z"), "1") == (False, "")
    other = one(*everything)
    other["affected"][0]["package"]["ecosystem"] = "npm"
    assert hit(tmp_path, other, "1") == (False, "")
    other = one(*everything)
    other["affected"][0]["package"]["name"] = "some-package-2"
    assert hit(tmp_path, other, "1") == (False, "")
    assert hit(tmp_path, {"id": "X", "modified": "2026-01-01T00:00:00Z"}, "1") == (False, "")
    assert hit(tmp_path, {**one(), "affected": None}, "1") == (False, "")


def test_every_shape(tmp_path: Path) -> None:
    some = [one({"introduced": "0"}, id=f"A-{n}") for n in range(3)]
    shapes = {
        "list.json": json.dumps(some), "query.json": json.dumps({"vulns": some}),
        "lines.jsonl": "\n".join(map(json.dumps, some)) + "\n",
        "pretty.json": json.dumps(some[0], indent=2),
    }
    for name, text in shapes.items():
        (tmp_path / name).write_text(text)
        assert [found.id for found in read(tmp_path / name)][:1] == ["A-0"], name
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for value in some:
            archive.writestr(f"{value['id']}.json", json.dumps(value))
        archive.writestr("README", "not one")
    assert [found.id for found in read(tmp_path / "all.zip")] == ["A-0", "A-1", "A-2"]


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"null", b"42", b"{", b"[1]", b'{"vulns": 1}', b'{"id": 1}', b"\xff\xfe{}", b"PK\x03\x04 cut",
        "lietuviškai".encode("cp1257"), b'{"id": "A"}\n{"id"', b"[" * 100_000,
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "bad"
    path.write_bytes(raw)
    with pytest.raises(Invalid):
        list(read(path))


def test_archives_that_are_none_or_swell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "_LARGEST_ENTRY", 1000)
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps({"id": "x" * 100_000, "modified": ""}))
    with pytest.raises(Invalid):
        list(read(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README", "")
    with pytest.raises(Invalid):
        list(read(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps(one()))
    path.write_bytes(path.read_bytes().replace(b"PYSEC", b"pysec", 1))  # its checksum is another
    with pytest.raises(Invalid):
        list(read(path))
    with pytest.raises(Invalid):
        list(read(tmp_path))
    with pytest.raises(Invalid):
        list(read(tmp_path / "nowhere"))


@given(st.binary(max_size=200))
def test_no_file_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(raw)
    with contextlib.suppress(Invalid):
        list(read(path))
