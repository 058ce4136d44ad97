"""What is set aside of a stolen disk: the kept pages that anybody gets, and nothing that differs by a byte."""

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from seifas.drill.public_pages import KEPT, set_aside

PAGE = "<p>Mūsų gydytoja Žukauskienė</p>".encode()
GIVEN = frozenset({sha256(PAGE).digest()})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / KEPT).mkdir(parents=True)
    return tmp_path


def test_a_page_that_anybody_gets_is_set_aside_plain_and_packed(copy: Path) -> None:
    (copy / KEPT / "one").write_bytes(PAGE)
    (copy / KEPT / "one.gz").write_bytes(gzip.compress(PAGE))
    assert set_aside(copy, GIVEN) == 2
    assert not list((copy / KEPT).iterdir())


@pytest.mark.parametrize(
    "body",
    [PAGE + b" ", PAGE[:-1], b"", gzip.compress(PAGE + b" "), gzip.compress(PAGE)[:-3], b"\x1f\x8b\x08" + PAGE],
    ids=["longer", "cut", "empty", "longer-packed", "packed-and-cut", "packed-in-name-only"],
)
def test_what_differs_stays_to_be_searched(copy: Path, body: bytes) -> None:
    (copy / KEPT / "other").write_bytes(body)
    assert set_aside(copy, GIVEN) == 0
    assert (copy / KEPT / "other").read_bytes() == body


def test_the_same_bytes_elsewhere_stay_too(copy: Path) -> None:
    (copy / "data").mkdir()
    (copy / "data" / "one").write_bytes(PAGE)
    assert set_aside(copy, GIVEN) == 0
    assert set_aside(copy / "nowhere", GIVEN) == 0
