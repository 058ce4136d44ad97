"""Text messages through a gateway over TLS: its answer decides whether one is sent, tried again or told otherwise."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seifas.incidents.notices.short import Message
from seifas.jobs.noticing import send_sms
from seifas.settings import Clinic, Incidents, Settings

MESSAGE = Message("", "Jums skirtas svarbus pranešimas. Kodas X")


class Gateway(http.server.ThreadingHTTPServer):
    """Answers with `status`; 0 is to hang up after the message was read."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.taken: list[tuple[dict[str, Any], str]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((json.loads(body), self.headers.get("Authorization", "")))
        if not self.server.status:
            self.connection.close()
            return
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "both.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = Gateway()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def settings(address: str, token: str = "") -> Settings:
    return Settings(clinic=Clinic(id="00" * 16), incidents=Incidents(sms_gateway=address, sms_token_file=token))


@pytest.mark.parametrize(("status", "result"), [
    (200, "sent"), (202, "sent"), (400, "bounced"), (404, "bounced"), (422, "bounced"), (401, "down"), (403, "down"),
    (429, "down"), (503, "down"), (302, "down"), (500, "unsure"), (504, "unsure"), (0, "unsure"),
])  # fmt: skip
def test_what_the_gateway_answers_is_what_became_of_it(
    gateway: Gateway, tmp_path: Path, status: int, result: str
) -> None:
    gateway.status = status
    token = tmp_path / "token"
    token.write_text("raktas\n")
    address = f"https://127.0.0.1:{gateway.server_address[1]}/sms"
    assert send_sms("37061234567", MESSAGE, settings(address, str(token))) == result
    assert gateway.taken == [({"to": "+37061234567", "text": MESSAGE.text}, "Bearer raktas")]


def test_nothing_goes_without_tls_to_nobody_or_past_a_certificate(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = gateway.server_address[1]
    monkeypatch.delenv("SSL_CERT_FILE")
    for address in (f"http://127.0.0.1:{port}/sms", "https://127.0.0.1:1/sms", f"https://127.0.0.1:{port}/sms"):
        assert send_sms("37061234567", MESSAGE, settings(address)) == "down"
    assert send_sms("37061234567", MESSAGE, settings(f"https://127.0.0.1:{port}/sms", "/no/such/token")) == "down"
    assert not gateway.taken
