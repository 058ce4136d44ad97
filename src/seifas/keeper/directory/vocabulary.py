"""The distinct words of the directory, sorted: what a beginning stands for, and what lies within one typing error.

All words one insertion, deletion, replacement or swap of neighbours away are enumerated along the sorted list, entering
only beginnings that exist. No trigram index is kept: a few hundred binary searches do, and nothing is missed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

FUZZY_FLOOR = 5
"""Letters from which a typing error is forgiven: in shorter words one error makes another name."""

WHOLE_LIMIT = 48
BEGIN_LIMIT = 32
"""Neighbouring words that a query follows; bounds the work, far above what real names have."""


class Vocabulary:
    """A sorted set of folded words."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = sorted(set(words))

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: str) -> bool:
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def add(self, word: str) -> None:
        """Adds a word; nothing happens if it is there."""
        if word not in self:
            insort(self._words, word)

    def discard(self, word: str) -> None:
        """Takes a word out; nothing happens if it is not there."""
        if word in self:
            del self._words[bisect_left(self._words, word)]

    def begun(self, start: str, limit: int) -> list[str] | None:
        """The words that begin with `start`, in order; None if they are more than `limit`."""
        first = bisect_left(self._words, start)
        # "{" is the character after z, the last that a word may hold.
        last = bisect_left(self._words, start + "{", first)
        return self._words[first:last] if last - first <= limit else None

    def near(self, word: str) -> tuple[list[str], list[str]]:
        """(words, beginnings) within one typing error of `word`: stored words whose whole is, and strings that are and
        with which stored words begin. Neither holds `word` itself. Both empty for words under FUZZY_FLOOR.
        """
        if len(word) < FUZZY_FLOOR:
            return [], []
        whole: dict[str, None] = {}
        begin: dict[str, None] = {}
        for candidate in self._candidates(word):
            at = bisect_left(self._words, candidate)
            if at == len(self._words) or not self._words[at].startswith(candidate) or candidate == word:
                continue
            if self._words[at] == candidate:
                whole[candidate] = None
            begin[candidate] = None
        # A beginning that another one starts with finds nothing of its own.
        cuts = (len(word) - 1, len(word))
        shortest = [each for each in begin if not any(each[:cut] in begin for cut in cuts if cut < len(each))]
        return list(whole)[:WHOLE_LIMIT], shortest[:BEGIN_LIMIT]

    def _candidates(self, word: str) -> Iterator[str]:
        # Not behind the last letter: a word that goes on there begins with the whole word, which needs no forgiving.
        for at in range(len(word)):
            head, tail = word[:at], word[at:]
            letters = self._letters_after(head)
            if letters is None:
                return  # no stored word begins so: edits further on cannot lead to one
            yield head + tail[1:]
            if len(tail) > 1:
                yield head + tail[1] + tail[0] + tail[2:]
            for letter in letters:
                yield head + letter + tail
                yield head + letter + tail[1:]

    def _letters_after(self, head: str) -> list[str] | None:
        """The letters that follow `head` in stored words; None if none begins with it."""
        words, size = self._words, len(head)
        at = bisect_left(words, head)
        if at == len(words) or not words[at].startswith(head):
            return None
        if len(words[at]) == size:
            at += 1
        letters: list[str] = []
        while at < len(words) and words[at].startswith(head):
            letter = words[at][size]
            letters.append(letter)
            at = bisect_left(words, head + chr(ord(letter) + 1), at)
        return letters
