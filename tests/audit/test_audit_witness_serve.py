"""The witness over HTTP: the statuses of C2SP tlog-witness, and callers who mean harm."""

import base64
import contextlib
import hashlib
import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from audit_clinic import Log
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit import checkpoint as notes
from seifas.audit.checkpoint import LogSigner, WitnessSigner
from seifas.audit.tiles import TileReader
from seifas.audit.tree import EMPTY_ROOT
from seifas.audit.witness import begin_state, open_state
from seifas.audit.witness_client import last_witnessed, offer_checkpoint
from seifas.audit.witness_serve import MAX_BODY, THREADS, WAITING, Witness, WitnessServer, witness_serve
from seifas.errors import Missing, Tampered, Unavailable


class Running:
    def __init__(self, server, state):
        self.port, self.state = server.server_address[1], state
        self.url = f"http://127.0.0.1:{self.port}"

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type"), response.read()
        finally:
            connection.close()

    def add(self, old, proof, note):
        lines = [f"old {old}", *(base64.b64encode(node).decode() for node in proof)]
        return self.send("POST", "/add-checkpoint", "\n".join(lines).encode() + b"\n\n" + note)


@pytest.fixture
def witness(tmp_path, log, witness_signer):
    state = tmp_path / "state.json"
    begin_state(state, log.key, 1)
    server = WitnessServer(("127.0.0.1", 0), Witness(log.key, state, witness_signer), deadline_s=1.5)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Running(server, state)
    server.shutdown()
    thread.join()
    server.server_close()


def note_of(log):
    return (log.directory / "checkpoint").read_bytes()


def path_of(log):
    return f"/{hashlib.sha256(log.key.name.encode()).hexdigest()}/checkpoint"


def test_the_whole_conversation(log, witness, witness_signer):
    assert witness.send("GET", path_of(log))[0] == 404
    status, _, line = witness.add(0, [], note_of(log))
    assert status == 200
    assert line.startswith("— witness.example/nas ".encode())
    log.grow(300)
    proof = TileReader(log.directory).consistency_proof(777)
    assert witness.add(777, proof, note_of(log))[0] == 200
    assert witness.add(1077, [], note_of(log))[0] == 200
    status, kind, note = witness.send("GET", path_of(log))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    found = notes.verify_checkpoint(note, log.key)
    assert found.size == 1077
    (seen,) = notes.cosignature_times(found, [witness_signer.key]).values()
    assert abs(seen - time.time()) < 60


def test_every_refusal_has_its_status(log, witness, tmp_path):
    note = note_of(log)
    assert witness.add(0, [bytes(32)], note)[0] == 422
    assert witness.add(0, [], note)[0] == 200
    log.grow(300)
    grown = note_of(log)
    proof = TileReader(log.directory).consistency_proof(777)
    assert witness.add(0, [], grown) == (409, "text/x.tlog.size", b"777\n")
    assert witness.add(500, proof, grown) == (409, "text/x.tlog.size", b"777\n")
    assert witness.add(777, [], grown)[0] == 422
    assert witness.add(777, proof[:-1], grown)[0] == 422
    assert witness.add(777, [*proof[:-1], bytes(32)], grown)[0] == 422
    assert witness.add(1078, proof, grown)[0] == 400
    stranger = LogSigner(Ed25519PrivateKey.generate(), "other.example/log")
    assert witness.add(777, proof, stranger.sign(1077, bytes(32)))[0] == 404
    forger = LogSigner(Ed25519PrivateKey.generate(), log.key.name)
    assert witness.add(777, proof, forger.sign(1077, bytes(32)))[0] == 403
    false = notes.Signature(log.key.name, log.key.key_id, bytes(64)).line()
    assert witness.add(777, proof, grown + false)[0] == 403
    assert witness.add(777, proof, grown)[0] == 200
    # Rolled back, forked at one size, forked further on, and the empty tree with another root.
    assert witness.add(0, [], note) == (409, "text/x.tlog.size", b"1077\n")
    assert witness.add(1077, [], note)[0] == 400
    assert witness.add(1077, [], log.signer.sign(1077, bytes(32)))[0] == 422
    fork = Log(tmp_path / "fork", log.signer, [])
    fork.grow(1200)
    assert witness.add(1077, TileReader(fork.directory).consistency_proof(1077), note_of(fork))[0] == 422
    kept = json.loads(witness.state.read_bytes())
    assert kept["size"] == 1077
    assert [entry["name"] for entry in kept["refused"]] == ["rollback", "fork"]


def test_the_empty_log(log, witness):
    assert witness.add(0, [], log.signer.sign(0, bytes(32)))[0] == 422
    assert witness.add(0, [], log.signer.sign(0, EMPTY_ROOT))[0] == 200


@pytest.mark.parametrize("body", [
    b"", b"\n\n", b"old 0\n\n", b"old -1\n\n%N", b"old 00\n\n%N", b"old 1_0\n\n%N", b"new 0\n\n%N", b"old 0\n%N",
    b"old 0\nAAAA\n\n%N", b"old 0\n!\n\n%N", b"\xff\n\n%N", b"old 99999999999999999999\n\n%N",
    b"old 0" + b"\n" + b"\n".join([base64.b64encode(bytes(32))] * 64) + b"\n\n%N", bytes(2000), b"old 0\n\n%N%N",
])
def test_malformed_bodies(log, witness, body):
    assert witness.send("POST", "/add-checkpoint", body.replace(b"%N", note_of(log)))[0] == 400
    assert witness.send("GET", path_of(log))[0] == 404


