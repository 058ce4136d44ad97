"""The command on a node that stands by: it says so, and looks at what is there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner
from keeper_rig import Rig

from seifas.cli.verbs import VERBS, command_of
from seifas.errors import Unavailable
from seifas.keeper import wire


@contextmanager
def _standing_by(data: Path) -> Iterator[None]:
    """An admin socket that answers as such a node's does."""
    (data / "run").mkdir(exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(data / "run" / "admin.sock"))
    server.listen()

    def serve() -> None:
        while True:
            try:
                one, _ = server.accept()
            except OSError:
                return
            with one:
                while head := one.recv(4):
                    ident, name, _ = wire.parse_request(one.recv(wire.LENGTH.unpack(head)[0]))
                    standby = Unavailable("this node stands by", where="standby")
                    health = {"locked": True, "standby": True}
                    one.sendall(wire.answer(ident, health) if name == "health" else wire.failure(ident, standby))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_a_node_that_stands_by(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault", demo=False)
    check = command_of(next(verb for verb in VERBS if verb.name == "check"))
    with _standing_by(rig.data):
        result = CliRunner().invoke(check, ["--data", str(rig.data), "--json", "--quick"])
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert "keys-beside-data" in {one["id"] for one in told["findings"]}
    assert any("stands by" in one["reason"] and "canaries-absent" in one["ids"] for one in told["unseen"])
