"""Evidence of a flood: 300,000 addresses as a book and as every file, and how wrong a count of distinct addresses is.

Beside the table stands what one writes first: an `ipaddress` object for each address, and the csv module.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from bench.figures import Bar, Figure, alone, beside
from bench.setting import Setting
from seifas.shield import addresses
from seifas.shield.addresses import Table
from seifas.shield.distinct import MOST_EXACT, Distinct
from seifas.shield.evidence import book, forms, lists
from seifas.shield.evidence.book import Book
from seifas.shield.evidence.lists import Rule

_MANY = 300_000
_SIXES = 50_000
_BEGAN = 1_790_000_000
_BATCH = 8_000  # addresses in a second of a strong flood
_EXPORT = Bar(at_most=2.0, unit="s")
_SIZE = Bar(at_most=12.0, unit="MB")
_ERROR = Bar(at_most=1.0, unit="%")
_RULE = Rule()


def run(setting: Setting) -> list[Figure]:
    dice = np.random.default_rng(6)
    told = addresses.Book(
        _table(dice, _fours(dice, _MANY - _SIXES)), _table(dice, _sixes(dice, _SIXES)), True,
        np.empty(0, np.uint32), np.empty(0, np.uint64),
    )  # fmt: skip
    setting.say(f"a book of {_MANY:,} addresses")
    parts = _pack(told)
    read = book.joined(parts)
    figures = [
        alone("book of 300,000 addresses, a sixth IPv6, one day", "MB", [_megabytes(parts)], _SIZE),
        alone("book of 300,000 IPv6 addresses, a week, all values wide", "MB", [_megabytes(_widest(dice))], _SIZE),
        alone("book written and read again", "s", _timed(setting, lambda: book.joined(_pack(told))), _EXPORT),
    ]
    for name, export in _exports(read):
        setting.say(f"{_MANY:,} addresses as {name}")
        cpu = time.process_time()
        took = _timed(setting, export)
        cpu = (time.process_time() - cpu) / setting.rounds
        figures.append(alone(f"300,000 addresses as {name}", "s", took, _EXPORT, f"{cpu:.2f} s of a core"))
    ours, theirs = [], []
    for _ in range(setting.rounds):
        ours.append(_once(lambda: forms.csv(read)))
        theirs.append(_once(lambda: _plain_csv(read)))
    figures.append(
        beside("CSV beside one object an address", "s", ours, "ipaddress and csv", theirs, Bar(at_most=1.0))
    )
    return figures + _distinct(setting)


def _fours(dice: np.random.Generator, count: int) -> np.ndarray:
    return np.sort(dice.choice(0x60000000, count, replace=False).astype(np.uint32) + np.uint32(0x20000000))


def _sixes(dice: np.random.Generator, count: int) -> np.ndarray:
    raw = np.frombuffer(dice.bytes(16 * count), np.uint8).reshape(-1, 16).copy()
    raw[:, :2] = (0x20, 0x01)
    return np.unique(raw.view("S16").ravel())


def _table(dice: np.random.Generator, keys: np.ndarray, span_s: int = 86_400, most: int = 2_000) -> Table:
    count = len(keys)
    first = (_BEGAN + dice.integers(0, span_s, count)).astype(np.uint32)
    requests = dice.integers(1, most, count).astype(np.uint32)
    good = dice.random(count) < 0.002
    return Table(
        keys, first, first + dice.integers(0, span_s, count).astype(np.uint32), requests,
        (requests * ~good).astype(np.uint32), requests.astype(np.uint64) * np.uint64(900),
        (good * addresses.GOOD).astype(np.uint8),
    )  # fmt: skip


def _widest(dice: np.random.Generator) -> tuple[bytes, ...]:
    v6 = _table(dice, _sixes(dice, _MANY), 7 * 86_400, 4_000_000)
    return _pack(
        addresses.Book(addresses.no_table("u4"), v6, True, np.empty(0, np.uint32), np.empty(0, np.uint64))
    )


def _pack(told: addresses.Book) -> tuple[bytes, ...]:
    return book.packed(told, chain=bytes(16), made_ms=_BEGAN * 1000, distinct=len(told))


def _megabytes(parts: tuple[bytes, ...]) -> float:
    return sum(map(len, parts)) / 1e6


def _exports(read: Book) -> list[tuple[str, Callable[[], bytes]]]:
    def listed(write: Callable[..., bytes]) -> Callable[[], bytes]:
        return lambda: write(lists.chosen(read, _RULE), _RULE, _BEGAN * 1000)

    return [
        ("CSV", lambda: forms.csv(read)), ("JSON", lambda: forms.json(read, "ab" * 16)),
        ("an nft set", listed(forms.nft)), ("a HAProxy map", listed(forms.haproxy_map)),
        ("CIDR, rolled up", listed(forms.cidr)),
    ]  # fmt: skip


def _plain_csv(read: Book) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for each in (read.v4, read.v6):
        kind = ipaddress.IPv4Address if each is read.v4 else ipaddress.IPv6Address
        width = 4 if each is read.v4 else 16
        keys = book.key_bytes(each)
        for place in range(len(each)):
            first, last = (datetime.fromtimestamp(int(one[place]), UTC).isoformat() for one in (each.first, each.last))
            writer.writerow([
                str(kind(keys[place * width : place * width + width])), first, last, int(each.requests[place]),
                int(each.turned_away[place]), int(each.bytes_out[place]), int(each.flags[place]),
            ])  # fmt: skip
    return out.getvalue().encode("ascii")


def _distinct(setting: Setting) -> list[Figure]:
    """A minute's addresses as they come: in batches, most of them several times, in no order."""
    figures = []
    for count in (300_000, MOST_EXACT, 2 * MOST_EXACT, 3 * MOST_EXACT)[: 2 if setting.quick else 4]:
        setting.say(f"counting {count:,} distinct addresses")
        errors, exact = [], True
        for seed in range(setting.rounds):
            dice = np.random.default_rng(seed)
            fours, sixes = _fours(dice, count - count // 6), _sixes(dice, count // 6)
            counted = Distinct()
            for keys in (fours, sixes):
                for order in (dice.permutation(len(keys)), dice.permutation(len(keys))[: len(keys) // 3]):
                    for at in range(0, len(order), _BATCH):
                        batch = np.sort(keys[order[at : at + _BATCH]])
                        counted.add(batch, np.ones(len(batch), np.uint32))
            found, said_exact = counted.count()
            exact = exact and said_exact
            errors.append(abs(found / (len(fours) + len(sixes)) - 1) * 100)
        how = "counted one by one" if exact else "estimated by a sketch"
        figures.append(alone(f"error of a count of {count:,}, {how}", "%", [max(errors)], _ERROR,
                             f"the worst of {setting.rounds}; mean {statistics.mean(errors):.2g} %"))  # fmt: skip
    return figures


def _timed(setting: Setting, deed: Callable[[], object]) -> list[float]:
    return [_once(deed) for _ in range(setting.rounds)]


def _once(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began
