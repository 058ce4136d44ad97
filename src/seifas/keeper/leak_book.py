"""All leak cases, and the searches under way in memory: 32 random bytes each, for a while, bound to one case.

A search lives 30 minutes after its last use on the boot clock, and ends with the session that began it, the account,
the case, its approval, or the lock. What is stored of it are lines; the token itself is kept as a hash only.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from seifas.errors import Missing, OverBudget
from seifas.keeper.leak_model import LeakCase, LeakFile, LeakResult

SEARCH_MS: Final = 30 * 60_000
PASS_MS: Final = 30 * 60_000
AWAITED_MS: Final = 6 * 3_600_000
"""How long a large file may take to be sealed."""
MOST_PASSES: Final = 16
_MOST_AWAITED: Final = 256
_GONE: Final = "there is no such search any more; begin it again from its case"


class Search(msgspec.Struct, frozen=True):
    """`number` stands for it in the log. `account` and `session` are empty where the machine itself searches. `told`:
    the bulk openings (people, photos, lines) and photos whose lines have been written."""

    case: bytes
    account: bytes
    session: bytes
    used_ms: int
    number: bytes
    told: frozenset[bytes] = frozenset()


class Awaited(msgspec.Struct, frozen=True):
    """A file that is being sealed: its name, the object that it will be, the epoch that the object names, and what was
    said of where it comes from."""

    file: bytes
    case: bytes
    name: str
    object: bytes
    epoch: int
    began_ms: int
    derived_from: bytes = b""
    origin: str = ""
    tool: str = ""
    clock_ms: int = 0


class LeakBook:
    """Cases, files and results by id; searches and passes by the hash of their token. Times are of the boot clock."""

    def __init__(self) -> None:
        self._cases: dict[bytes, LeakCase] = {}
        self._files: dict[bytes, LeakFile] = {}
        self._results: dict[bytes, LeakResult] = {}
        self._searches: OrderedDict[bytes, Search] = OrderedDict()
        self._passes: OrderedDict[bytes, tuple[bytes, int]] = OrderedDict()
        self._awaited: OrderedDict[bytes, Awaited] = OrderedDict()
        self._candidates: dict[bytes, tuple[int, frozenset[bytes]]] = {}
        self.sealing: set[bytes] = set()
        """Objects that results are being sealed as: no sweep takes them for left over."""
        self.pseudonyms: dict[bytes, bytes] = {}
        """Patients by the pseudonym that lines bear, while searches are under way; see leak_lines.py."""
        self.order: list[bytes] = []
        """Patients by id, likewise; see leak_photos.py."""

    def load(self, cases: Iterable[LeakCase], files: Iterable[LeakFile], results: Iterable[LeakResult]) -> None:
        """Replaces everything, as at unlock; no search outlives a lock."""
        self._cases = {one.id: one for one in cases}
        self._files = {one.id: one for one in files}
        self._results = {one.id: one for one in results}
        self._searches.clear()
        self._passes.clear()
        self._awaited.clear()
        self._candidates.clear()
        self.pseudonyms, self.order = {}, []

    # -- what is stored

    def put(self, case: LeakCase) -> None:
        self._cases[case.id] = case

    def put_back(self, changed: LeakCase, before: LeakCase) -> None:
        """As it was, where storing it failed and nothing else has changed it since."""
        if self._cases.get(before.id) is changed:
            self._cases[before.id] = before

    def clock_set(self, by_ms: int) -> list[LeakCase]:
        """After the wall clock was set by so much: an approval ends when its day has passed, whatever a clock says. The
        caller stores what changed."""
        moved = [
            msgspec.structs.replace(one, until_ms=max(1, one.until_ms + by_ms))
            for one in self._cases.values()
            if one.until_ms
        ]
        for case in moved:
            self.put(case)
        return moved

    def get(self, ident: bytes) -> LeakCase:
        """Raises Missing."""
        case = self._cases.get(ident)
        if case is None:
            raise Missing("there is no such case")
        return case

    def remove(self, ident: bytes) -> None:
        self._cases.pop(ident, None)

    def cases(self) -> list[LeakCase]:
        """Newest first."""
        return sorted(self._cases.values(), key=lambda one: -one.made_ms)

    def put_file(self, file: LeakFile) -> None:
        self._files[file.id] = file

    def drop_file(self, ident: bytes) -> None:
        self._files.pop(ident, None)

    def files_of(self, case: bytes) -> list[LeakFile]:
        return sorted((one for one in self._files.values() if one.case == case), key=lambda one: one.kept_ms)

    def put_result(self, result: LeakResult) -> None:
        self._results[result.id] = result
        self._candidates.pop(result.case, None)

    def candidates(self, case: bytes) -> frozenset[bytes] | None:
        """The patients whom the case's results name, if they were gathered since the last result."""
        count, found = self._candidates.get(case, (-1, frozenset()))
        return found if count == len(self.results_of(case)) else None

    def gathered(self, case: bytes, found: frozenset[bytes], results: int) -> None:
        self._candidates[case] = (results, found)

    def drop_result(self, ident: bytes) -> None:
        self._results.pop(ident, None)

    def result(self, ident: bytes) -> LeakResult:
        """Raises Missing."""
        found = self._results.get(ident)
        if found is None:
            raise Missing("there is no such result")
        return found

    def results_of(self, case: bytes) -> list[LeakResult]:
        """Oldest first."""
        return sorted((one for one in self._results.values() if one.case == case), key=lambda one: one.made_ms)

    def results(self) -> list[LeakResult]:
        return list(self._results.values())

    def objects(self) -> set[bytes]:
        """The objects that files and results are sealed as, or are about to be."""
        named = {one.object for one in self._files.values()} | {one.object for one in self._results.values()}
        return named | self.sealing | {one.object for one in self._awaited.values()}

    def wait_for(self, awaited: Awaited) -> None:
        """A file is being sealed: until it is kept, or six hours, its object is not left over."""
        for key, one in list(self._awaited.items()):
            if not _fresh(one.began_ms, AWAITED_MS, awaited.began_ms):
                del self._awaited[key]
        if len(self._awaited) >= _MOST_AWAITED:
            raise OverBudget("too many files are being kept at once; let some of them finish", where="leaks")
        self._awaited[awaited.file] = awaited

    def awaited(self, file: bytes) -> Awaited | None:
        return self._awaited.get(file)

    def arrived(self, file: bytes) -> None:
        self._awaited.pop(file, None)

    # -- what is under way

    def begin(self, search: Search) -> tuple[bytes, list[Search]]:
        """(the token of a new search; the former ones, which it ends). There is one leaks process, and it searches one
        case at a time: what is still under way belongs to one that was killed, or that has forgotten it."""
        former = list(self._searches.values())
        self._searches.clear()
        self.pseudonyms, self.order = {}, []
        token = os.urandom(32)
        self._searches[_hash(token)] = search
        return token, former

    def search(self, token: bytes, now_ms: int) -> Search:
        """The search of a token, which is thereby used. Raises Missing."""
        key = _hash(token)
        search = self._searches.get(key)
        if search is None or not _fresh(search.used_ms, SEARCH_MS, now_ms):
            self._searches.pop(key, None)
            raise Missing(_GONE)
        self._searches[key] = used = msgspec.structs.replace(search, used_ms=now_ms)
        return used

    def tell(self, token: bytes, what: bytes) -> None:
        """A line of what is read stands in the log."""
        key = _hash(token)
        search = self._searches.get(key)
        if search is not None:
            self._searches[key] = msgspec.structs.replace(search, told=search.told | {what})

    def end(self, token: bytes) -> None:
        self._searches.pop(_hash(token), None)
        if not self._searches:
            self.pseudonyms, self.order = {}, []

    def end_case(self, case: bytes) -> None:
        """Every search and pass of a case."""
        self._searches = OrderedDict((key, one) for key, one in self._searches.items() if one.case != case)
        self._passes = OrderedDict((key, one) for key, one in self._passes.items() if one[0] != case)

    def under_way(self, case: bytes, now_ms: int) -> int:
        return sum(one.case == case and _fresh(one.used_ms, SEARCH_MS, now_ms) for one in self._searches.values())

    def give_pass(self, case: bytes, now_ms: int) -> bytes:
        """For the machine's own: asks for this case as a session would, for half an hour."""
        token = os.urandom(32)
        self._passes[_hash(token)] = (case, now_ms)
        while len(self._passes) > MOST_PASSES:
            self._passes.popitem(last=False)
        return token

    def check_pass(self, token: bytes, case: bytes, now_ms: int) -> None:
        """Raises Missing where it is none of this case."""
        found, made_ms = self._passes.get(_hash(token), (b"", 0))
        if not found or found != case or not _fresh(made_ms, PASS_MS, now_ms):
            raise Missing("there is no such pass; ask for one again")


def _fresh(used_ms: int, lifetime_ms: int, now_ms: int) -> bool:
    return now_ms - used_ms < lifetime_ms


def _hash(token: bytes) -> bytes:
    return sha256(token).digest()
