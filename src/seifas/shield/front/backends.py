"""Where a request goes once it is let in: one backend for each tier of each application, and the pages of a siege."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.shield.front.description import TIERS, App, Front, Listening
from seifas.shield.front.writing import address, literal, place, quoted
from seifas.shield.snapshots import Shot

_SHARES: Final = {"known": 1.0, "machine": 0.34, "proven": 0.25, "strangers": 0.1, "dear": 0.1, "health": 0.05}
_QUEUE_S: Final = {"known": 10, "machine": 10, "proven": 5, "strangers": 3, "dear": 5, "health": 2}
_LINE_WORDS: Final = 40
_LINE_LETTERS: Final = 1500


def chosen(front: Front, listener: Listening) -> list[str]:
    """Which backend: by application and tier."""
    apps = {app.name: app for app in front.apps}
    rules = []
    if front.acme:
        rules.append("  use_backend acme if acme")
    if apps[listener.app].cached:
        rules.append(f"  use_backend {listener.app}_kept if kept")
    if front.shots and listener.name == "public":
        rules.append("  use_backend snapshot if { var(txn.outcome) -m str static }")
    rules += [
        "  http-request set-var(txn.tier) str(strangers)",
        "  http-request set-var(txn.tier) str(known) if is_staff || is_patient",
        "  http-request set-var(txn.tier) str(machine) if is_machine",
        "  http-request set-var(txn.tier) str(proven) if is_proven",
        "  http-request set-var(txn.tier) str(dear) if !is_known !reads",
        "  http-request set-var(txn.tier) str(health) if exempt !is_lane",
    ]
    for name in dict.fromkeys((listener.app, *(name for _, name in listener.routes))):
        rules += [
            f"  http-request set-var(txn.tier) str(dear) if !is_known {{ var(txn.app) -m str {name} }} "
            f"{{ path_beg {quoted(path)} }}"
            for path in apps[name].expensive
        ]
    # HAProxy wants rules of a request before the choice of a backend.
    rules.sort(key=lambda rule: rule.startswith("  use_backend"))
    rules.append("  use_backend %[var(txn.app)]_%[var(txn.tier)]")
    return rules


def backends(front: Front) -> list[str]:
    text: list[str] = []
    for app in front.apps:
        for tier in TIERS:
            text += _backend(front, app, tier)
        if app.cached:
            text += _kept(front, app)
    if front.acme:
        text += ["backend acme", "  timeout queue 5s", f"  server acme {front.acme} maxconn 8"]
    if front.shots:
        text += ["backend snapshot", *_snapshot(front)]
    return text


def shot_paths(front: Front) -> Iterator[list[str]]:
    """The pages' paths in pieces that fit a line."""
    piece: list[str] = []
    for path in dict.fromkeys(shot.path for shot in front.shots):
        if len(piece) >= _LINE_WORDS or sum(map(len, piece)) + len(path) > _LINE_LETTERS:
            yield piece
            piece = []
        piece.append(path)
    if piece:
        yield piece


def returned(front: Front, shots: tuple[Shot, ...], under: str) -> list[str]:
    """Rules that answer with held pages; of several of one path the first that fits counts."""
    rules: list[str] = []
    # Whoever comes without a language of ours gets the first: its pages are asked last, and fit everybody.
    for shot in sorted(shots, key=lambda one: one.language == front.languages[0]):
        where = f"{{ path {quoted(shot.path)} }}"
        if shot.language and shot.language != front.languages[0]:
            where += f" {{ var(txn.language) -m str {shot.language} }}"
        for file, also in ((shot.packed, "takes_gzip"), (shot.file, "")):
            if file:
                headers = [*shot.headers, ("vary", "accept-encoding, accept-language, cookie")]
                if also:
                    headers.append(("content-encoding", "gzip"))
                head = " ".join(f"hdr {name} {literal(value)}" for name, value in headers if value)
                rules.append(
                    f"  http-request return status {shot.status} content-type {quoted(shot.kind)} "
                    f"file {place(front.directory, f'{under}/{file}')} {head} if {where} {also}".rstrip()
                )
    return rules


def _snapshot(front: Front) -> list[str]:
    languages = ";".join(front.languages)
    return [
        "  acl takes_gzip req.hdr(accept-encoding) -m sub gzip",
        f"  acl known_language req.cook(language) -m str {' '.join(front.languages)}",
        f"  http-request set-var(txn.language) req.fhdr(accept-language),language({languages},{front.languages[0]})",
        "  http-request set-var(txn.language) req.cook(language) if known_language",
        *returned(front, front.shots, str(front.snapshot)),
        "  http-request deny deny_status 404",
    ]


def _caching(app: App) -> list[str]:
    """Answers that anyone may keep are kept, whatever the query says: no two queries of such a path differ."""
    rules = [f"  acl cacheable path_beg {quoted(path)}" for path in app.cached]
    return [
        *rules,
        "  http-request set-pathq %[path] if cacheable",
        "  http-request set-var(txn.cacheable) bool(true) if cacheable",
        f"  http-request cache-use {app.name} if cacheable",
        # What sets a cookie is somebody's own, whatever it says of itself.
        f"  http-response cache-store {app.name} "
        "if { var(txn.cacheable) -m bool } !{ res.hdr(set-cookie) -m found }",
    ]


def _kept(front: Front, app: App) -> list[str]:
    """In a siege a stranger gets what is kept. Where it is not there is no server to ask, and HAProxy answers 503."""
    return [
        f"cache {app.name}", "  total-max-size 64", "  max-object-size 2000000", "  max-age 86400",
        f"backend {app.name}_kept",
        "  http-request set-pathq %[path]",
        f"  http-request cache-use {app.name}",
    ]  # fmt: skip


def _backend(front: Front, app: App, tier: str) -> list[str]:
    slots = max(2, round(app.slots * _SHARES[tier]))
    rules = [
        f"backend {app.name}_{tier}",
        f"  http-reuse {'always' if app.shared else 'never'}",
        f"  timeout queue {_QUEUE_S[tier]}s",
        f"  timeout server {app.patience_s}s",
        "  retries 2",
        "  retry-on conn-failure empty-response",
    ]
    if tier == "known":
        rules.append("  http-request set-priority-class int(-100) if { var(txn.lane) -m str staff }")
    if tier == "proven":
        rules.append("  http-request set-priority-class int(100) if { var(txn.lane) -m str waited }")
    if app.forwarded:
        rules.append(f"  http-request set-header x-forwarded-for %[{address(front)}]")
        rules.append("  http-request del-header seifas-address")
    if app.host:
        rules.append(f"  http-request set-header host {quoted(app.host)}")
    if app.cached:
        rules += _caching(app)
    if app.grants:
        granted = f"{{ res.hdr(seifas-lane) -m str {' '.join(app.grants)} }}"
        rules.append(f"  http-response del-header seifas-lane if !{granted}")
    else:
        rules.append("  http-response del-header seifas-lane")
    tls = f" ssl verify required ca-file {quoted(app.authorities)}" if app.tls else ""
    if app.tls and app.host:
        tls += f" sni str({app.host}) verifyhost {app.host}"
    if app.others:
        # Another process is tried at once where one is just being started anew.
        rules += ["  balance roundrobin", "  option redispatch 1"]
    for number, server in enumerate((app.server, *app.others), 1):
        name = app.name if number == 1 else f"{app.name}-{number}"
        rules.append(f"  server {name} {server} maxconn {slots}{tls}")
    return rules
