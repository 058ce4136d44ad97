"""Attacks on the number of connections: whatever strangers hold open on one listener or on all of them at once, who is
known finds room on each."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import time
from collections.abc import Iterator

import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.shield.certificates import authority
from seifas.shield.front.description import Limits

ALL = 600


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    place = tmp_path_factory.mktemp("room")
    now = datetime.datetime.now(datetime.UTC)
    root, key = authority.new_authority("x", ("localhost",), now)
    (place / "site.pem").write_bytes(authority.issued(root, key, ("localhost",), now))
    limits = Limits(threads=1, connections=ALL, handshakes=0)  # where the system allows few
    with front_rig(place / "f", request.param, certificates=place / "site.pem", limits=limits) as made:
        answer = asked(made, "public", "/my", says="patient")
        cookie = answer.split(b"__Host-seifas_lane=")[1].split(b";")[0].decode()
        assert b" 200 " in asked(made, "public", "/my", cookie=cookie)[:20]  # 127.7.1.0/24 is known from here on
        yield made


@pytest.mark.parametrize("held", [("plain",), ("public", "staff"), ("staff", "public"), ("plain", "staff", "public")])
def test_strangers_cannot_hold_every_connection(rig: FrontRig, held: tuple[str, ...]) -> None:
    crowd = [(name, f"127.9.{n % 120}.1") for name in held for n in range(ALL + 50)]
    assert any(beside(rig, crowd, ("public", "staff")) < 1 for _ in range(3))


def test_one_address_cannot_hold_the_listener_that_leads_to_tls(rig: FrontRig) -> None:
    assert any(beside(rig, [("plain", "127.9.1.1")] * ALL, ("plain",)) < 1 for _ in range(3))


def beside(rig: FrontRig, crowd: list[tuple[str, str]], listeners: tuple[str, ...]) -> float:
    """Seconds that the slowest answer to somebody known takes while a crowd, (listener, address) each, holds what it
    gets. Tried in up to three rounds: who is held up by the crowd is held up in each, by a busy machine he is not."""
    slowest = 0.0
    with contextlib.ExitStack() as held:
        for name, source in crowd:
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_connection(("127.0.0.1", rig.port(name)), 1, (source, 0)))
        for name in listeners:
            began = time.monotonic()
            if name == "plain":
                said = rig.raw(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", name=name, source="127.9.2.1", wait_s=30)
                assert b" 308 " in said[:20]
            else:
                assert b" 200 " in asked(rig, name, {"public": "/my", "staff": "/desk"}[name])[:20], name
            slowest = max(slowest, time.monotonic() - began)
    emptied(rig)
    return slowest


def emptied(rig: FrontRig) -> None:
    """Waits until the front has noticed who hung up."""
    give_up = time.monotonic() + 60
    while sum(int(row["scur"]) for row in rig.runtime.stat() if row["svname"] == "FRONTEND") > 3:
        assert time.monotonic() < give_up
        time.sleep(0.05)


def asked(rig: FrontRig, name: str, path: str, *, says: str = "", cookie: str = "", source: str = "127.7.1.1") -> bytes:
    """A whole answer over TLS, from a known network where no other is named."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    rig.apps["portal"].says = {"seifas-lane": says} if says else {}
    with (
        socket.create_connection(("127.0.0.1", rig.port(name)), 30, (source, 0)) as plain,
        trusting.wrap_socket(plain) as speaking,
    ):
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        speaking.sendall((head + (f"Cookie: __Host-seifas_lane={cookie}\r\n" if cookie else "") + "\r\n").encode())
        parts = []
        while piece := speaking.recv(65536):
            parts.append(piece)
        return b"".join(parts)


@pytest.mark.parametrize("name", ["public", "staff"])
def test_one_address_of_a_known_network_cannot_hold_every_connection(rig: FrontRig, name: str) -> None:
    """A patient's neighbour at the same carrier, or the patient."""
    crowd = [(name, "127.7.1.99")] * (ALL + 50)
    assert any(beside(rig, crowd, ("public", "staff")) < 1 for _ in range(3))


def test_the_public_site_never_takes_the_staff_s_connections(rig: FrontRig) -> None:
    """Many addresses of known networks, each within its bounds."""
    crowd = [("public", f"127.7.1.{n % 90 + 100}") for n in range(ALL + 200)]
    assert any(beside(rig, crowd, ("staff",)) < 1 for _ in range(3))


def test_a_few_loud_strangers_leave_room_to_a_newcomer(rig: FrontRig) -> None:
    with contextlib.ExitStack() as open_:
        for n in range(ALL + 50):
            with contextlib.suppress(OSError):
                source = (f"127.9.9.{n % 5 + 1}", 0)
                open_.enter_context(socket.create_connection(("127.0.0.1", rig.port("public")), 1, source))
        assert b" 200 " in asked(rig, "public", "/lt/", source="127.10.1.1")[:20]
    emptied(rig)
