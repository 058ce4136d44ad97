"""A picture that has broken the program which reads text in it: it ends, and takes no memory with it."""

import time

import pytest

from seifas.leaks import ocr


def test_what_it_says_without_end_is_cut_off() -> None:
    began = time.monotonic()
    said = ocr._asked(["/usr/bin/yes"], b"x" * 2**23)
    assert said == (b"y\n" * ocr._MOST_TEXT)[: ocr._MOST_TEXT]
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("command", [["/usr/bin/sleep", "1000"], ["/usr/bin/tail", "-f", "/dev/null"]])
def test_one_that_never_answers_is_ended(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_WALL_S", 0.5)
    began = time.monotonic()
    assert ocr._asked(command, b"x" * 2**23) == b""
    assert time.monotonic() - began < 60


def test_one_that_dies_or_is_not_there_says_nothing() -> None:
    assert ocr._asked(["/usr/bin/false"], b"x" * 2**23) == b""
    assert ocr._asked(["/usr/bin/no-such-program"], b"x") == b""


def test_a_whole_page_goes_in_and_comes_out() -> None:
    page = b"".join(b"%d\n" % number for number in range(10_000))
    assert ocr._asked(["/usr/bin/cat"], page) == page
    assert ocr._asked(["/usr/bin/cat"], b"") == b""
