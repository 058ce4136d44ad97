"""A certificate authority for tests that speaks ACME (RFC 8555) well enough for certbot: it really asks the front for
the answer to its challenge, and signs what it is sent. It checks no signatures: it is the client that is tried.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from seifas.shield.certificates import authority

_ALIVE = "valid"


class SmallAcme:
    """`url` is its directory. It asks for challenges at 127.0.0.1:`ask_at`, as port 80 of every name."""

    def __init__(self, ask_at: int, names: tuple[str, ...]) -> None:
        self.root, self.key = authority.new_authority("Small", names, datetime.now(UTC))
        self.ask_at = ask_at
        self.asked: list[tuple[int, bytes]] = []
        self.token = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
        self.status = "pending"
        self.chain = b""
        self.name = ""
        acme = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                return

            def do_GET(self) -> None:
                self.answer(200, acme.directory())

            def do_HEAD(self) -> None:
                self.answer(200, b"")

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                padded = sent["payload"] + "=" * (-len(sent["payload"]) % 4)
                payload = json.loads(base64.urlsafe_b64decode(padded) or b"{}")
                self.answer(*acme.told(self.path, payload))

            def answer(self, status: int, body: bytes | dict[str, Any], place: str = "") -> None:
                kind = "application/json" if isinstance(body, dict) else "application/pem-certificate-chain"
                content = json.dumps(body).encode() if isinstance(body, dict) else body
                self.send_response(status)
                self.send_header("Replay-Nonce", base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode())
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                if self.path == "/challenge":
                    self.send_header("Link", f'<{acme.base}/authorization>;rel="up"')
                if place:
                    self.send_header("Location", place)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.base}/directory"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def directory(self) -> dict[str, Any]:
        return {name: f"{self.base}/{name}" for name in ("newNonce", "newAccount", "newOrder", "revokeCert")}

    def told(self, path: str, payload: dict[str, Any]) -> tuple[int, Any] | tuple[int, Any, str]:
        match path:
            case "/newAccount":
                return 201, {"status": _ALIVE}, f"{self.base}/account"
            case "/newOrder":
                self.name = payload["identifiers"][0]["value"]
                return 201, self._order(), f"{self.base}/order"
            case "/authorization":
                return 200, {
                    "status": self.status, "identifier": {"type": "dns", "value": self.name},
                    "challenges": [self._challenge()],
                }
            case "/challenge":
                self._ask()
                return 200, self._challenge()
            case "/finalize":
                self._sign(payload["csr"])
                return 200, self._order(), f"{self.base}/order"
            case "/certificate":
                return 200, self.chain
        return 200, self._order(), f"{self.base}/order"

    def _challenge(self) -> dict[str, Any]:
        return {"type": "http-01", "url": f"{self.base}/challenge", "token": self.token, "status": self.status}

    def _order(self) -> dict[str, Any]:
        status = _ALIVE if self.chain else ("ready" if self.status == _ALIVE else "pending")
        told = {
            "status": status, "identifiers": [{"type": "dns", "value": self.name}],
            "authorizations": [f"{self.base}/authorization"], "finalize": f"{self.base}/finalize",
            "expires": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {**told, "certificate": f"{self.base}/certificate"} if self.chain else told

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.ask_at, timeout=10)
        connection.request("GET", f"/.well-known/acme-challenge/{self.token}", headers={"Host": self.name})
        answer = connection.getresponse()
        self.asked.append((answer.status, answer.read()))
        connection.close()
        good = self.asked[-1][0] == 200 and self.asked[-1][1].startswith(self.token.encode() + b".")
        self.status = _ALIVE if good else "invalid"

    def _sign(self, csr: str) -> None:
        wanted = x509.load_der_x509_csr(base64.urlsafe_b64decode(csr + "=" * (-len(csr) % 4)))
        now = datetime.now(UTC)
        signing = serialization.load_pem_private_key(self.key, None)
        built = (
            x509.CertificateBuilder().subject_name(x509.Name([]))
            .issuer_name(x509.load_pem_x509_certificate(self.root).subject).public_key(wanted.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(self.name)]), critical=True)
            .sign(signing, hashes.SHA256())  # type: ignore[arg-type]
        )
        self.chain = built.public_bytes(serialization.Encoding.PEM) + self.root
