"""Looks for known words in any file, however they are written: the thief's `grep`, made thorough.

A text is looked for in UTF-8 (composed and decomposed), UTF-16 of both orders, Windows-1257 and without its
diacritics, in any case; a number also as a 64-bit integer. What is wrapped is unwrapped first (unwrapping.py: base64,
hex, percent, JSON and HTML escapes, quoted-printable, compressed streams) and looked through likewise, three layers
deep. Pictures are found by how their formats begin.

Many words at once: of every form four overlapping 4-byte grams go into one set, and a file is read as 32-bit words
four bytes apart, so that each occurrence of 7 bytes or more meets the set once. Measured on two shared cores:
60,000 words (400,000 forms) in 410 MB of ciphertext: see docs/drill.md.

    needles = Needles([("name", "Žukauskienė"), ...])
    search(paths, needles, workers=2) -> Findings         look_through(data, needles) -> list of what one buffer holds
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from anyascii import anyascii

from seifas.drill import pictures
from seifas.drill.unwrapping import unwrapped
from seifas.errors import Invalid

SHORTEST: Final = 7
"""Bytes. Random data holds any given 7 bytes once in 2^56; shorter words would be found in it by chance."""

_GRAM: Final = 4
_SPAN: Final = 4 * 1024 * 1024
"""Bytes read at a time; and neighbours overlap by _OVERLAP, so that nothing is cut in two."""

_OVERLAP: Final = 4096
_DEEPEST: Final = 3


class Hit(msgspec.Struct, frozen=True, order=True):
    """One find: in which file and where, what kind of word, in which form, and through which wrappings.

    `needle` is the word's number in the list: words themselves never leave the searcher.
    """

    file: str
    offset: int
    kind: str
    form: str
    through: str
    needle: int


class Findings(msgspec.Struct, frozen=True):
    hits: tuple[Hit, ...]
    files: int
    bytes: int
    unwrapped: int
    unread: tuple[str, ...]


class _Form(NamedTuple):
    name: str
    pattern: bytes
    needle: int


class Needles:
    """Words to look for, compiled. `words`: (kind, text) each; texts under 7 bytes in a form are left out of it."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        self.words = list(dict.fromkeys(words))
        self.forms = 0
        self._grams: set[int] = set()
        self._starts: dict[bytes, _Form | list[_Form]] = {}
        for number, (_, text) in enumerate(self.words):
            for name, pattern in forms_of(text):
                self._add(_Form(name, pattern.lower(), number))

    def _add(self, form: _Form) -> None:
        start = form.pattern[:SHORTEST]
        for at in range(_GRAM):
            self._grams.add(int.from_bytes(start[at : at + _GRAM], sys.byteorder))
        held = self._starts.get(start)
        if held is None:
            self._starts[start] = form
        elif isinstance(held, list):
            held.append(form)
        else:
            self._starts[start] = [held, form]
        self.forms += 1

    def kind(self, needle: int) -> str:
        return self.words[needle][0]

    def found_in(self, data: bytes) -> Iterator[tuple[int, str, int]]:
        """(offset, form, needle) of every occurrence in `data`, in any case of ASCII letters."""
        lowered = data.lower()
        padded = lowered + bytes(-len(lowered) % _GRAM)
        words = memoryview(padded).cast("I")
        seen: set[tuple[int, str, int]] = set()
        for place in compress(range(len(words)), map(self._grams.__contains__, words)):
            for shift in range(_GRAM):
                start = place * _GRAM - shift
                if start < 0:
                    continue
                held = self._starts.get(lowered[start : start + SHORTEST])
                if held is None:
                    continue
                for form in held if isinstance(held, list) else (held,):
                    found = (start, form.name, form.needle)
                    if found not in seen and lowered.startswith(form.pattern, start):
                        seen.add(found)
                        yield found


def forms_of(text: str) -> list[tuple[str, bytes]]:
    """(name, bytes) of every way to write a text that the searcher knows, each at least 7 bytes, each once."""
    cases = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    found: dict[bytes, str] = {}

    def add(name: str, pattern: bytes) -> None:
        if len(pattern) >= SHORTEST:
            found.setdefault(pattern.lower(), name)

    for case in cases:
        add("UTF-8", case.encode())
        add("UTF-8 decomposed", unicodedata.normalize("NFD", case).encode())
        add("UTF-16LE", case.encode("utf-16-le"))
        add("UTF-16BE", case.encode("utf-16-be"))
        add("Windows-1257", case.encode("cp1257", "replace") if "?" not in case else b"")
    folded = anyascii(text).lower()
    add("folded", folded.encode())
    add("folded UTF-16LE", folded.encode("utf-16-le"))
    add("folded UTF-16BE", folded.encode("utf-16-be"))
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit() and 2**32 <= int(digits) < 2**63:
        add("64-bit integer", int(digits).to_bytes(8, "little"))
        add("64-bit integer", int(digits).to_bytes(8, "big"))
        add("UTF-8", digits.encode())
    return [(name, pattern) for pattern, name in found.items()]


