"""The whole configuration as text, and the files that it names. Runs on HAProxy 2.6 and 2.8."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Final

from seifas.errors import Invalid
from seifas.shield.front import challenge, tables
from seifas.shield.front.backends import backends, chosen, returned
from seifas.shield.front.description import HTTP2_STREAMS, Front, Listening
from seifas.shield.front.gates import ACME, connection_rules, logged, redirect_rules, request_rules, response_rules
from seifas.shield.front.writing import place, quoted
from seifas.shield.replacing import replace

BUFFER: Final = 32 * 1024
# Read when this is imported: the front's user may not be able to read the package's files later.
_FILES: Final = {
    name: (importlib.resources.files("seifas.shield.front") / "pages" / name).read_bytes()
    for name in ("challenge.html", "challenge-sent.html", "solve.js", "shield.css")
}


def configured(front: Front) -> str:
    """The configuration. Raises Invalid for a description that cannot be one."""
    _checked(front)
    lines = [*_global(front), *_defaults(front), *_ring(front), *tables.peers(front.directory)]
    lines += tables.tables(front.limits)
    for listener in front.listeners:
        lines += _frontend(front, listener)
    if front.redirects:
        lines += _redirect(front)
    lines += backends(front)
    return "\n".join(lines) + "\n"


def files(front: Front) -> dict[str, bytes]:
    """The files beside it, by name in `front.directory`."""
    return _FILES | {f"error-{status}.http": challenge.error_file(status) for status in challenge.STATUSES}


def write(front: Front) -> Path:
    """Writes configuration and files into the front's directory, for this user only; where the configuration lies."""
    front.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in {**files(front), front.configuration.name: configured(front).encode("utf-8")}.items():
        replace(front.directory / name, data)
    return front.configuration


def _checked(front: Front) -> None:
    names = [app.name for app in front.apps]
    if len(set(names)) != len(names) or not all(name.isascii() and name.isalpha() and name.islower() for name in names):
        raise Invalid("an application's name is of small letters, and once", where="shield")
    for listener in front.listeners:
        if listener.name not in ("public", "staff"):
            raise Invalid("a listener is public or staff", where="shield")
        wanted = {listener.app, *(name for _, name in listener.routes)}
        if not wanted <= set(names):
            raise Invalid(f"a route of the {listener.name} listener leads nowhere", where="shield")
    if not 0 < front.target <= 2**32:
        raise Invalid("the target lies between 1 and 2**32", where="shield")


def _global(front: Front) -> list[str]:
    limits, keys = front.limits, front.keys
    text = [
        "global",
        f"  stats socket unix@{place(front.directory, front.runtime_socket.name)} mode 600 level admin",
        f"  localpeer {tables.PEER}",
        f"  maxconn {limits.connections}",
        "  no strict-limits",
        # An old worker after a reload: requests under way end in this time; it no longer hears of modes.
        "  hard-stop-after 2m",
        f"  tune.bufsize {BUFFER}",
        # A head may fill what is left of a buffer: 16 KiB.
        "  tune.maxrewrite 16384",
        "  tune.http.maxhdr 64",
        f"  tune.h2.max-concurrent-streams {HTTP2_STREAMS}",
        "  tune.h2.initial-window-size 65535",
        f"  set-var proc.slot str({keys.slot})",
        f"  set-var proc.key_a str({keys.a})",
        f"  set-var proc.key_b str({keys.b})",
        f"  set-var proc.target int({front.target})",
    ]
    modes = {listener.name: listener.mode for listener in front.listeners}
    text += [f"  set-var proc.mode_{name} int({modes.get(name, 0)})" for name in ("public", "staff")]
    if limits.threads:
        text.append(f"  nbthread {limits.threads}")
    if front.certificates is not None:
        text += [
            "  ssl-default-bind-options ssl-min-ver TLSv1.2",
            "  ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:"
            "ECDHE-RSA-AES256-GCM-SHA384",
            "  ssl-default-bind-ciphersuites "
            "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
            "  ssl-default-bind-curves X25519:P-256",
            "  tune.ssl.cachesize 50000",
            "  tune.ssl.lifetime 3600",
        ]
    return text


