"""A real vault for HTTP tests: keeper, staff and public listeners in one thread, on sockets of their own."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from seifas.keeper import living
from seifas.keeper import main as keeper_main
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.client import KeeperClient
from seifas.keeper.door import Door
from seifas.keeper.founding import found
from seifas.keeper.keeper import Keeper
from seifas.settings import Clinic, Listen, Settings, Shield, Sizes

assert keeper_main.SERVED  # importing it puts every op on the table


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningVault:
    """`staff` and `public` are base addresses; `admin` calls the admin socket; `sign_in` gives a session token."""

    def __init__(self, data: Path, settings: Settings, loop: asyncio.AbstractEventLoop, keeper: Keeper) -> None:
        self.data = data
        self.settings = settings
        self.staff = f"http://{settings.listen.staff}"
        self.public = f"http://{settings.listen.public}"
        self.keeper = keeper
        self._loop = loop
        self._admin = KeeperClient(data / "run" / "admin.sock")
        self._desk = KeeperClient(data / "run" / "desk.sock")
        self._shield = KeeperClient(data / "run" / "shield.sock")

    def admin(self, op: str, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self._admin.call(op, **args), self._loop).result(30)

    def desk(self, op: str, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self._desk.call(op, **args), self._loop).result(30)

    def shield(self, op: str, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self._shield.call(op, **args), self._loop).result(30)

    def account(self, name: str, *hats: str) -> None:
        self.admin("admin.account_add", name=name, display=name.title(), hats=hats)

    def new_day(self) -> None:
        """As if yesterday were long ago: nobody was registered lately, so no patient is warm for that."""
        self.keeper.ledger = Ledger(self.settings.budget)

    def link(self, name: str) -> str:
        token: str = self.admin("admin.login_link", name=name)["token"]
        return token

    def sign_in(self, name: str) -> str:
        token: str = self.desk("session.link", token=self.link(name), address="127.0.0.1")["token"]
        return token

    def fhir(self, token: str, **headers: str) -> httpx.Client:
        """A client of the FHIR API signed in with a token."""
        return httpx.Client(
            base_url=f"{self.staff}/fhir", headers={"Authorization": f"Bearer {token}", **headers}, timeout=30
        )


@contextmanager
def running_vault(
    data: Path, desk: Callable[..., Any], public: Callable[..., Any], *, sizes: Sizes | None = None,
    shield: Shield | None = None,
) -> Iterator[RunningVault]:  # fmt: skip
    """Found, unlock and serve a vault; ends with everything closed."""
    staff_port, public_port = _free_port(), _free_port()
    settings = Settings(
        clinic=Clinic(id=os.urandom(16).hex(), name="Klinika „Bandymas“"),
        listen=Listen(public=f"127.0.0.1:{public_port}", staff=f"127.0.0.1:{staff_port}"),
        sizes=sizes or Sizes(),
        shield=shield or Shield(),
        demo=True,
    )
    root = os.urandom(32)
    found(data, settings, root, ())
    ready = threading.Event()
    stop: list[Callable[[], None]] = []
    made: list[Any] = []

    # As the supervisor does it: the root is given again to whoever asks on this channel.
    supervisor, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def give() -> None:
        with supervisor, suppress(ConnectionError):
            while supervisor.recv(64):
                supervisor.send(root)

    threading.Thread(target=give, daemon=True).start()

    async def main() -> None:
        keeper = Keeper(data, settings)
        keeper.channel = channel
        own = os.geteuid()
        door = Door(keeper, data / "run", {role: frozenset({own}) for role in ("admin", "desk", "public", "shield")})
        await door.open()
        await living.with_root(keeper, root, "test")
        clients = [KeeperClient(data / "run" / f"{role}.sock") for role in ("desk", "public")]
        servers = []
        for app, port in ((desk(clients[0], settings), staff_port), (public(clients[1], settings), public_port)):
            config = uvicorn.Config(
                app,
                host="127.0.0.1",
                port=port,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
            )
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
            servers.append(server)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        vault = RunningVault(data, settings, loop, keeper)
        made.append(vault)
        tasks = [asyncio.ensure_future(server._serve()) for server in servers]
        while not all(server.started for server in servers):
            await asyncio.sleep(0.01)
        ready.set()
        await stopped.wait()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
        for client in (*clients, vault._admin, vault._desk, vault._shield):
            await client.close()
        await door.close()
        await living.close(keeper)

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(30), "the vault did not start"
    try:
        yield made[0]
    finally:
        stop[0]()
        thread.join(30)
        channel.close()
        assert not thread.is_alive()
