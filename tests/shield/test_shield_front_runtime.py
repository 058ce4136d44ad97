"""The way to speak to HAProxy while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.errors import Invalid, Unavailable
from seifas.shield.certificates import authority, places
from seifas.shield.front import certificate
from seifas.shield.front.runtime import Runtime, reload


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), request.param) as made:
        yield made


def test_what_is_set_is_there(rig: FrontRig) -> None:
    rig.runtime.set_number("target", 12345)
    assert rig.runtime.number("target") == 12345
    assert rig.runtime.number("nothing") is None
    rig.runtime.set_number("target", 2**32 // 2**15)


def test_what_haproxy_tells_of_itself(rig: FrontRig) -> None:
    assert rig.runtime.info()["Version"].startswith("2.")
    frontends = {row["pxname"] for row in rig.runtime.stat() if row["svname"] == "FRONTEND"}
    assert {"public", "staff"} <= frontends


def test_when_its_certificate_ends(rig: FrontRig, tmp_path: Path) -> None:
    assert certificate.ends_ms(rig.runtime) == 0, "it speaks in the clear"
    now = datetime(2026, 3, 9, 7, 5, 4, tzinfo=UTC)
    authority_pem, key = authority.new_authority("Klinika", ("klinika.lan",), now)
    places.lay(tmp_path / "served" / "site.pem", authority.issued(authority_pem, key, ("klinika.lan",), now, 300))
    with front_rig(tmp_path / "front", rig.binary, certificates=tmp_path / "served") as in_tls:
        assert certificate.ends_ms(in_tls.runtime) == (now + timedelta(days=300)).timestamp() * 1000
    with pytest.raises(Unavailable):
        certificate.ends_ms(Runtime(tmp_path / "none.sock"))


def test_many_rows_are_put_and_found(rig: FrontRig) -> None:
    rows = {f"::ffff:10.{n // 250}.{n % 250}.0": {"gpt0": 1} for n in range(1000)}
    rig.runtime.put("st_known", rows)
    found = {row["key"]: row["gpt0"] for row in rig.runtime.table("st_known")}
    assert dict.fromkeys(rows, "1").items() <= found.items()
    for key in ("10.0.0.0", "x", "::ffff:10.0.0.0 data.gpt0 0 data.nothing"):
        with pytest.raises(Invalid):
            rig.runtime.put("st_known", {key: {"gpt0": 1}})


@pytest.mark.parametrize("text", ["show info\nshow stat", "show info;show stat", "a\\", "a\0b", "a\rb"])
def test_one_command_is_one(rig: FrontRig, text: str) -> None:
    with pytest.raises(Invalid):
        rig.runtime.command(text)
    with pytest.raises(Invalid):
        rig.runtime.commands(["show info", text])
    with pytest.raises(Invalid):
        rig.runtime.set_word("slot", text)


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Runtime(tmp_path / "none.sock").info()
    with pytest.raises(Unavailable):
        reload(tmp_path / "none.sock")


def test_a_configuration_that_does_not_hold_leaves_the_old_one_at_work(rig: FrontRig) -> None:
    rig.front.configuration.write_text("global\n  nonsense\n")
    reload(rig.front.master_socket)
    assert rig.ask("/lt/").status == 200