def _defaults(front: Front) -> list[str]:
    return [
        "http-errors seifas",
        *(f"  errorfile {status} {place(front.directory, f'error-{status}.http')}" for status in challenge.STATUSES),
        "defaults",
        "  mode http",
        "  errorfiles seifas",
        "  option http-restrict-req-hdr-names reject",
        # A browser opens a connection ahead and may find a 408 in it when it comes to use it.
        "  option http-ignore-probes",
        # At a reload the old process would end connections that are idle just then, and what a browser sends on one of
        # them that moment is lost, a form too: it ends them with their next answer, or with their time.
        "  option idle-close-on-response",
        "  timeout connect 2s",
        # Also what a handshake may take: a longer time is a longer hold for whoever opens connections and says nothing.
        "  timeout client 10s",
        "  timeout server 75s",
        "  timeout queue 5s",
        "  timeout http-request 3s",
        "  timeout http-keep-alive 5s",
        "  timeout tarpit 1s",
        f"  maxconn {front.limits.connections}",
    ]


def _ring(front: Front) -> list[str]:
    """Log lines go to the control loop through a relay: a ring tries its server again at once and without end, which
    took 85 % of a core while nobody listened; a listener of our own takes the connection and waits a second."""
    return [
        "ring lines",
        "  format raw",
        "  maxlen 4096",
        "  size 16777216",
        "  timeout connect 1s",
        "  timeout server 10s",
        f"  server relay unix@{place(front.directory, front.relay_socket.name)} log-proto octet-count",
        "listen lines_relay",
        "  mode tcp",
        "  no option http-ignore-probes",
        "  no option idle-close-on-response",
        "  no log",
        f"  bind unix@{place(front.directory, front.relay_socket.name)} mode 600",
        "  maxconn 10",
        "  retries 0",
        "  timeout connect 1s",
        "  timeout client 1h",
        "  timeout server 1h",
        "  tcp-request inspect-delay 1s",
        "  tcp-request content accept if WAIT_END",
        f"  server loop unix@{place(front.directory, front.lines_socket.name)}",
    ]


def _frontend(front: Front, listener: Listening) -> list[str]:
    tls = ""
    if front.certificates is not None:
        tls = f" ssl crt {quoted(str(front.certificates))} alpn h2,http/1.1"
    return [
        f"frontend {listener.name}",
        *(f"  bind {bind}{tls}" for bind in listener.binds),
        *logged(listener),
        *connection_rules(front, listener),
        *request_rules(front, listener),
        *chosen(front, listener),
        *response_rules(front),
    ]


def _redirect(front: Front) -> list[str]:
    """Plain HTTP: leads to TLS. Only the certificate's own paths are answered here."""
    name = front.hosts[0] if front.hosts else ""
    return [
        "frontend redirect",
        *(f"  bind {bind}" for bind in front.redirects),
        *redirect_rules(front),
        "  http-request deny deny_status 405 unless { method GET HEAD POST }",
        f"  acl acme path_beg {ACME}",
        "  acl takes_gzip req.hdr(accept-encoding) -m sub gzip",
        f"  http-request set-var(txn.language) req.fhdr(accept-language),language({';'.join(front.languages)},"
        f"{front.languages[0]})",
        *returned(front, front.plain, "."),
        # To the name of this site where it has one, so that a Host header leads nobody elsewhere.
        "  http-request redirect code 308 location "
        + (f"https://{name}%[pathq]" if name else "https://%[req.hdr(host),host_only]%[pathq]")
        + (" unless acme" if front.acme else ""),
        *(["  use_backend acme if acme"] if front.acme else []),
    ]
