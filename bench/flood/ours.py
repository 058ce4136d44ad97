"""Seifas's own front before the same page: the generated configuration in SIEGE, with its control loop beside it."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ssl
import sys
import time
from pathlib import Path
from typing import ClassVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.flood.servers import FIRST_VISITOR, VISITORS, Server, haproxy
from seifas.drill.flooding import address, get
from seifas.drill.newcomers import Newcomer
from seifas.errors import Unavailable
from seifas.shield import sealed_files
from seifas.shield.front import configuring, keys
from seifas.shield.front.description import App, Front, Limits, Listening
from seifas.shield.front.runtime import Runtime
from seifas.shield.model import Mode, State

_HOST = "clinic.example"
CONNECTIONS = 9_500  # twice that and some are the descriptors a process may have here


class Ours(Server):
    """In SIEGE: no page is held, so every stranger is challenged, and none is dropped in silence."""

    name = "Seifas"
    mode: ClassVar[Mode | None] = Mode.SIEGE  # None: as the loop decides
    looped: ClassVar[bool] = True
    calm_after: ClassVar[float] = 0.0
    tls: ClassVar[bool] = False

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        self.seen: tuple[Newcomer, ...] = ()  # who came for the first time, and has an address of his own

    def begin(self) -> None:
        uds = self.work / "page.sock"
        self.page("--uds", str(uds))
        self.ready(uds=uds)
        self.directory = self.work / "shield"
        self.front = Front(
            directory=self.directory,
            listeners=(Listening("public", (f"127.0.0.1:{self.port}",), "page", mode=int(Mode.CALM)),),
            apps=(App("page", f"unix@{uds}", ("patient",)),),
            keys=keys.fresh(int(time.time())),
            certificates=certificate(self.work) if self.tls else None,
            limits=Limits(connections=CONNECTIONS, threads=1),
        )
        configuring.write(self.front)
        self.secret = sealed_files.found(self.directory)
        if self.looped:
            self.begin_loop()
        self.begin_front()
        self.ready()
        self.cookies = tuple(self.cookie(number) for number in range(VISITORS))
        self.runtime = Runtime(self.front.runtime_socket)
        if self.mode is None:
            return
        if self.looped:
            self.order(self.mode)
            self.wait_for(self.mode)
        else:
            self.runtime.set_number("mode_public", int(self.mode))

    def begin_front(self) -> None:
        master, configuration = self.front.master_socket, self.front.configuration
        self.haproxy = self.run([haproxy(), "-W", "-S", str(master), "-f", str(configuration)])

    def begin_loop(self) -> None:
        self.loop = self.run([
            sys.executable, "-m", "bench.flood.loop", str(self.directory),
            *([str(self.calm_after)] if self.calm_after else []),
        ])  # fmt: skip
        self.ready(uds=self.front.lines_socket)

    def order(self, mode: Mode, minutes: float = 30) -> None:
        """By hand, as `seifas shield` does."""
        until = int((time.time() + 60 * minutes) * 1000)
        sealed_files.order(self.directory, {"public": (mode.name.lower(), until)})

    def state(self) -> State | None:
        """What the loop told last."""
        try:
            return msgspec.json.decode((self.directory / sealed_files.STATE).read_bytes(), type=State)
        except (OSError, msgspec.DecodeError):
            return None

    def mode_now(self) -> Mode:
        """What HAProxy has."""
        return Mode(self.runtime.number("mode_public") or 0)

    def wait_for(self, mode: Mode, patience_s: float = 30.0) -> float:
        """Seconds until HAProxy has this mode. Raises Unavailable."""
        began = time.monotonic()
        while time.monotonic() - began < patience_s:
            with contextlib.suppress(Unavailable):
                if self.mode_now() == mode:
                    return time.monotonic() - began
            time.sleep(0.1)
        raise Unavailable(f"{self.name} is not in {mode.name} after {patience_s:.0f} s")

    def visitors(self) -> tuple[bytes, ...]:
        return tuple(get("/", _HOST, {"Cookie": cookie}) for cookie in self.cookies)

    @property
    def authority(self) -> Path:
        return self.work / "site.pem"

    def cookie(self, number: int) -> str:
        """A visitor signs in while it is calm."""
        source = (address(FIRST_VISITOR, number), 0)
        connection = (
            http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=10, source_address=source, context=client_context(self.authority)
            )
            if self.tls
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=source)
        )
        try:
            connection.request("GET", "/login", headers={"Host": _HOST})
            answer = connection.getresponse()
            answer.read()
            cookie = answer.headers.get("set-cookie", "").split(";")[0]
        finally:
            connection.close()
        if "seifas_lane" not in cookie:
            raise Unavailable(f"the front gave no cookie to who signed in: {answer.status}")
        return cookie


def client_context(authority: Path) -> ssl.SSLContext:
    """Trusts the bench's certificate, under whatever address."""
    context = ssl.create_default_context(cafile=str(authority))
    context.check_hostname = False
    return context


class OursAlone(Ours):
    """Without log lines, without a control loop: what evidence costs is the difference."""

    name = "Seifas without evidence"
    looped = False

    def begin_front(self) -> None:
        text = self.front.configuration.read_text()
        self.front.configuration.write_text(
            "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("log "))
        )
        super().begin_front()


class OursTls(Ours):
    """The same in TLS, with a certificate of its own."""

    tls = True


def certificate(work: Path) -> Path:
    """A P-256 certificate for the bench's host; key and certificate in one file, made for this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = work / "site.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
