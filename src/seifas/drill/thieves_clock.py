"""A vault in this process whose clocks can be moved on together: for thieves who have weeks.

The keeper is the real one, over a copy of the demo on disk; only `Keeper.now` adds what has been let pass. The ops are
dispatched as the desk's socket would dispatch them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seifas.demo.secret import demo_passphrase_file
from seifas.errors import SeifasError
from seifas.keeper import living, unlocking
from seifas.keeper import main as keeper_main
from seifas.keeper.door import Caller, Door
from seifas.keeper.keeper import Keeper, Moment
from seifas.settings import load
from seifas.supervisor import RootPage

assert keeper_main.SERVED  # importing it is what puts every op on the table

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_PATIENCE_S = 60


class _Moved(Keeper):
    ahead_ms = 0

    def now(self) -> Moment:
        # Not by way of the keeper's own reading: that would feed the budget's clock with both times in turn.
        wall = time.time_ns() // 1_000_000 + self.ahead_ms
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + self.ahead_ms
        return Moment(wall, boot, self.clock.now(wall, boot, self.boot_id))


class MovedVault:
    """`call` and `admin` are the two sockets' ops; `let_pass` moves both clocks on and sweeps as the keeper would."""

    def __init__(self, data: Path) -> None:
        settings = load(data)
        self.keeper = _Moved(data, settings)
        self._door = Door(self.keeper, data / "run", {})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._supervisor, self.keeper.channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=_keep_root, args=(self._supervisor,), daemon=True).start()
        root = unlocking.root_by_passphrase(settings.keys_at(data), demo_passphrase_file(data).read_text().strip())
        self._run(living.with_root(self.keeper, root, "drill"))

    @property
    def now_ms(self) -> int:
        return self.keeper.now().wall_ms

    def call(self, op: str, **args: Any) -> Any:
        """As the desk's process would ask."""
        return self._ask("desk", op, args)

    def call_all(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
        """Calls that arrive together, in this order: the value of each, or its SeifasError."""

        async def all_at_once() -> list[Any]:
            asked = (self._door.dispatch(Caller("desk", 0, 0), op, _packed(args)) for op, args in calls)
            return await asyncio.gather(*asked, return_exceptions=True)

        found: list[Any] = self._run(all_at_once())
        for one in found:
            if isinstance(one, BaseException) and not isinstance(one, SeifasError):
                raise one
        return [one if isinstance(one, SeifasError) else _as_read(one) for one in found]

    def admin(self, op: str, **args: Any) -> Any:
        return self._ask("admin", op, args)

    def leaks(self, op: str, **args: Any) -> Any:
        """As the leaks process would ask."""
        return self._ask("leaks", op, args)

    def let_pass(self, milliseconds: int) -> None:
        self.keeper.ahead_ms += milliseconds
        self._run(living.sweep(self.keeper))

    def sign_in(self, account: str) -> str:
        """The token of a session opened by a link."""
        token = self.admin("admin.login_link", name=account)["token"]
        opened: str = self.call("session.link", token=token, address="127.0.0.1")["token"]
        return opened

    def close(self) -> None:
        self._run(living.close(self.keeper))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()
        for end in (self.keeper.channel, self._supervisor):
            if end is not None:
                end.close()

    def _ask(self, role: str, op: str, args: dict[str, Any]) -> Any:
        return _as_read(self._run(self._door.dispatch(Caller(role, 0, 0), op, _packed(args))))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)


def _keep_root(channel: socket.socket) -> None:
    """What the supervisor does for a keeper: keeps the root and gives it back when it is asked for."""
    page = RootPage()
    with contextlib.suppress(OSError):
        while page.receive(channel):
            pass


def _packed(args: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(args))


def _as_read(answer: Any) -> Any:
    """The answer as it comes out of a socket: structs as maps."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(answer))


@contextlib.contextmanager
def moved_vault(data: Path) -> Iterator[MovedVault]:
    """Unlocked for as long as the context lasts. `data` is a copy of a demo that nobody else has open."""
    vault = MovedVault(data)
    try:
        yield vault
    finally:
        vault.close()
