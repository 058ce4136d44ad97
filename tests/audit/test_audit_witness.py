"""A witness signs only onwards, and calls a rollback, a fork and a stale log by their names."""

import json
import socket
import stat
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from audit_clinic import Log
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit import witness as witnessing
from seifas.audit.checkpoint import LogSigner, cosignature_times, verify_checkpoint
from seifas.audit.fetching import http_source, request
from seifas.audit.tiles import TileReader
from seifas.audit.witness import load_witness_key, new_witness_key, witness_once
from seifas.errors import Invalid, Missing, Tampered, Unavailable

NOW = 1_800_000_000


@pytest.fixture
def state(tmp_path):
    return tmp_path / "witness.json"


@pytest.fixture
def look(state, witness_signer):
    def run(log, **options):
        options.setdefault("now_s", NOW)
        source = options.pop("source", str(log.directory))
        return witness_once(source, log.key, state, witness_signer, **options)

    return run


@pytest.fixture
def served(log):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(log.directory))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def rewrite(log, path, change):
    file = log.directory / path
    data = change(file.read_bytes())
    file.unlink()
    file.write_bytes(data)


def test_first_look_growth_and_rest(log, look, state, witness_signer):
    verdict = look(log, start=True)
    assert (verdict.name, verdict.size, verdict.witnessed, verdict.exit_status) == ("ok", 777, 777, 0)
    found = verify_checkpoint(verdict.checkpoint.encode(), log.key)
    assert cosignature_times(found, [witness_signer.key]) == {"witness.example/nas": NOW}
    assert verdict.checkpoint.endswith(verdict.cosignature)
    for count in (1, 22, 456, 1000):
        log.grow(count)
        verdict = look(log)
        assert (verdict.name, verdict.size) == ("ok", len(log.entries))
    assert look(log).name == "unchanged"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert json.loads(state.read_bytes())["size"] == len(log.entries)


def test_over_http_it_is_the_same(log, look, served):
    assert look(log, source=served, start=True).name == "ok"
    log.grow(300)
    assert look(log, source=served).name == "ok"
    assert look(log, source=served.rstrip("/")).name == "unchanged"
    assert TileReader(http_source(served)).root() == TileReader(log.directory).root()
    with pytest.raises(Missing):
        http_source(served)("tile/7/000")
    verdict = look(log, source="http://127.0.0.1:1/")
    assert (verdict.name, verdict.exit_status, verdict.witnessed) == ("unreachable", 9, 1077)


def test_rollback_is_refused_by_name_and_kept_as_evidence(log, look, state):
    early = (log.directory / "checkpoint").read_bytes()
    log.grow(50)
    look(log, start=True)
    rewrite(log, "checkpoint", lambda _: early)
    for _ in range(2):
        verdict = look(log)
        assert (verdict.name, verdict.size, verdict.witnessed, verdict.exit_status) == ("rollback", 777, 827, 5)
        assert verdict.cosignature == verdict.checkpoint == ""
    kept = json.loads(state.read_bytes())["refused"]
    assert [(entry["name"], entry["checkpoint"].encode()) for entry in kept] == [("rollback", early)]
    assert json.loads(state.read_bytes())["size"] == 827


@pytest.mark.parametrize("size", [777, 900])
def test_fork_is_refused_by_name(log, look, tmp_path, size):
    look(log, start=True)
    fork = Log(tmp_path / "fork", log.signer, [])
    fork.grow(size)
    verdict = look(fork)
    assert (verdict.name, verdict.size, verdict.witnessed, verdict.exit_status) == ("fork", size, 777, 5)
    assert verdict.cosignature == ""
    log.grow(200)
    assert look(log).name == "ok", "the true log goes on"


def test_stale_is_refused_by_name(log, look):
    look(log, start=True)
    assert look(log, now_s=NOW + 3600, max_age_s=3600).name == "unchanged"
    verdict = look(log, now_s=NOW + 3601, max_age_s=3600)
    assert (verdict.name, verdict.exit_status, verdict.cosignature) == ("stale", 7, "")
    log.grow(1)
    assert look(log, now_s=NOW + 3602, max_age_s=3600).name == "ok"
    assert look(log, now_s=NOW + 7000, max_age_s=3600).name == "unchanged"


