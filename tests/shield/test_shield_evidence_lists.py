"""Lists of addresses to block: no good visitor and nobody beside one is in any, and others' programs read them."""

import csv
import io
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import flood_makers as makers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.addresses import GOOD, SOLVED
from seifas.shield.evidence import forms, lists
from seifas.shield.evidence.lists import Rule

RULE = Rule(turned_at_least=3, rolled4=2, rolled6=2)
FLOODED = {f"198.51.100.{one}": (5, 0) for one in range(1, 80)} | {
    "203.0.113.9": (5, 0), "203.0.114.9": (2, 0), "2001:db8:7::1": (5, 0), "192.0.2.5": (5, 0), "192.0.2.6": (0, GOOD),
    "10.1.2.3": (99, 0), "127.0.0.1": (99, 0), "127.16.3.4": (99, 0), "fe80::1": (99, 0), "::1": (99, 0),
}  # fmt: skip


def network(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(f"{address}/{24 if '.' in address else 48}", strict=False)


def lines(text: bytes) -> list[str]:
    return [line for line in text.decode("ascii").splitlines() if not line.startswith("#")]


def nft_addresses(text: bytes) -> list[str]:
    found = [line.split("{", 1)[1].rstrip("} ") for line in text.decode("ascii").splitlines() if "elements = " in line]
    return [one.strip() for each in found for one in each.split(",")]


@given(makers.BOOKS, st.lists(makers.FOURS, max_size=3), st.lists(makers.SIXES, max_size=3))
def test_no_good_visitor_nor_its_network_is_in_any_list(sent: makers.Sent, good4: list[int], good6: list[int]) -> None:
    known4, known6 = [one >> 8 for one in good4], [one >> 80 for one in good6]
    book = makers.joined(sent, known4, known6)
    blocked = lists.chosen(book, RULE)
    good = {network(one) for one, (_, flags) in sent.items() if flags & GOOD}
    good |= {ipaddress.ip_network((one << 8, 24)) for one in known4}
    good |= {ipaddress.IPv6Network((one << 80, 48)) for one in known6}
    solved = {ipaddress.ip_address(one) for one, (_, flags) in sent.items() if flags & (GOOD | SOLVED)}
    never = [ipaddress.ip_network(one) for one in lists.NEVER]

    singles = {ipaddress.ip_address(one) for one in nft_addresses(forms.nft(blocked, RULE, 0))}
    assert singles == {ipaddress.ip_address(one.split()[0]) for one in lines(forms.haproxy_map(blocked, RULE, 0))}
    wanted = {
        one for one in map(ipaddress.ip_address, sent)
        if sent[str(one)][0] >= 3 and one not in solved and network(str(one)) not in good
        and not any(one.version == each.version and one in each for each in never)
    }  # fmt: skip
    assert singles == wanted
    assert len(blocked) == len(wanted)
    assert len(sent) == len(blocked) + blocked.left_good + blocked.left_spared + blocked.left_few

    rolled = [ipaddress.ip_network(one) for one in lines(forms.cidr(blocked, RULE, 0))]
    assert all(any(one.version == each.version and one in each for each in rolled) for one in singles)
    for each in rolled:
        assert not any(each.version == one.version and each.overlaps(one) for one in (*good, *never))
        assert not any(each.version == one.version and one in each for one in solved)


def test_what_is_left_out_is_counted_and_many_stand_as_one_network() -> None:
    blocked = lists.chosen(makers.joined(FLOODED), Rule())
    assert (blocked.left_good, blocked.left_spared, blocked.left_few) == (2, 4, 1)
    assert lines(forms.cidr(blocked, Rule(), 0)) == [
        "198.51.100.0/24",
        "127.16.3.4/32",
        "203.0.113.9/32",
        "2001:db8:7::1/128",
    ]
    spared = Rule(spared=("198.51.100.7/24", "2001:db8:7::1/128"))
    found = lists.chosen(makers.joined(FLOODED), spared)
    assert lines(forms.cidr(found, spared, 0)) == ["127.16.3.4/32", "203.0.113.9/32"]


def test_who_was_never_turned_away_but_asked_and_asked_is_listed() -> None:
    book = makers.joined({"198.51.100.1": (0, 0), "198.51.100.2": (0, 0), "203.0.113.1": (0, GOOD)})
    book.v4.requests[:] = (299, 300, 5_000)
    assert lines(forms.cidr(lists.chosen(book, Rule()), Rule(), 0)) == ["198.51.100.2/32"]


def test_a_network_with_somebody_to_be_spared_is_not_blocked_as_a_whole() -> None:
    sent = FLOODED | {"198.51.100.200": (1, SOLVED)}
    assert "198.51.100.0/24" not in lines(forms.cidr(lists.chosen(makers.joined(sent), Rule()), Rule(), 0))
    spared = Rule(spared=("198.51.100.201",))
    found = lines(forms.cidr(lists.chosen(makers.joined(FLOODED), spared), spared, 0))
    assert "198.51.100.0/24" not in found
    assert "198.51.100.1/32" in found


@pytest.mark.parametrize(
    "rule",
    [
        Rule(turned_at_least=0),
        Rule(requests_at_least=0),
        Rule(hours=0),
        Rule(hours=10_000),
        Rule(rolled4=1),
        Rule(spared=("everybody",)),
        Rule(spared=("1.2.3.4/99",)),
    ],
)
def test_a_rule_without_sense_is_refused(rule: Rule) -> None:
    with pytest.raises(Invalid):
        lists.chosen(makers.joined(FLOODED), rule)


def test_an_empty_book_makes_empty_files() -> None:
    book = makers.joined({})
    blocked = lists.chosen(book, Rule())
    assert lines(forms.cidr(blocked, Rule(), 0)) == lines(forms.haproxy_map(blocked, Rule(), 0)) == []
    assert nft_addresses(forms.nft(blocked, Rule(), 0)) == []
    assert forms.csv(book).decode().splitlines() == [forms.CSV_HEAD]
    assert json.loads(forms.json(book, "ab"))["addresses"] == []


def test_tables_hold_everybody_and_say_what_is_known() -> None:
    book = makers.joined(FLOODED)
    rows = list(csv.DictReader(io.StringIO(forms.csv(book).decode("ascii"))))
    told = json.loads(forms.json(book, "ab" * 16))
    assert len(rows) == len(told["addresses"]) == len(FLOODED)
    by_address = {one["address"]: one for one in rows}
    assert by_address["192.0.2.6"]["visitor"] == "good"
    assert by_address["192.0.2.5"]["visitor"] == "good-network"
    assert by_address["198.51.100.1"]["visitor"] == ""
    assert by_address["198.51.100.1"]["turned_away"] == "5"
    assert by_address["2001:db8:7::1"]["first_seen"].startswith("2026-09-")
    for one in told["addresses"]:
        assert {name: str(value) for name, value in one.items()} == by_address[one["address"]]
    assert (told["event"], told["exact"], told["distinct"], told["whole"]) == ("ab" * 16, True, len(FLOODED), True)


def test_nobody_is_called_by_a_bad_name() -> None:
    book = makers.joined(FLOODED)
    blocked = lists.chosen(book, Rule())
    for text in (
        forms.csv(book), forms.json(book, "x"), *(make(blocked, Rule(), 0) for make in
        (forms.nft, forms.haproxy_map, forms.cidr)),
    ):  # fmt: skip
        assert b"attack" not in text.lower()
        assert b"bot" not in text.lower()


def test_nft_loads_the_set_again_and_again_and_it_ends_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "flood.nft"
    file.write_bytes(forms.nft(lists.chosen(makers.joined(FLOODED), Rule()), Rule(hours=2), 0))
    empty = tmp_path / "empty.nft"
    empty.write_bytes(forms.nft(lists.chosen(makers.joined({}), Rule()), Rule(), 0))
    done = subprocess.run(
        ["unshare", "--net", *(["--map-root-user"] if os.geteuid() else []), "sh", "-ec",
         f"nft -f {empty}; nft -f {file}; nft -f {file}; nft -j list ruleset"],
        check=False, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sets = {one["set"]["name"]: one["set"] for one in json.loads(done.stdout)["nftables"] if "set" in one}
    four = {one["elem"]["val"] for one in sets["senders4"]["elem"]}
    assert len(four) == 81
    assert {"198.51.100.1", "203.0.113.9"} < four
    assert "192.0.2.5" not in four
    assert 7_100 < sets["senders4"]["elem"][0]["elem"]["expires"] <= 7_200
    assert [one["elem"]["val"] for one in sets["senders6"]["elem"]] == ["2001:db8:7::1"]


def test_haproxy_reads_the_map_by_the_two_lines_of_its_head(tmp_path: Path) -> None:
    program = shutil.which("haproxy")
    if program is None:
        pytest.fail("haproxy is needed")
    now = time.time_ns() // 1_000_000
    sent = {"127.16.3.4": (9, 0), "127.16.4.4": (9, 0), "127.16.5.4": (9, GOOD)}
    text = forms.haproxy_map(lists.chosen(makers.joined(sent), Rule()), Rule(hours=1), now).decode("ascii")
    place = tmp_path / "senders.map"
    rules = [line[2:].replace("/etc/haproxy/senders.map", str(place)) for line in text.splitlines()
             if line.startswith("# http-request")]  # fmt: skip
    assert len(rules) == 2
    place.write_text(text.replace(f"127.16.4.4 {(now + 3_600_000) // 1000}", f"127.16.4.4 {now // 1000 - 5}"))
    assert f"127.16.4.4 {now // 1000 - 5}" in place.read_text()
    door = tmp_path / "http.sock"
    config = tmp_path / "haproxy.cfg"
    config.write_text("\n".join([
        "defaults", "  mode http", "  timeout client 5s", "  timeout server 5s", "  timeout connect 1s",
        "frontend one", f"  bind unix@{door} accept-proxy", *(f"  {one}" for one in rules),
        "  http-request return status 200", "",
    ]))  # fmt: skip
    child = subprocess.Popen([program, "-db", "-f", str(config)], stderr=subprocess.PIPE)
    try:
        assert answer(door, "127.16.4.4").startswith(b"HTTP/1.1 200")  # its time is over
        assert answer(door, "127.16.3.4", 1.0) == b""
        assert answer(door, "127.16.5.4").startswith(b"HTTP/1.1 200")
        assert answer(door, "198.51.100.1").startswith(b"HTTP/1.1 200")
    finally:
        child.terminate()
        child.communicate(timeout=10)


def answer(path: Path, source: str, patience_s: float = 60.0) -> bytes:
    """What HAProxy says to a request from this address; nothing is silence."""
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(patience_s)
        line.connect(os.fspath(path))
        line.sendall(f"PROXY TCP4 {source} 127.0.0.1 1234 80\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        try:
            return line.recv(1000)
        except (TimeoutError, ConnectionResetError):
            return b""
