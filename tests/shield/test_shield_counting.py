"""Counting: against plain Python dictionaries, for whatever comes."""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.shield import baseline, work
from seifas.shield.addresses import GOOD, MOST, SOLVED, Addresses, grouped
from seifas.shield.baseline import Baseline, Usual
from seifas.shield.counting import Tally, portions, without_details
from seifas.shield.distinct import Distinct, Total, Window
from seifas.shield.gauging import Line, Served, info, served
from seifas.shield.lines import parsed
from seifas.shield.model import Mode
from seifas.shield.networks import WEEK_S, Networks, networks4, networks6

sent = st.tuples(st.integers(0, 40), st.integers(1000, 1100), st.booleans(), st.integers(0, 5000), st.integers(0, 3))


def four(numbers: list[int]) -> np.ndarray[Any, Any]:
    return np.array(numbers, np.uint32)


def six(texts: list[str]) -> np.ndarray[Any, Any]:
    return np.frombuffer(b"".join(socket.inet_pton(socket.AF_INET6, text) for text in texts), "S16")


def table(rows: list[tuple[int, int, bool, int, int]], *, wide: bool) -> Any:
    keys = six([f"2001:db8::{row[0]:x}" for row in rows]) if wide else four([row[0] for row in rows])
    return grouped(
        keys, four([row[1] for row in rows]), np.array([row[2] for row in rows], np.bool_),
        np.array([row[3] for row in rows], np.int64), np.array([row[4] for row in rows], np.uint8),
    )  # fmt: skip


