"""A database that lies to a node that stands by: what it takes over is what the clinic signed, or it stays locked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres_server
import pytest
from followed_nodes import Nodes, nodes, worked
from keeper_rig import Asked, Rig

from seifas.errors import Tampered
from seifas.keeper import unlocking
from seifas.keeper.following import Followed
from seifas.keeper.model import CLINIC
from seifas.storage.following import Other

TABLE = "seifas_state.state"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    rig = Rig(tmp_path_factory.mktemp("followed") / "vault")
    rig.run(worked)
    return rig


@pytest.fixture
def two(model: Rig, tmp_path: Path) -> Nodes:
    return nodes(model, tmp_path)


def rows(two: Nodes) -> dict[bytes, bytes]:
    return {bytes(tag): bytes(body) for tag, body in postgres_server.shared().run(two.place, f"TABLE {TABLE}")}


def put(two: Nodes, tag: bytes, body: bytes | None) -> None:
    server = postgres_server.shared()
    server.run(two.place, f"DELETE FROM {TABLE} WHERE tag = '\\x{tag.hex()}'")
    if body is not None:
        server.run(two.place, f"INSERT INTO {TABLE} VALUES ('\\x{tag.hex()}', '\\x{body.hex()}')")


async def renamed(asked: Asked) -> bytes:
    """A patient gets another name; the patient."""
    heads = asked.keeper.require_unlocked().vault.heads
    patient = max(patient for patient in heads if patient != CLINIC)
    await asked.change(await asked.sign_in("ona"), "update", "Patient", patient, patient, heads[patient].version,
                       name=[{"family": "Tikroji"}])
    return patient


def taken_over(two: Nodes, known: Followed | None) -> str:
    """The last patient's name as the node that takes over has it."""
    keeper = two.standby()
    keeper.open = unlocking.unlock(keeper, two.rig.root, known=known)
    try:
        card = keeper.directory.card(max(patient for patient in keeper.open.vault.heads if patient != CLINIC))
        assert card is not None
        return str(card.family)
    finally:
        unlocking.lock(keeper)


def refused(two: Nodes, known: Followed) -> None:
    with pytest.raises(Tampered):
        taken_over(two, known)


def test_the_honest_one_is_taken_over(two: Nodes) -> None:
    """The control: what the attacks below do is all that stands in the way."""
    known = two.followed()
    two.look(known)
    two.rig.run(renamed)
    assert taken_over(two, known) == "Tikroji"


@pytest.mark.parametrize("seen", [True, False])
def test_a_row_put_back_is_refused_whether_it_was_followed_or_not(two: Nodes, seen: bool) -> None:
    known = two.followed()
    two.look(known)
    before = rows(two)
    two.rig.run(renamed)
    if seen:
        two.look(known)
    after = rows(two)
    for tag, body in before.items():
        if after.get(tag) not in (None, body):
            put(two, tag, body)
    refused(two, known)
    with pytest.raises(Tampered):
        taken_over(two, None)


@pytest.mark.parametrize("deed", ["taken out", "changed", "another's"])
def test_a_row_that_was_meddled_with_is_refused(two: Nodes, deed: str) -> None:
    known = two.followed()
    two.look(known)
    held = rows(two)
    tag, other = sorted(held, key=lambda one: len(held[one]))[-2:]
    body = {"taken out": None, "changed": held[tag][:-1] + bytes((held[tag][-1] ^ 1,)), "another's": held[other]}[deed]
    put(two, tag, body)
    refused(two, known)


def hides(method: str, told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Other, method, told)


def test_a_database_that_hides_a_change_gets_nothing_taken_over(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    known = two.followed()
    two.look(known)
    two.rig.run(renamed)
    hides("differing", lambda self, tree: [], monkeypatch)
    refused(two, known)
    monkeypatch.undo()
    assert taken_over(two, None) == "Tikroji", "opened from the beginning it is whole"


def test_a_database_that_gives_old_rows_gets_nothing_taken_over(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    known = two.followed()
    two.look(known)
    before = rows(two)
    two.rig.run(renamed)

    def old(self: Other, numbers: list[int]) -> dict[int, dict[bytes, bytes]]:
        wanted = set(numbers)
        found: dict[int, dict[bytes, bytes]] = {}
        for tag, body in before.items():
            if (number := tag[0] << 8 | tag[1]) in wanted:
                found.setdefault(number, {})[tag] = body
        return found

    hides("buckets", old, monkeypatch)
    refused(two, known)
    monkeypatch.undo()
    assert taken_over(two, None) == "Tikroji"


def test_a_log_that_is_not_the_signed_one_is_not_published(two: Nodes) -> None:
    server = postgres_server.shared()
    server.run(two.place, "UPDATE seifas_state.leaves SET body = set_byte(body, 9, get_byte(body, 9) # 1) "
                          "WHERE idx = 3")
    with pytest.raises(Tampered):
        two.look(two.followed())
    assert not (two.second / "audit" / "checkpoint").exists()
