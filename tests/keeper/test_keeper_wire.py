"""The keeper's wire: what is a frame, what is not, and that errors come out as they went in."""

from __future__ import annotations

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import BY_CODE, Invalid, SeifasError, TooLarge
from seifas.keeper import wire


def test_a_request_and_its_answer() -> None:
    frame = wire.request(7, "record.read", {"id": b"\x00\xff", "count": 3})
    assert wire.LENGTH.unpack(frame[:4])[0] == len(frame) - 4
    ident, op, raw = wire.parse_request(frame[4:])
    assert (ident, op) == (7, "record.read")
    assert msgspec.msgpack.decode(raw) == {"id": b"\x00\xff", "count": 3}
    answer = wire.answer(7, [{"body": b"\x80"}])
    assert wire.parse_reply(answer[4:]) == (7, True, [{"body": b"\x80"}])


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_error_comes_out_as_it_went_in(code: str) -> None:
    frame = wire.failure(3, BY_CODE[code]("Ąžuolas: said so", where="Patient.name"))
    ident, fine, told = wire.parse_reply(frame[4:])
    assert (ident, fine) == (3, False)
    error = wire.raised(told)
    assert type(error) is BY_CODE[code]
    assert (error.message, error.where) == ("Ąžuolas: said so", "Patient.name")


@pytest.mark.parametrize("told", [{}, {"code": "unheard-of"}, {"code": "", "message": ""}])
def test_an_unknown_error_is_an_error(told: dict[str, str]) -> None:
    assert type(wire.raised(told)) is SeifasError


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"\xc1", b"\x93", b"\x92\x01\xa1a", b"\x94\x01\xa1a\x80\x80", b"\x93\xa1a\xa1b\x80",
        b"\x93\x01\xa2\xff\xfe\x80", b"\x93\x01\xa1a" + b"\x91" * 5000,
        b"\x93\x01\xdb\xff\xff\xff\xffx", msgspec.msgpack.encode({"id": 1}), b"\x93\xcb\x7f\xf8" + b"\0" * 6,
    ],
)
def test_what_is_no_request_is_invalid(frame: bytes) -> None:
    try:
        _, _, raw = wire.parse_request(frame)
    except Invalid:
        return
    # Deep or odd arguments pass as raw bytes; the op's own decoder ends them.
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)):
        msgspec.msgpack.Decoder(dict[str, int]).decode(raw)


@given(st.binary(max_size=200))
@settings(max_examples=of_whole(300))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    try:
        ident, op, _ = wire.parse_request(noise)
    except Invalid:
        return
    assert isinstance(ident, int)
    assert isinstance(op, str)


def test_a_call_over_the_limit_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME", 1024)
    with pytest.raises(TooLarge):
        wire.request(1, "x", {"body": bytes(1100)})
    assert wire.request(1, "x", {"body": bytes(900)})