@given(st.lists(st.lists(sent, max_size=30), max_size=6), st.booleans())
@settings(max_examples=of_whole(80), deadline=None)
def test_the_book_is_what_a_dictionary_would_be(
    batches: list[list[tuple[int, int, bool, int, int]]], wide: bool
) -> None:
    book, plain = Addresses(), {}
    for rows in batches:
        fresh = book.add(table(rows, wide=wide))
        assert len(fresh) == len({row[0] for row in rows} - set(plain))
        for number, second, away, size, flags in rows:
            first, last, requests, turned, total, seen = plain.get(number, (second, second, 0, 0, 0, 0))
            plain[number] = (
                min(first, second), max(last, second), requests + 1, turned + away, total + size, seen | flags
            )
    whole = book.tables()[1 if wide else 0]
    keys = [int(key[14:].hex() or "0", 16) if wide else int(key) for key in (
        (one.tobytes() for one in whole.keys) if wide else whole.keys
    )]  # fmt: skip
    assert keys == sorted(plain)
    assert [
        (int(whole.first[at]), int(whole.last[at]), int(whole.requests[at]), int(whole.turned_away[at]),
         int(whole.bytes_out[at]), int(whole.flags[at]))
        for at in range(len(whole))
    ] == [plain[key] for key in sorted(plain)]  # fmt: skip
    assert book.good == sum(1 for row in plain.values() if row[5] & GOOD)
    senders = book.senders(1050, 2)[1 if wide else 0]
    if wide:  # all of one /64
        last = max((row[1] for row in plain.values()), default=0)
        away, asked = sum(row[3] for row in plain.values()), sum(row[2] for row in plain.values())
        spared = any(row[5] & 3 for row in plain.values())
        assert len(senders) == (last >= 1050 and away >= 2 and away > asked // 2 and not spared)
    else:
        assert len(senders) == sum(
            1 for row in plain.values() if row[1] >= 1050 and row[3] >= 2 and row[3] > row[2] // 2 and not row[5] & 3
        )


def test_past_its_size_the_book_says_so_and_still_takes_good_visitors() -> None:
    book = Addresses(most=100)
    book.add(table([(number, 1000, True, 1, 0) for number in range(99)], wide=False))
    assert book.exact
    book.add(table([(number, 1001, False, 1, GOOD if number % 2 else 0) for number in range(200, 220)], wide=False))
    assert not book.exact
    assert book.good == 10
    assert len(book) == 110
    book.forget(1001)
    assert book.exact
    assert len(book) == 11


def test_a_book_of_many_is_looked_up_like_one_of_few() -> None:
    book = Addresses()
    numbers = np.arange(0, 200_000 * 3, 3, dtype=np.uint32)
    for part in np.split(np.random.default_rng(1).permutation(numbers), 10):
        size = len(part)
        book.add(grouped(part, np.full(size, 5, np.uint32), np.ones(size, np.bool_), np.ones(size, np.int64),
                         np.zeros(size, np.uint8)))  # fmt: skip
    assert (book.tables()[0].keys == numbers).all()
    assert len(book) == 200_000 < MOST


@given(st.lists(st.lists(st.integers(0, 60), max_size=20), max_size=8))
@settings(max_examples=of_whole(60))
def test_a_minute_counts_each_address_once(batches: list[list[int]]) -> None:
    distinct, window, everything = Distinct(), Window(), Counter[int]()
    for at, batch in enumerate(batches):
        everything.update(batch)
        keys, counts = np.unique(four(batch), return_counts=True)
        distinct.add(keys, counts.astype(np.uint32))
        window.add(keys, float(at))
    assert distinct.count() == (len(everything), True)
    keys, counts = distinct.merged("u4")
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == dict(everything)
    assert abs(window.count(float(len(batches))) - len(everything)) <= 1


def test_past_a_million_it_is_a_sketch_within_one_in_a_hundred() -> None:
    distinct, total = Distinct(most=20_000), Total()
    for part in range(6):
        keys = np.arange(part * 20_000, part * 20_000 + 40_000, dtype=np.uint32) * np.uint32(2654435761)
        distinct.add(np.sort(keys), np.ones(40_000, np.uint32))
        total.add(keys)
    count, exact = distinct.count()
    assert not exact
    assert abs(count / 140_000 - 1) < 0.01
    assert abs(total.count() / 140_000 - 1) < 0.01
    wide = Total()
    wide.add(six([f"2001:db8:{number >> 8:x}:{number & 255:x}::1" for number in range(30_000)]))
    assert abs(wide.count() / 30_000 - 1) < 0.01


def test_the_window_forgets() -> None:
    window = Window()
    window.add(four(list(range(500))), 3.0)
    assert abs(window.count(58.0) - 500) < 15
    assert window.count(66.0) == 0


def lines(rows: list[tuple[str, str, str, str]]) -> Any:
    """(source, listener, lane, outcome)"""
    made = [
        f"R {source} 1795343095123 {listener} {lane} {outcome} 200 100 GET 4 AB /p -".encode()
        for source, listener, lane, outcome in rows
    ]
    return parsed(made)[0]


def test_a_minute_has_its_lanes_networks_paths_and_what_was_lost() -> None:
    tally = Tally("public")
    batch = lines([
        ("192.0.2.1", "p", "stranger", "challenged"), ("192.0.2.9", "p", "stranger", "challenged"),
        ("198.51.100.7", "p", "patient", "served"), ("2001:db8:7:1::5", "p", "solved", "served"),
        ("203.0.113.5", "s", "staff", "served"), ("::ffff:192.0.2.1", "p", "stranger", "shed"),
    ])  # fmt: skip
    parts = portions(batch)
    assert [len(part.index) for part in parts] == [5, 1]
    tally.add(parts[0], 3, 100.0)
    recent = tally.recent(101.0)
    assert (recent.demand, recent.turned_away, recent.sources, recent.newcomers) == (0.3, 1.0, 4, 3)
    minute = tally.minute(
        begins_ms=0, seconds=60, mode=Mode.GUARDED, connections=9, seen_requests=1000, cpu=0.5, uplink={},
        clock_offset_ms=None,
    )  # fmt: skip
    assert (minute.distinct, minute.distinct_exact, minute.requests, minute.lines_lost) == (4, True, 1000, 995)
    assert minute.prefixes4 == (("192.0.2.0/24", 3), ("198.51.100.0/24", 1))
    assert minute.prefixes6 == (("2001:db8:7::/48", 1),)
    assert minute.lanes["stranger"].outcomes == {"challenged": 2, "shed": 1}
    assert minute.lanes["stranger"].bytes_out == 300
    assert minute.paths == (("/p", 5),)
    assert minute.queue_ms == 4
    assert without_details(minute).prefixes4 == ()
    book = Addresses()
    for part in parts:
        for one in part.tables:
            book.add(one)
    flags = {str(ipaddress.IPv4Address(int(key))): flag for key, flag in zip(
        book.tables()[0].keys, book.tables()[0].flags, strict=True
    )}  # fmt: skip
    assert flags == {"192.0.2.1": 0, "192.0.2.9": 0, "198.51.100.7": GOOD, "203.0.113.5": GOOD}
    assert book.tables()[1].flags.tolist() == [SOLVED]


def test_names_without_end_are_bounded() -> None:
    tally = Tally("public")
    for start in range(0, 60_000, 10_000):
        made = [
            f"R 192.0.2.1 1795343095123 p stranger challenged 403 1 GET 0 AB /{number} -".encode()
            for number in range(start, start + 10_000)
        ] + [b"R 192.0.2.1 1795343095123 p stranger challenged 403 1 GET 0 AB /often -"] * 500
        tally.add(portions(parsed(made)[0])[0], 0, 1.0)
    assert len(tally._paths) <= 20_000
    assert tally._paths.most_common(1) == [("/often", 3000)]


def test_networks_are_known_for_some_weeks_and_good_ones_for_good() -> None:
    networks = Networks()
    one, same, other = four([0xC0000201]), four([0xC00002FF]), four([0xC0000301])
    assert networks.unknown(one, 0) == 1
    networks.learn(one, 0)
    assert (networks.unknown(same, WEEK_S), networks.unknown(other, WEEK_S)) == (0, 1)
    assert networks.unknown(same, 6 * WEEK_S) == 1
    wide, near, far = six(["2001:db8:1::1"]), six(["2001:db8:1:ffff::9"]), six(["2001:db8:2::1"])
    networks.learn(wide, 0)
    assert (networks.unknown(near, 0), networks.unknown(far, 0), networks.unknown(near, 6 * WEEK_S)) == (0, 1, 1)
    assert networks.learn_good(one) == [0xC00002]
    assert networks.learn_good(same) == []
    networks.learn_good(wide)
    assert [array.tolist() for array in networks.good()] == [[0xC00002], [0x20010DB80001]]


@given(st.ip_addresses(v=4), st.ip_addresses(v=6))
def test_networks_are_what_the_standard_library_says(v4: ipaddress.IPv4Address, v6: ipaddress.IPv6Address) -> None:
    network4 = ipaddress.ip_network((int(v4) >> 8 << 8, 24))
    network6 = ipaddress.ip_network((int(v6) >> 80 << 80, 48))
    assert int(networks4(four([int(v4)]))[0]) << 8 == int(network4.network_address)
    assert int(networks6(six([str(v6)]))[0]) << 80 == int(network6.network_address)


def test_the_usual_is_learned_slowly_by_hour_and_kept(tmp_path: Path) -> None:
    known = Baseline()
    monday_8 = 1_795_420_800_000  # 2026-11-23 08:00 UTC
    assert baseline.hour_of(monday_8) == 8
    assert baseline.usual(known, monday_8) == Usual()
    known = baseline.learned(known, monday_8, Usual(40, 10, 2))
    assert baseline.usual(known, monday_8 + 3_600_000).sources == 40  # the hour beside it
    assert baseline.usual(known, monday_8 + 86_400_000).sources == 40  # nothing else is known
    for _ in range(10):
        known = baseline.learned(known, monday_8, Usual(100_000, 0, 0))
    assert baseline.usual(known, monday_8).sources < 20_000
    file = tmp_path / "baseline.json"
    baseline.store(file, {"public": known})
    assert baseline.load(file) == {"public": known}
    for bad in (b"", b"{", b'{"public": {"hours": []}}', b"\xff" * 9, b'{"public": {"hours": [{"sources": -1}]}}'):
        file.write_bytes(bad)
        assert baseline.load(file) == {}
    assert baseline.load(tmp_path / "none") == {}


@given(st.lists(st.tuples(st.integers(1, 90), st.floats(0, 1000)), max_size=12))
@settings(max_examples=of_whole(50), deadline=None)
def test_difficulty_goes_in_steps_and_within_its_levels(phases: list[tuple[int, float]]) -> None:
    now, at = work.Work(), 0
    for seconds, solved in phases:
        for _ in range(seconds):
            before, now = now, work.step(now, solved, float(at))
            assert abs(now.level - before.level) <= 1
            assert 0 <= now.level < len(work.LEVELS)
            assert now.target * now.hashes == 2**32
            at += 1


def test_difficulty_rises_while_many_solve_and_falls_when_few_do() -> None:
    now = work.Work()
    for at in range(300):
        now = work.step(now, 200.0, float(at))
    assert now.hashes == work.LEVELS[-1]
    for at in range(300, 1000):
        now = work.step(now, 0.5, float(at))
    assert now.hashes == work.LEVELS[0]


@pytest.mark.parametrize("text", [{}, {"Idle_pct": "x"}, {"Idle_pct": "250", "Pid": ""}])
def test_figures_that_are_not_there_are_nothing(text: dict[str, str]) -> None:
    assert info(text).busy == 0.0
    rows = [{}, {"pxname": "public"}, {"pxname": "public", "svname": "FRONTEND", "req_tot": "-"}]
    assert served(rows, ["public"]) == {"public": Served()}


def test_a_worker_that_began_anew_is_counted_from_nothing() -> None:
    assert Served(10, 9, 1, 3) - Served(7, 8, 1, 5) == Served(3, 1, 0, 3)
    assert Served(10, 9, 1, 3) - Served(7000, 8, 1, 5) == Served(10, 9, 1, 3)


def test_the_line_is_read_from_the_kernel_and_its_gaps_are_left_out(tmp_path: Path) -> None:
    net, cards = tmp_path / "net", tmp_path / "cards"
    for place in (net, cards / "eth0"):
        place.mkdir(parents=True)
    head = "Inter-| Receive\n face |bytes packets errs drop\n"
    loopback = "  lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n"
    (net / "dev").write_text(head + loopback + "eth0: 1000 10 0 1 0 0 0 0 500 5 0 0 0 0 0 0\n")
    (cards / "eth0" / "speed").write_text("1000\n")
    line = Line(net, cards)
    assert line.look(1.0) == {}
    (net / "dev").write_text(head + "eth0: 3000 30 0 5 0 0 0 0 900 9 0 0 0 0 0 0\n")
    assert line.look(3.0) == {
        "rx_bytes": 1000.0, "rx_packets": 10.0, "rx_dropped": 2.0, "tx_bytes": 200.0, "tx_packets": 2.0,
        "link_bytes": 125_000_000.0,
    }  # fmt: skip
    by_contract = Line(net, cards, bytes_s=37_500_000)
    by_contract.look(1.0)
    assert by_contract.look(2.0)["link_bytes"] == 37_500_000.0
    (net / "dev").write_text("nonsense")
    assert line.look(4.0) == {"link_bytes": 125_000_000.0} | dict.fromkeys(
        ("rx_bytes", "rx_packets", "rx_dropped", "tx_bytes", "tx_packets"), 0.0
    )