class Found(NamedTuple):
    """One find in a buffer: where (outermost offset), in which form, through which wrappings, which needle or -1."""

    offset: int
    kind: str
    form: str
    through: str
    needle: int


class Look(NamedTuple):
    found: list[Found]
    unwrapped: int


def look_through(data: bytes, needles: Needles, *, base: int = 0, through: tuple[str, ...] = ()) -> Look:
    """Everything found in one buffer, wrapped things unwrapped. Offsets are those of the outermost buffer."""
    way = " in ".join(reversed(through))
    found = [
        Found(base if through else base + offset, needles.kind(number), form, way, number)
        for offset, form, number in needles.found_in(data)
    ]
    found += [
        Found(base if through else base + offset, "picture", name, way, -1)
        for offset, name in pictures.beginnings(data)
    ]
    layers = 0
    if len(through) < _DEEPEST:
        for offset, name, inner in unwrapped(data):
            layers += 1
            deeper = look_through(
                inner, needles, base=base if through else base + offset, through=(*through, name)
            )
            found += deeper.found
            layers += deeper.unwrapped
    return Look(found, layers)


class _Task(NamedTuple):
    path: str
    start: int
    end: int


_held: list[Needles] = []


def search(
    paths: Iterable[Path], needles: Needles, *, workers: int = 0, progress: Callable[[int], None] | None = None
) -> Findings:
    """Looks through all files (directories are walked). `progress` is told bytes as they are done.

    Processes are forked: call it where no other thread runs. Files that cannot be read are named in `unread`.
    """
    files = [file for path in paths for file in _files(path)]
    tasks, unread = [], []
    total = 0
    for file in files:
        try:
            size = file.stat().st_size
            with file.open("rb"):
                pass
        except OSError:
            unread.append(str(file))
            continue
        total += size
        tasks += [_Task(str(file), start, min(start + _SPAN, size)) for start in range(0, size, _SPAN)]
    _held[:] = [needles]
    hits: set[Hit] = set()
    layers = 0
    count = workers or os.cpu_count() or 1
    if count == 1 or len(tasks) < 4:
        results: Iterator[tuple[int, list[Hit], int]] = map(_look, tasks)
        for done, found, inner in results:
            hits.update(found)
            layers += inner
            if progress is not None:
                progress(done)
    else:
        with multiprocessing.get_context("fork").Pool(count) as pool:
            for done, found, inner in pool.imap_unordered(_look, tasks, chunksize=1):
                hits.update(found)
                layers += inner
                if progress is not None:
                    progress(done)
    _held.clear()
    return Findings(tuple(sorted(hits)), len(files) - len(unread), total, layers, tuple(unread))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for directory, _, names in os.walk(path):
            for name in sorted(names):
                file = Path(directory) / name
                if file.is_file() and not file.is_symlink():
                    yield file
    elif path.is_file():
        yield path
    else:
        raise Invalid("there is no such file to look through", where=str(path))


def _look(task: _Task) -> tuple[int, list[Hit], int]:
    needles = _held[0]
    start = max(0, task.start - _OVERLAP)
    with open(task.path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= start:
            return task.end - task.start, [], 0
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            data = view[start : task.end]
    seen = look_through(data, needles, base=start)
    hits = [Hit(task.path, one.offset, one.kind, one.form, one.through, one.needle) for one in seen.found]
    return task.end - task.start, hits, seen.unwrapped


def expected_by_chance(needles: Needles, size: int) -> float:
    """How many finds random bytes of this size would give: sum over forms of 2^-(8 bits a byte, 7 a letter)."""
    total = 0.0
    for text in needles.words:
        for _, pattern in forms_of(text[1]):
            bits = sum(7 if chr(byte).isalpha() and byte < 128 else 8 for byte in pattern)
            total += size * 2.0**-bits
    return total


def names_of(hits: Sequence[Hit]) -> list[str]:
    """Lines for people: what kind of word was found where, without the word."""
    return [
        f"{hit.kind} as {hit.form}{f' in {hit.through}' if hit.through else ''}: {Path(hit.file).name} at {hit.offset}"
        for hit in hits
    ]
