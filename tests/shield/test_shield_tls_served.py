"""A served clinic in TLS: certbot gets a certificate through the front, phones are shown the clinic's own authority."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from small_acme import SmallAcme

from seifas import settings as settings_module
from seifas.drill import flood_people
from seifas.drill.stage import Stage, free_port
from seifas.settings import Identity, Shield
from seifas.shield.certificates import authority, checking, places
from seifas.shield.front import certificate

pytestmark = pytest.mark.slow

HOST = "klinika.lan"


def asked(port: int, path: str, trusting: ssl.SSLContext | None, name: str = HOST, **headers: str) -> tuple[
    int, dict[str, str], bytes
]:
    raw = socket.create_connection(("127.0.0.1", port), timeout=30)
    with raw if trusting is None else trusting.wrap_socket(raw, server_hostname=name) as met:
        told = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        met.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\n{told}Connection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(met)
        answer.begin()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()


@contextmanager
def in_tls(stage: Stage, plain: int, shield: Shield) -> Iterator[None]:
    kept = settings_module.load(stage.data)
    listen = msgspec.structs.replace(kept.listen, host=HOST, redirect=f"127.0.0.1:{plain}")
    settings_module.write(
        stage.data, msgspec.structs.replace(kept, listen=listen, shield=shield, identity=Identity(rp_id=HOST))
    )
    stage.start(wait=False)
    try:
        yield
    finally:
        stage.stop()


def until(seconds: float, done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + seconds
    while True:
        try:
            if done():
                return
        except (OSError, http.client.HTTPException):
            pass
        assert time.monotonic() < give_up
        time.sleep(0.2)


def test_the_clinics_own_authority_is_trusted_once_and_for_nothing_else(make_stage: Callable[[], Stage]) -> None:
    stage, plain = make_stage(), free_port()
    with in_tls(stage, plain, Shield(certificate="clinic-ca")):
        until(240, lambda: asked(plain, "/ca.crt", None)[0] == 200)
        trusting = ssl.create_default_context(cadata=asked(plain, "/ca.crt", None)[2])
        until(240, lambda: asked(stage.staff, "/health", trusting)[0] == 200)
        page = asked(plain, "/ca", None)
        assert page[0] == 200
        root = (stage.data / "certificates" / "authority.pem").read_bytes()
        assert authority.fingerprint(root).encode() in page[2]
        assert authority.fingerprint(root) in stage.log.read_text(), "what is to be compared is said at the start"
        ends = checking.ends(places.site(stage.data))
        assert ends is not None
        assert certificate.ends_ms(flood_people.runtime(stage)) == ends.timestamp() * 1000
        status, headers, _ = asked(stage.port, "/lt/", trusting)
        assert (status, headers["strict-transport-security"]) == (200, "max-age=31536000")
        status, headers, _ = asked(plain, "/lt/?a=1", None, name="evil.example")
        assert (status, headers["location"]) == (308, f"https://{HOST}/lt/?a=1")
        with stage.admin() as admin:
            token = admin.call("admin.login_link", name="doctor1")["token"]
        status, headers, _ = asked(stage.staff, f"/auth/link/{token}", trusting)
        assert (status, "; Secure" in headers["set-cookie"]) == (303, True)
        cookie = headers["set-cookie"].partition(";")[0]
        status, headers, _ = asked(stage.staff, "/desk", trusting, Cookie=cookie)
        assert status == 200
        assert headers["set-cookie"].startswith("__Host-seifas_lane=1.staff.")
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(stage.staff, "/health", trusting, name="other.lan")
        with pytest.raises((OSError, http.client.HTTPException)):
            asked(stage.staff, "/health", None)


def test_certbot_gets_a_certificate_through_the_front_and_the_front_takes_it(make_stage: Callable[[], Stage]) -> None:
    stage, plain = make_stage(), free_port()
    acme = SmallAcme(plain, (HOST,))
    trusting = ssl.create_default_context(cadata=acme.root.decode())
    try:
        with in_tls(stage, plain, Shield(certificate="acme", acme_url=acme.url, mail="it@klinika.example")):
            # Until then it is a stand-in, which nobody trusts.
            until(240, lambda: bool(acme.chain) and acme.chain in places.site(stage.data).read_bytes())
            until(240, lambda: asked(stage.port, "/health", trusting)[0] == 200)
            assert acme.asked[-1][0] == 200
            assert asked(plain, "/.well-known/acme-challenge/x", None)[0] in (404, 502, 503), "certbot has ended"
            assert asked(plain, "/.well-known/acme-challenge/../../my", None)[0] != 200
    finally:
        acme.close()
