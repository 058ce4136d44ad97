"""People: passkeys, and a second one who can say no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking.model import ACCESS, HIGH, MEDIUM, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

PASSWORDS: Final = Kind(
    "accounts-without-passkey", HIGH, "Some people sign in without a passkey", ACCESS,
    "A password can be typed into a false page, and a link can be read in a mailbox; a passkey can do neither.",
    "seifas account list shows who; each adds one under their own name at the desk (a telephone will do).",
)
NO_OFFICER: Final = Kind(
    "officer-missing", HIGH, "Nobody wears the officer's hat", ACCESS,
    "Alarms ring for nobody, nobody can suspend an account, and what takes two people cannot be done.",
    "seifas account add NAME --hats officer, for two people.",
)
ONE_OFFICER: Final = Kind(
    "officer-alone", MEDIUM, "There is one officer only", ACCESS,
    "On holiday or ill they hear no alarm; and when theirs is the account that was taken, nobody stops it.",
    "seifas account add NAME --hats officer for a second person, or --hats outside for an outside approver.",
)
KINDS: Final = (PASSWORDS, NO_OFFICER, ONE_OFFICER)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    if (told := sight.inside) is None:
        yield unseen(KINDS, sight.closed)
        return
    if without := told.accounts - told.accounts_with_passkey:
        yield PASSWORDS.seen(f"{without} of {told.accounts} accounts that are not shut")
    if told.officers == 0:
        yield NO_OFFICER.seen("no account that can sign in has the hat")
    elif told.officers == 1:
        yield ONE_OFFICER.seen("one account that can sign in has the hat")
