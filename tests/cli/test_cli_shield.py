"""`seifas shield events` and `export` on a vault whose keeper was told of two floods, one of which lost a minute."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import flood_makers as makers
import msgspec
import numpy as np
import pytest
from flood_rig import Shield
from keeper_rig import Asked, Rig
from typer.testing import CliRunner

from seifas.cli import reach
from seifas.cli.main import app
from seifas.crypto import slots
from seifas.settings import Clinic
from seifas.shield import addresses
from seifas.shield.addresses import GOOD
from seifas.shield.evidence import book, chain
from seifas.shield.evidence.making import FORMS
from seifas.storage.keystore_sqlite import SqliteKeys

SENT = {"198.51.100.1": (9, 0), "203.0.113.4": (9, 0), "203.0.113.5": (0, GOOD), "2001:db8::1": (9, 0)}
HOSTILE = ["%3D1%2B1", "%1B%5B2J", "%3Cscript%3E"]


# One keeper for all commands, until its standard input ends.
_HELD = """
import sys
from pathlib import Path
from seifas.cli import reach

with reach.keeper(Path(sys.argv[1]), Path(sys.argv[2])):
    print("there", flush=True)
    sys.stdin.read()
"""


class Flooded(NamedTuple):
    data: Path
    out: Path
    whole: str
    broken: str


async def tell(shield: Shield, *, without: int = -1) -> bytes:
    """A flood of four minutes and one book; `without` is a minute that never arrived."""
    event = await shield.changed("siege", ago=400_000)
    head = chain.Head.begin(event)
    for place in range(4):
        one = makers.minute(place, paths=HOSTILE, samples=[makers.sample("GET /=1 HTTP/1.1\r\nhost: x\r\n")])
        link, head = chain.linked(head, msgspec.structs.replace(one, begins_ms=shield.now() - 400_000 + place * 60_000))
        if place != without:
            await shield.sent(link, event)
    told = addresses.Book(
        makers.table(SENT, 4), makers.table(SENT, 6), True, np.empty(0, np.uint32), np.empty(0, np.uint64)
    )
    at = shield.now() - 1_000
    await shield.book(*book.packed(told, chain=event, made_ms=at, distinct=len(told)), edition=at)
    await shield.changed("calm", "siege", event=event)
    return event


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    place = tmp_path_factory.mktemp("shield")
    data, out, secret = place / "vault", place / "out", place / "passphrase"
    out.mkdir()
    rig = Rig(data, demo=False, clinic=Clinic(id="ab" * 16, name="Klinika „Žolė“"))
    words = slots.generate_passphrase(6)
    secret.write_text(words)
    owner = slots.new_passphrase_slot(rig.root, words, "owner", slots.DEMO)
    SqliteKeys(data / rig.settings.paths.keys).write_slots(slots.encode_slots((owner,)))

    async def told(asked: Asked) -> tuple[str, str]:
        whole = await tell(Shield(asked))
        return whole.hex(), (await tell(Shield(asked), without=2)).hex()

    whole, broken = rig.run(told)
    keeper = subprocess.Popen(
        [sys.executable, "-c", _HELD, str(data), str(secret)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"there\n"
        yield Flooded(data, out, whole, broken)
    finally:
        keeper.communicate(timeout=60)


def seifas(flooded: Flooded, *args: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["shield", *args, "--data", str(flooded.data), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout.strip().splitlines()[-1])


def test_floods_are_listed_newest_first(flooded: Flooded) -> None:
    code, told = seifas(flooded, "events")
    assert code == 0
    assert [one["event"] for one in told["events"]] == [flooded.broken, flooded.whole]
    assert [one["minutes"] for one in told["events"]] == [3, 4]
    words = CliRunner().invoke(app, ["shield", "events", "--data", str(flooded.data)])
    assert flooded.whole in words.stderr
    assert "4 minutes, with its addresses" in words.stderr


def test_minutes_are_held_against_the_log(flooded: Flooded) -> None:
    code, told = seifas(flooded, "export", flooded.whole, "--verify")
    assert (code, told["ok"], told["minutes"], told["problems"]) == (0, True, 4, [])
    assert told["line"] > 0
    code, told = seifas(flooded, "export", flooded.broken, "--verify")
    assert (code, told["ok"]) == (5, False)
    assert "minutes 2 to 2 are missing" in told["problems"][0]


def test_the_last_minutes_hash_is_in_the_line_that_is_named(flooded: Flooded) -> None:
    _, told = seifas(flooded, "export", flooded.whole, "--verify")
    proof = flooded.out / "line.tlog-proof"
    runner = CliRunner()
    made = runner.invoke(app, ["audit", "proof", str(told["line"]), "--out", str(proof), "--data", str(flooded.data)])
    assert made.exit_code == 0, made.output
    key = str(flooded.data / "audit" / "key")
    shown = runner.invoke(app, ["audit", "check-proof", str(proof), "--key", key, "--json"])
    assert shown.exit_code == 0, shown.output
    assert bytes.fromhex(told["sha256"]) in bytes.fromhex(json.loads(shown.stdout)["outer"])


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_written_for_its_owner_alone(flooded: Flooded, form: str) -> None:
    file = flooded.out / f"{form}.out"
    args = ("--form", form, "--out", str(file), "--hours", "2")
    code, told = seifas(flooded, "export", flooded.whole, *args)
    assert (code, told["problems"]) == (0, [])
    assert file.stat().st_mode & 0o777 == 0o600
    body = file.read_bytes()
    assert len(body) == told["bytes"] > 0
    if form in ("nft", "haproxy", "cidr"):
        assert b"198.51.100.1" in body
        assert b"203.0.113." not in body
    again, refused = seifas(flooded, "export", flooded.whole, *args)
    assert (again, refused["where"]) == (2, str(file))


def test_a_broken_chain_is_said_in_the_paper(flooded: Flooded) -> None:
    file = flooded.out / "broken.pdf"
    code, told = seifas(flooded, "export", flooded.broken, "--out", str(file), "--language", "en")
    assert (code, len(told["problems"])) == (0, 1)
    words = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, timeout=20, check=True).stdout
    assert b"NOT WHOLE" in words
    assert "Klinika „Žolė“".encode() in words


def test_opening_addresses_is_a_line_of_the_log(flooded: Flooded) -> None:
    before = _size(flooded)
    seifas(flooded, "export", flooded.whole, "--form", "csv", "--out", str(flooded.out / "counted.csv"))
    with_book = _size(flooded) - before
    before = _size(flooded)
    seifas(flooded, "export", flooded.whole, "--form", "call", "--out", str(flooded.out / "counted.pdf"))
    assert with_book > _size(flooded) - before >= 1


def _size(flooded: Flooded) -> int:
    with reach.keeper(flooded.data) as keeper:
        return int(keeper.call("health")["log_size"])


@pytest.mark.parametrize(("args", "where"), [
    (("zz", "--verify"), "EVENT"), (("ab", "--verify"), "EVENT"), (("{whole}",), "--out"),
    (("{whole}", "--out", "{data}/here.pdf"), "--out"), (("{whole}", "--out", "{out}/a", "--form", "exe"), "--form"),
    (("{whole}", "--out", "{out}/a", "--language", "de"), "language"),
    (("{whole}", "--out", "{out}/a", "--form", "nft", "--turned", "0"), "rule"),
    (("{whole}", "--out", "{out}/a", "--form", "nft", "--spare", "everybody"), "spared"),
    (("{whole}", "--out", "{out}/no/such/place"), "{out}/no/such/place"),
])  # fmt: skip
def test_wrong_input_is_said_and_writes_nothing(flooded: Flooded, args: tuple[str, ...], where: str) -> None:
    def put(text: str) -> str:
        return text.format(whole=flooded.whole, data=flooded.data, out=flooded.out)

    code, told = seifas(flooded, "export", *map(put, args))
    assert (code, told["where"]) == (2, put(where))
    assert not (flooded.out / "a").exists()


def test_a_flood_that_there_was_not_is_missing(flooded: Flooded) -> None:
    code, told = seifas(flooded, "export", "00" * 16, "--verify")
    assert (code, told["error"]) == (6, "missing")
