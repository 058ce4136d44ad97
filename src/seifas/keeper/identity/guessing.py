"""Whether a password or passphrase is one that guessers come to early: leaked, a pattern, or known of its owner.

Three judges, each blind where another sees. leaked.py has lists, as they are. `zxcvbn` estimates how many guesses are
needed by who combines English words, names, dates, rows of keys and repetitions. Neither knows Lithuanian, the person
or the clinic: `surprises` does. Why these: docs/decisions/0031-passwords.md.

All of them read letters without case and accents; Lithuanian letters are read as the digits of their keys as well, and
digits as those letters (a layout forgotten, or changed on purpose). For passwords that are set, never at a sign-in.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from typing import Final

from anyascii import anyascii
from zxcvbn import zxcvbn

from seifas.errors import Invalid
from seifas.keeper.identity import leaked
from seifas.keeper.identity.known_words import WORDS

# What is left of a password once names, known words, runs and repetitions count as one character each.
_FEWEST_SURPRISES: Final = 8
# zxcvbn: "3: safely unguessable", 10^8 guesses and more; below it calls a password guessable.
_LOWEST_SCORE: Final = 3
# Its time grows with the square of the length and with each way to read symbols as letters (2.4 s for 72 hostile
# characters, 0.4 s for 32), and the interpreter is held meanwhile. What is strong is so within its first 32 characters.
_JUDGED: Final = 32
_MOST_READ: Final = 1_024
# zxcvbn keeps what it is told of a person in a variable of its module.
_ONE_AT_A_TIME: Final = threading.Lock()

_ROWS: Final = (
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgb",
)  # fmt: skip
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LEET: Final = str.maketrans("01345789@$!", "oieastbgasi")
# The row of digits on a Lithuanian keyboard; on it, "slaptažodis" without its layout is "slapta=odis".
_AS_DIGITS: Final = str.maketrans("ąčęėįšųūž", "12345678=")
_AS_LETTERS: Final = str.maketrans("12345678=", "aceeisuuz")

_LEAKED: Final = (
    "This one is easy to guess: it is on the lists of leaked passwords that are tried first. Choose another, four or "
    "five unrelated words, and no longer use this one anywhere."
)
_EASY: Final = (
    "This one is too easy to guess: it is mostly names, known words, a row of keys, a date or a repetition. Choose "
    "another: four or five unrelated words."
)


def refuse_guessable(password: str, names: Iterable[str] = ()) -> None:
    """Raises Invalid, never with the password in it, at "password-leaked" or "password". Blocks: up to half a second.

    `names` is what an attacker knows of the person and the clinic: login, display name, clinic's name, hosts. Any text
    of any length is judged; the length that a password has to have is the caller's.
    """
    if is_leaked(password):
        raise Invalid(_LEAKED, where="password-leaked")
    known = _parts(names)
    if surprises(password, known) < _FEWEST_SURPRISES or _score(password, known) < _LOWEST_SCORE:
        raise Invalid(_EASY, where="password")


def is_leaked(password: str) -> bool:
    """Whether the lists have it as typed, without case, or in plain Latin letters or digits for Lithuanian ones."""
    text = unicodedata.normalize("NFKC", password[:_MOST_READ])
    return leaked.is_leaked((text, text.casefold(), *_readings(text)))


def surprises(password: str, names: Iterable[str] = ()) -> int:
    """How many characters of a password a guesser who knows the names would not expect.

    A name, known word (backwards too) or year counts 1; a character that repeats, continues a run (keyboard row,
    alphabet, digits, both ways) or repeats what stood earlier counts 0. The smallest count is taken of the password as
    typed, with 0, 1, 3, 4 ... read as letters, and with Lithuanian letters and digits exchanged.
    """
    words = {*_parts(names), *WORDS}
    known = sorted(words | {word[::-1] for word in words}, key=len, reverse=True)
    plain = _readings(password)
    leet = [one.translate(_LEET) for one in plain]
    readings = {*plain, *leet, *(one.translate(_AS_LETTERS) for one in (*plain, *leet))}
    return min(_surprises(one, known) for one in readings)


def _surprises(text: str, known: list[str]) -> int:
    for word in known:
        text = text.replace(word, "\0")
    text = _YEAR.sub("\0", text)
    count = 0
    for at, char in enumerate(text):
        three = text[at - 2 : at + 1] if at > 1 else ""
        runs = bool(three) and any(three in row or three[::-1] in row for row in _ROWS)
        repeats = at > 0 and (char == text[at - 1] or (bool(three) and three in text[:at]))
        count += not (runs or repeats)
    return count


def _score(password: str, known: Iterable[str]) -> int:
    """zxcvbn's 0 to 4 of the worst reading."""
    inputs = [*known, *WORDS]
    with _ONE_AT_A_TIME:
        return min(int(zxcvbn(one[:_JUDGED], inputs)["score"]) for one in _readings(password))


def _readings(text: str) -> tuple[str, ...]:
    """Without case and accents; and once more with Lithuanian letters as the digits of their keys."""
    folded = unicodedata.normalize("NFKC", text[:_MOST_READ]).casefold()
    return tuple(dict.fromkeys((_plain(folded), _plain(folded.translate(_AS_DIGITS)))))


def _parts(names: Iterable[str]) -> list[str]:
    """Names whole and in pieces, as they are and in Latin letters."""
    known = [name[:_MOST_READ] for name in names]
    plain = [_plain(one.casefold()) for name in known for one in (name, anyascii(name))]
    found = (part for name in plain for part in (name, *re.split(r"[\W_]+", name)))
    return list(dict.fromkeys(part for part in found if len(part) >= 3))


def _plain(folded: str) -> str:
    # Not anyascii, for a password: it reads a file for each block of Unicode, and their access times would tell.
    marked = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in marked if not unicodedata.combining(char))[:_MOST_READ]
