"""What is said of an item of evidence: remarks and deeds of custody, names of files, hashes."""

import asyncio
import datetime
import hashlib
import types

import pytest
from evidence_rig import file_id
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents import custody
from seifas.web.desk.cases import evidence_bundle
from seifas.web.desk.room import Visit


def test_what_cannot_be_said_of_evidence():
    now = datetime.datetime(2026, 11, 22, 12, 0)
    item = file_id(1).hex()
    for bad in (
        {"file": "zz"}, {"file": item}, {"file": item, "text": "x" * 2001}, {"file": item, "origin": "a\nb"},
        {"file": item, "derived_from": item}, {"file": item, "clock_s": 10**10}, {"file": item, "text": "\x1b[2J"},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            custody.check_remark(custody.Remark(**bad))
    good = {"files": (item,), "word": "copied", "at": "2026-11-22T11:00", "zone": "Europe/Vilnius"}
    assert custody.check_deed(custody.Deed(**good), now)
    for bad in (
        {"files": ()}, {"files": (item, item)}, {"word": "exported"}, {"at": "2026-11-23T11:00"}, {"at": "soon"},
        {"at": "2026-13-40T99:99"}, {"word": "handed-over"}, {"word": "returned", "to": "X"}, {"files": ("../..",)},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            custody.check_deed(custody.Deed(**(good | bad)), now)


@given(name=st.text(min_size=1, max_size=300))
def test_any_name_makes_a_plain_path(name):
    path = custody.path_of(7, name, derived=False)
    last = path.removeprefix("data/evidence/0007-")
    assert last
    assert len(last) <= 80
    assert all(one.isascii() and (one.isalnum() or one in "._-") for one in last)
    assert not last.startswith(".")


def test_a_file_of_before_sha512_is_hashed_while_it_is_read():
    class Leaks:
        async def file_pieces(self, session, case, file, approval):
            for piece in (b"a" * 1000, b"b"):
                yield piece

    visit, told_of = Visit(token="s", who={}), {"case": bytes(16)}
    room = types.SimpleNamespace(leaks=Leaks())
    body = b"a" * 1000 + b"b"
    file = {"file": bytes(16), "sha256": hashlib.sha256(body).digest()}
    made = asyncio.run(evidence_bundle._hashed(room, visit, told_of, file, bytes(16)))
    assert made == hashlib.sha512(body).digest()
    with pytest.raises(Invalid):
        asyncio.run(evidence_bundle._hashed(room, visit, told_of, {**file, "sha256": bytes(32)}, bytes(16)))
