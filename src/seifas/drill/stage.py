"""A stage for drills and tests: a demo clinic in a directory of its own, really served, and people who use it.

Everything goes to 127.0.0.1 at ports that were free a moment ago. The server is started as anyone would start it, by
the command line (`Stage.serves` may begin it otherwise), and stopped by its own process id with its whole tree.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import jwt
import msgspec
from jwt.algorithms import ECAlgorithm

from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Unavailable
from seifas.keeper.client import BlockingClient
from seifas.settings import load
from seifas.several import all_of, program, shown

_PATIENCE_S = 150.0
LANES = ("seifas_lane=", "__Host-seifas_lane=")
"""How the front's own cookie begins."""
_SOCKETS = ("pictures.sock", "intake.sock", "portal-http.sock", "samples.sock", "reading.sock")
_BEHIND_FRONT = ("desk-http.sock", "public-http.sock", "shield/haproxy.sock")
_NAMES = (
    "keeper", "desk", "public", "jobs", "portal", "darkroom", "intake", "leaks", "reading", "shield", "front",
    "certificates", "dropping",
)  # fmt: skip


class Answer(msgspec.Struct, frozen=True):
    """What came back: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """One connection to a listener, with a jar for two cookies: the application's, whichever it set last, and the
    front's, by which it knows whom it let in before. An answer's `set-cookie` is the application's."""

    def __init__(self, port: int, *, token: str = "", timeout: float = 60.0) -> None:
        self.port = port
        self.token = token
        self.cookie = ""
        self.lane = ""
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request. Connects anew where the server has closed what was kept open."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if kept := "; ".join(one for one in ("" if self.token else self.cookie, self.lane) if one):
            sent.setdefault("Cookie", kept)
        raw = body.encode() if isinstance(body, str) else body
        if self._connection is not None and _was_closed(self._connection.sock):
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self._timeout)
        try:
            self._connection.request(method, path, raw, sent)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        found: dict[str, str] = {}
        for name, value in response.getheaders():
            if name.lower() == "set-cookie" and value.startswith(LANES):
                self.lane = value.split(";", 1)[0]
            else:
                found[name.lower()] = value
        if "set-cookie" in found:
            self.cookie = found["set-cookie"].split(";", 1)[0]
        if response.will_close:
            self.close()
        return Answer(response.status, found, content)

    def read(self, path: str, reason: str = "") -> Answer:
        return self.ask("GET", path, headers={"Seifas-Reason": reason} if reason else {})

    def send(self, method: str, path: str, resource: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A FHIR resource."""
        kind = {"Content-Type": "application/fhir+json", **(headers or {})}
        return self.ask(method, path, json.dumps(resource), kind)

    def form(self, path: str, fields: Mapping[str, str]) -> Answer:
        text = "&".join(f"{name}={_quoted(value)}" for name, value in fields.items())
        return self.ask("POST", path, text, {"Content-Type": "application/x-www-form-urlencoded"})

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _was_closed(kept: socket.socket | None) -> bool:
    """Whether a connection without a request under way has ended at the other end."""
    if kept is None:
        return True
    ready, _, _ = select.select([kept], [], [], 0)
    return bool(ready)


def _quoted(text: str) -> str:
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in text.encode())


class Served(Protocol):
    """A server's process, as subprocess.Popen has it."""

    pid: int

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, when it has. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Nothing happens where it has ended."""


class Stage:
    """One demo clinic. `build` it or `copy` a built one, `start` it, use it, `stop` it."""

    serves: ClassVar[Callable[[Path, int, Path], Served | None] | None] = None
    """Begins a server of a directory, at a port, that writes to a log. Without it, or where it declines (None), the
    command line is executed."""

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.process: Served | None = None
        self._browsers: list[Browser] = []
        self.log = data.with_name(data.name + ".log")

    @property
    def staff(self) -> int:
        return self.port + 1

    def build(self, patients: int, seed: int = 1) -> dict[str, Any]:
        return self.seifas(
            "demo", "--patients", str(patients), "--seed", str(seed), "--port", str(self.port), "--no-serve"
        )

    def copy_from(self, other: Path, *, but: Collection[object] = ()) -> None:
        """A clinic that is not served, without its sockets and the paths in `but`."""
        shutil.copytree(other, self.data, symlinks=True, ignore=lambda place, names: [
            name for name in names if name.endswith(".sock") or Path(place) / name in but
        ])  # fmt: skip
        shutil.copy(demo_passphrase_file(other), demo_passphrase_file(self.data))

    def seifas(self, *args: str, fine: bool = True) -> dict[str, Any]:
        """Runs the command line with --data and --json; its JSON. Raises Unavailable where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "seifas.cli.main", *args, "--data", str(self.data), "--json"],
            capture_output=True, check=False, timeout=900, stdin=subprocess.DEVNULL,
        )
        if fine and done.returncode != 0:
            raise Unavailable(
                f"seifas {args[0]} ended with {done.returncode}: {done.stdout[-500:]!r} {done.stderr[-1500:]!r}"
            )
        lines = done.stdout.decode().strip().splitlines()
        told: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return {**told, "exit": done.returncode} if not fine else told

    def start(self, *, wait: bool = True, environment: Mapping[str, str] | None = None) -> None:
        serves = type(self).serves  # of the class: a function that was put there is no method
        begun = None if serves is None or environment else serves(self.data, self.port, self.log)
        self.process = self._executed(environment or {}) if begun is None else begun
        if wait:
            self.wait_ready()

    def _executed(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "seifas.cli.main", "serve", "--data", str(self.data), "--port",
                 str(self.port)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, **environment},
            )

    def wait_ready(self, patience: float = _PATIENCE_S) -> float:
        """Seconds until the staff listener says it is ready, and the public listener and the darkroom listen."""
        started = time.monotonic()
        while time.monotonic() - started < patience:
            if self.process is not None and self.process.poll() is not None:
                break
            browser = Browser(self.staff, timeout=2)
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError), contextlib.closing(browser):
                if browser.ask("GET", "/health").json.get("ready") and self._all_listen():
                    return time.monotonic() - started
            time.sleep(0.05)
        raise Unavailable(f"the server did not become ready: {self.log.read_bytes()[-2000:]!r}")

    def _all_listen(self) -> bool:
        with socket.socket() as public:
            if public.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        for name in (*_SOCKETS, *(_BEHIND_FRONT if load(self.data).shield.on else ())):
            for place in all_of(self.data / "run" / name):
                with socket.socket(socket.AF_UNIX) as one:
                    if one.connect_ex(str(place)) != 0:
                        return False
        return True

    def stop(self) -> None:
        for browser in self._browsers:
            browser.close()
        self._browsers.clear()
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None

    def pids(self) -> dict[str, int]:
        """Process ids of the children by their names."""
        assert self.process is not None
        found = {}
        names = {shown(one): one for name in _NAMES for one in (name, *(program(name, n) for n in range(2, 17)))}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                name = names.get(Path(f"/proc/{child}/comm").read_text().strip())
                if name is not None:
                    found[name] = int(child)
        return found

    def kill(self, name: str) -> int:
        """kill -9 of one process by name; its id."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def admin(self) -> BlockingClient:
        """The admin socket, as the machine's owner has it."""
        return BlockingClient(self.data / "run" / "admin.sock")

    def browser(self) -> Browser:
        """A browser on the staff listener; its connection is closed with the stage at the latest."""
        browser = Browser(self.staff)
        self._browsers.append(browser)
        return browser

    def sign_in(self, account: str) -> Browser:
        """A browser signed in by a one-time link."""
        with self.admin() as admin:
            token = admin.call("admin.login_link", name=account)["token"]
        browser = self.browser()
        answer = browser.ask("GET", f"/auth/link/{token}")
        if answer.status not in (200, 303) or not browser.cookie:
            raise Unavailable(f"the login link of {account} did not sign in: {answer.status}")
        return browser

    def program(self, patients_per_day: int, scopes: str = "system/*.cruds") -> Browser:
        """A machine client with an access token."""
        name = f"drill-{secrets.token_hex(4)}"
        with self.admin() as admin:
            made = admin.call("admin.client_add", name=name, per_day=patients_per_day, scopes=scopes)
        return self.with_key(made["client_id"], made["private_jwk"])

    def with_key(self, client_id: str, private_jwk: str, scope: str = "") -> Browser:
        """Signs a client assertion (SMART Backend Services) and takes the token."""
        url = f"http://127.0.0.1:{self.staff}/auth/token"
        key = json.loads(private_jwk)
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": url, "exp": now + 240, "iat": now,
                  "jti": secrets.token_hex(16)}
        assertion = jwt.encode(
            claims, ECAlgorithm.from_jwk(private_jwk), algorithm=key["alg"], headers={"kid": key["kid"]}  # type: ignore[arg-type]
        )
        browser = self.browser()
        fields = {
            "grant_type": "client_credentials", "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
        answer = browser.form("/auth/token", {**fields, "scope": scope} if scope else fields)
        if answer.status != 200:
            raise Unavailable(f"no token: {answer.status} {answer.body[:300]!r}")
        browser.token = answer.json["access_token"]
        return browser

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        demo_passphrase_file(self.data).unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)


@contextlib.contextmanager
def staged(data: Path, patients: int, seed: int = 1) -> Iterator[Stage]:
    """A built and served demo clinic, gone at the end."""
    stage = Stage(data)
    try:
        stage.build(patients, seed)
        stage.start()
        yield stage
    finally:
        stage.remove()


def free_port() -> int:
    """A port whose two successors are free too, on 127.0.0.1; below those that the kernel gives to connections."""
    for _ in range(200):
        base = 20_000 + secrets.randbelow(12_700)
        with contextlib.ExitStack() as stack:
            try:
                for number in range(3):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", base + number))
            except OSError:
                continue
            return base
    raise Unavailable("no three free ports in a row")
