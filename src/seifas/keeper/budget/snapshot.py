"""The ledger as bytes, so that unlocking replays days and not the whole log.

Only what still counts is written, in one order: two ledgers of the same charges give the same bytes, and a test can say
"the same state" without looking inside.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.budget.books import AccountBook, Books, ClinicBook, SessionBook
from seifas.keeper.budget.limits import DAY
from seifas.keeper.budget.warm_days import WarmDays
from seifas.keeper.budget.windows import Tally, Window

VERSION = 1

Entries = tuple[tuple[bytes, int], ...]
Times = tuple[int, ...]


class _Days(msgspec.Struct, frozen=True, array_like=True):
    closed: tuple[tuple[int, int], ...] = ()
    day: int = -1
    opened: int = 0


class _Account(msgspec.Struct, frozen=True, array_like=True):
    ident: bytes
    windows: dict[str, Entries]
    tallies: dict[str, Times]
    days: _Days
    suspended: bool
    raises: dict[str, tuple[int, int]]


class _Session(msgspec.Struct, frozen=True, array_like=True):
    ident: bytes
    account: bytes
    touched: int
    windows: dict[str, Entries]
    tallies: dict[str, Times]


class _Clinic(msgspec.Struct, frozen=True, array_like=True):
    windows: dict[str, Entries]
    lists: tuple[tuple[bytes, int, tuple[bytes, ...]], ...]
    raises: dict[str, tuple[int, int]]


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    version: int
    now: int
    accounts: tuple[_Account, ...]
    sessions: tuple[_Session, ...]
    clinic: _Clinic
    rung: Entries


def dump(books: Books, now: int) -> bytes:
    """MessagePack of what counts at `now`, which is not before the last charge."""
    live = books.limits.worklist_days * DAY
    whole = _Snapshot(
        VERSION,
        now,
        tuple(_account(ident, books.accounts[ident], now) for ident in sorted(books.accounts)),
        tuple(_session(ident, book, now) for ident, book in books.sessions.items() if now - book.touched < DAY),
        _Clinic(
            _windows(books.clinic, now),
            tuple(
                (ident, at, tuple(sorted(patients)))
                for ident, (at, patients) in books.clinic.lists.items()
                if now - at < live
            ),
            _raises(books.clinic.raises, now),
        ),
        books.rung.entries(now),
    )
    return msgspec.msgpack.encode(whole)


def load(books: Books, data: bytes) -> None:
    """Into new books. Raises Invalid where the bytes are no snapshot of this version."""
    try:
        whole = msgspec.msgpack.decode(data, type=_Snapshot)
    except msgspec.MsgspecError as error:
        raise Invalid("these bytes are no budget snapshot", where="snapshot") from error
    if whole.version != VERSION:
        raise Invalid(f"this budget snapshot is of version {whole.version}; replay the log instead", where="snapshot")
    books.now = whole.now
    for one in whole.accounts:
        account = books.write_account(one.ident)
        _fill(account, one.windows, one.tallies)
        account.days = WarmDays(books.limits, one.days.closed, one.days.day, one.days.opened)
        account.suspended = one.suspended
        account.raises = dict(one.raises)
    for each in whole.sessions:
        session = books.sessions[each.ident] = SessionBook(each.account)
        session.touched = each.touched
        _fill(session, each.windows, each.tallies)
    _fill(books.clinic, whole.clinic.windows, {})
    for ident, at, patients in whole.clinic.lists:
        books.clinic.lists[ident] = (at, frozenset(patients))
    books.clinic.raises = dict(whole.clinic.raises)
    for key, at in whole.rung:
        books.rung.add(key, at)


def _account(ident: bytes, book: AccountBook, now: int) -> _Account:
    return _Account(
        ident, _windows(book, now), _tallies(book, now), _Days(*book.days.state(now)), book.suspended,
        _raises(book.raises, now),
    )


def _session(ident: bytes, book: SessionBook, now: int) -> _Session:
    return _Session(ident, book.account, book.touched, _windows(book, now), _tallies(book, now))


def _windows(book: AccountBook | SessionBook | ClinicBook, now: int) -> dict[str, Entries]:
    return {
        name: entries
        for name in book.__slots__
        if isinstance(window := getattr(book, name), Window) and (entries := window.entries(now))
    }


def _tallies(book: AccountBook | SessionBook, now: int) -> dict[str, Times]:
    return {
        name: times
        for name in book.__slots__
        if isinstance(tally := getattr(book, name), Tally) and (times := tally.times(now))
    }


def _fill(book: Any, windows: dict[str, Entries], tallies: dict[str, Times]) -> None:
    """Bounds that a later version no longer knows are left out; ones that it knows anew start empty."""
    for name, entries in windows.items():
        window = getattr(book, name, None)
        if isinstance(window, Window):
            for key, at in entries:
                window.add(key, at)
    for name, times in tallies.items():
        tally = getattr(book, name, None)
        if isinstance(tally, Tally):
            for at in times:
                tally.add(at)


def _raises(raises: dict[str, tuple[int, int]], now: int) -> dict[str, tuple[int, int]]:
    return {name: raises[name] for name in sorted(raises) if now < raises[name][1]}