def test_a_checkpoint_without_its_files_is_damaged(log, look):
    look(log, start=True)
    log.grow(100)
    good = (log.directory / "tile/0/003.p/109").read_bytes()
    rewrite(log, "tile/0/003.p/109", lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert look(log).name == "damaged"
    (log.directory / "tile/0/003.p/109").unlink()
    verdict = look(log)
    assert (verdict.name, verdict.exit_status) == ("damaged", 5)
    assert "tile/0/003" in verdict.message
    (log.directory / "tile/0/003.p/109").write_bytes(good)
    assert look(log).name == "ok"


def test_other_keys_are_refused(log, look, tmp_path):
    look(log, start=True)
    stranger = Log(tmp_path / "strange", LogSigner(Ed25519PrivateKey.generate(), log.key.name), [])
    stranger.grow(800)
    verdict = look(Log(stranger.directory, log.signer, []))
    assert (verdict.name, verdict.exit_status) == ("bad-signature", 5)
    rewrite(log, "checkpoint", lambda data: data[:-9])
    assert look(log).name == "bad-signature"
    (log.directory / "checkpoint").unlink()
    assert look(log).name == "unreachable"


def test_a_lost_state_is_no_fresh_start(log, look, state):
    with pytest.raises(Missing):
        look(log)
    look(log, start=True)
    with pytest.raises(Invalid):
        look(log, start=True)
    state.unlink()
    with pytest.raises(Missing, match="who removed"):
        look(log)


def test_starting_can_be_repeated_until_something_was_seen(log, look):
    assert look(log, source=str(log.directory / "nowhere"), start=True).name == "unreachable"
    assert look(log, start=True).name == "ok"


@pytest.mark.parametrize("spoil", [
    lambda data: b"", lambda data: b"{}", lambda data: data[:-20], lambda data: data.replace(b"777", b"770"),
    lambda data: data.replace(b'"format": 1', b'"format": 2'), lambda data: b"\xff" + data,
    lambda data: data.replace(b'"size"', b'"sise"'),
])
def test_a_damaged_state_is_refused(log, look, state, spoil):
    look(log, start=True)
    state.write_bytes(spoil(state.read_bytes()))
    with pytest.raises(Tampered, match="state"):
        look(log)


def test_a_state_of_another_log_is_refused(log, look, state, witness_signer):
    look(log, start=True)
    other = LogSigner(Ed25519PrivateKey.generate(), "other.example/log")
    with pytest.raises(Invalid, match="another log"):
        witness_once(str(log.directory), other.key, state, witness_signer)


def test_what_is_signed_is_on_disk_first(log, look, state, monkeypatch):
    look(log, start=True)
    log.grow(5)

    def broken(*_):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(witnessing.os, "replace", broken)
        with pytest.raises(OSError, match="full"):
            look(log)
    assert json.loads(state.read_bytes())["size"] == 777
    assert look(log).witnessed == 782


def test_a_clock_that_goes_back_does_not_reach_the_signature(log, look, witness_signer):
    look(log, start=True)
    verdict = look(log, now_s=NOW - 5000)
    found = verify_checkpoint(verdict.checkpoint.encode(), log.key)
    assert cosignature_times(found, [witness_signer.key]) == {"witness.example/nas": NOW}


def test_an_empty_log_can_be_witnessed(tmp_path, look, signer):
    log = Log(tmp_path / "new", signer, [])
    log.grow(0)
    assert look(log, start=True).name == "unchanged"
    log.grow(3)
    assert look(log).name == "ok"


def test_key_files(tmp_path):
    path = tmp_path / "witness.key"
    key = new_witness_key(path, "witness.example/nas")
    assert load_witness_key(path).key == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Invalid):
        new_witness_key(path, "witness.example/nas")
    text = path.read_text()
    for bad in ("", "x", text.replace("nas", "nass"), text[:-9], text.replace("PRIVATE", "PUBLIC"), "é" + text):
        path.write_text(bad)
        with pytest.raises(Invalid):
            load_witness_key(path)
    with pytest.raises(Missing):
        load_witness_key(tmp_path / "none")


@pytest.mark.parametrize("url", ["ftp://a/b", "file:///etc/passwd", "http://", "https://user:word@host/", "http://[/",
                                 "http://host:99999/", "//host"])
def test_strange_addresses_are_refused(url):
    with pytest.raises(Invalid):
        request("GET", url, limit=10)


@pytest.mark.parametrize("opening", [
    b"", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 999\r\n\r\n",
])
def test_a_dripping_log_does_not_hold_the_witness(opening):
    """One byte now and then keeps a socket's own timeout from ever coming; the deadline is for all of it."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        def drip():
            connection, _ = server.accept()
            with connection:
                connection.sendall(opening)
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        try:
            with pytest.raises(Unavailable):
                http_source(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.5)("checkpoint")
        finally:
            stop.set()
            thread.join()
        assert time.monotonic() - begun < 5


def test_an_endless_answer_is_cut():
    with socket.create_server(("127.0.0.1", 0)) as server:
        def flood():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                try:
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(3_000_000))
                except OSError:
                    return

        thread = threading.Thread(target=flood)
        thread.start()
        with pytest.raises(Tampered, match="larger"):
            request("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", limit=1000)
        thread.join()
