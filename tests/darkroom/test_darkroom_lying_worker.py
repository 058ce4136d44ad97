"""A worker that was broken into is not believed: neither its picture nor its words."""

import socket
import struct
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seifas.darkroom import feeding
from seifas.darkroom.unfit import SENTENCES
from seifas.errors import Invalid


def _lying(path: Path, answer: bytes) -> threading.Thread:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)

    def answer_once() -> None:
        with listener, listener.accept()[0] as connection:
            left = struct.unpack(">Q", connection.recv(8))[0]
            while left:
                left -= len(connection.recv(left))
            connection.sendall(answer)

    thread = threading.Thread(target=answer_once)
    thread.start()
    return thread


HEADER: dict[str, Any] = {
    "format": "jpeg", "width": 40, "height": 40, "pixel_width": 40, "pixel_height": 40, "exif": {}, "taken": "",
    "offset": "",
}  # fmt: skip


def _framed(answer: Any, pixels: bytes = bytes(4800)) -> bytes:
    body = msgspec.msgpack.encode(answer)
    return struct.pack(">I", len(body)) + body + pixels


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\x00", struct.pack(">I", 1 << 31), struct.pack(">I", 5) + b"\xff" * 5, _framed([True]),
        _framed([True, {**HEADER, "format": "svg"}]), _framed([True, {**HEADER, "pixel_width": 1 << 40}]),
        _framed([True, {**HEADER, "pixel_width": 0}]), _framed([True, {**HEADER, "width": -4}]),
        _framed([True, {**HEADER, "pixel_width": 29_000, "pixel_height": 29_000}]),
        _framed([True, {**HEADER, "width": 4_000}]),
        _framed([True, {**HEADER, "exif": {str(number): "x" for number in range(5000)}}]),
        _framed([True, {**HEADER, "more": 1}]), _framed([True, HEADER], bytes(4799)), _framed([False, "no such word"]),
        _framed([False, 7]), _framed([False, "svg" * 50_000]),
    ],
)  # fmt: skip
def test_a_worker_that_was_broken_into_is_not_believed(tmp_path: Path, answer: bytes) -> None:
    thread = _lying(tmp_path / "lying.sock", answer)
    with pytest.raises(Invalid) as refused:
        feeding.developed(tmp_path / "lying.sock", [b"file"], 4)
    thread.join()
    assert refused.value.where in SENTENCES


def test_a_workers_texts_are_cleaned_again(tmp_path: Path) -> None:
    hostile = {"Make": "A\x1b[31m" + "x" * 5000, "not a name": "x", "N" * 100: "x"}
    thread = _lying(tmp_path / "lying.sock", _framed([True, {**HEADER, "exif": hostile, "taken": "x" * 99}]))
    made = feeding.developed(tmp_path / "lying.sock", [b"file"], 4)
    thread.join()
    assert set(made.header.exif) == {"Make"}
    assert len(made.header.exif["Make"]) <= 200
    assert "\x1b" not in made.header.exif["Make"]
    assert len(made.header.taken) <= 32