def test_malformed_requests(log, witness):
    assert witness.send("GET", "/")[0] == 404
    assert witness.send("GET", "/../../etc/passwd")[0] == 404
    assert witness.send("POST", "/other", b"x")[0] == 404
    assert witness.send("PUT", "/add-checkpoint", b"x")[0] == 501
    assert witness.send("POST", "/add-checkpoint", b"x", {"Content-Length": "-1"})[0] == 411
    assert witness.send("POST", "/add-checkpoint", iter([b"old 0"]), {"Transfer-Encoding": "chunked"})[0] == 411
    assert witness.send("POST", "/add-checkpoint", b"x", {"Content-Length": str(MAX_BODY + 1)})[0] == 413
    for raw in (b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 100_000):
        # The witness may hang up before all of it was sent.
        with socket.create_connection(("127.0.0.1", witness.port)) as connection, contextlib.suppress(OSError):
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
    assert witness.add(0, [], note_of(log))[0] == 200


def test_slow_callers_are_let_go_and_others_served_after(log, witness):
    """More idle callers than places: the surplus is turned away at once, the rest when their time is up."""
    idle = [socket.create_connection(("127.0.0.1", witness.port)) for _ in range(THREADS + WAITING + 10)]
    try:
        for connection in idle[:THREADS]:
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 900\r\n\r\nold")
        turned_away = 0
        for connection in idle[-5:]:
            connection.settimeout(60)
            turned_away += b"503" in connection.recv(100)
        assert turned_away == 5
        until = time.monotonic() + 60
        status = None
        while status != 200 and time.monotonic() < until:
            try:
                status = witness.add(0, [], note_of(log))[0]
            except (OSError, http.client.HTTPException):
                status = None
            time.sleep(0.1)
        assert status == 200
    finally:
        for connection in idle:
            connection.close()


def test_many_at_once_move_only_forwards(log, witness):
    witness.add(0, [], note_of(log))
    steps = []
    for _ in range(6):
        log.grow(7)
        steps.append((len(log.entries), note_of(log)))
    reader = TileReader(log.directory)

    def add(step):
        size, note = step
        return witness.add(777, reader.consistency_proof(777, size), note)[0]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(add, steps))
    assert sorted(statuses) == [200] + [409] * 5
    with open_state(witness.state, log.key) as held:
        assert held.record.size == steps[statuses.index(200)][0]


def test_a_damaged_state_serves_nothing(log, witness):
    witness.state.write_bytes(b"{}")
    assert witness.add(0, [], note_of(log))[0] == 503
    assert witness.send("GET", path_of(log))[0] == 503
    witness.state.unlink()
    assert witness.add(0, [], note_of(log))[0] == 503, "a lost state is no fresh start"
    assert not witness.state.exists()


def test_the_logs_side(log, witness, witness_signer, tmp_path):
    with pytest.raises(Missing):
        last_witnessed(witness.url, log.key, witness_signer.key)
    for count in (0, 50, 300):
        log.grow(count)
        note = note_of(log)
        cosigned = offer_checkpoint(witness.url, note, TileReader(log.directory), witness_signer.key)
        assert cosigned.startswith(note)
        found, _ = last_witnessed(witness.url, log.key, witness_signer.key)
        assert found.size == len(log.entries)
        # Its own cosignature is in the checkpoint that is offered again.
        again = offer_checkpoint(witness.url, cosigned, TileReader(log.directory), witness_signer.key,
                                 old_size=found.size)
        assert again.count("—".encode()) == 2
    short = Log(tmp_path / "short", log.signer, [])
    short.grow(700)
    with pytest.raises(Tampered, match="rollback"):
        offer_checkpoint(witness.url, note_of(short), TileReader(short.directory), witness_signer.key)
    short.grow(800)
    with pytest.raises(Tampered, match="forked"):
        offer_checkpoint(witness.url, note_of(short), TileReader(short.directory), witness_signer.key)
    stranger = WitnessSigner(Ed25519PrivateKey.generate(), "witness.example/nas")
    with pytest.raises(Tampered, match="bear"):
        offer_checkpoint(witness.url, note_of(log), TileReader(log.directory), stranger.key)
    with pytest.raises(Tampered, match="bear"):
        last_witnessed(witness.url, log.key, stranger.key)
    with pytest.raises(Unavailable):
        last_witnessed("http://127.0.0.1:1", log.key, witness_signer.key)


def test_serving_needs_a_state_or_a_start(tmp_path, log, witness_signer):
    state = tmp_path / "fresh.json"
    with pytest.raises(Missing):
        witness_serve("127.0.0.1", 0, log.key, state, witness_signer)

    class Enough(Exception):
        pass

    def ready(host, port):
        assert (host, port > 0, state.exists()) == ("127.0.0.1", True, True)
        raise Enough

    with pytest.raises(Enough):
        witness_serve("127.0.0.1", 0, log.key, state, witness_signer, start=True, ready=ready)
