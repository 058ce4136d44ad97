"""Starts every process of Seifas, restarts what dies, and keeps the root for a keeper that has to come back.

The supervisor has no socket that anyone can reach and parses nothing: a child is told what to be at the fork, and the
only bytes that come back are those of the root (and a token's PIN), from the keeper, through a socket pair made before
either existed.
The root lies in one page that is locked, never dumped and not inherited by a fork (MADV_DONTFORK), and moves between
page and socket without a copy on the heap.

Children are forked, not executed: a clinic's Python may lie where only root can read it, and everything a child needs
is imported before it gives up root. A child that dies young is restarted ever more slowly (up to 1 s); one that ends
because its work is done (`renewed`) is started anew at once, with nothing of what it had in memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import mmap
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import msgspec

from seifas import hardening, preloading
from seifas.logs import place_of
from seifas.several import shown

log = logging.getLogger("seifas.supervisor")

ROOT_SIZE = 32
HELD_SIZE = ROOT_SIZE + 64
"""The root, and behind it the PIN of a token where the keys need one: a keeper that comes back needs both."""
GIVE = b"\x00\x00"
"""What a keeper sends to be given the root again."""

_TAKEN = mmap.PAGESIZE // 2
_RENEWED_AFTER = 0.05  # s
_SLOWEST_RESTART = 1.0  # s; with a keeper's start (1 s for 24,000 patients, 3 s under load) this stays under 5 s
_GOODBYE = 10.0  # s that children have to end by themselves
_libc = ctypes.CDLL(None, use_errno=True)


class Program(msgspec.Struct, frozen=True):
    """One child: `main` runs in it and never returns; `uid` is None where separation is off, `groups` are those it
    shares directories by. `renewed`: it returns when its work is done, so that its memory goes, and is wanted again."""

    name: str
    main: Callable[[], None]
    uid: int | None = None
    holds_root: bool = False
    groups: tuple[int, ...] = ()
    renewed: bool = False


class RootPage:
    """The root (and a PIN), 32 to 96 bytes, in one locked page of this process."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._page.madvise(mmap.MADV_DONTFORK)
        self._page.madvise(mmap.MADV_DONTDUMP)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self.locked = _libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE)) == 0
        self.held = 0

    def receive(self, connection: socket.socket) -> bool:
        """Takes one message: 32 bytes or more are a root to keep, one byte means forget, two ask for it (the answer is
        the root, or one byte where there is none). False when the other end is gone."""
        view = memoryview(self._page)
        try:
            try:
                size = connection.recv_into(view[_TAKEN : _TAKEN + HELD_SIZE])
            except OSError:  # reset: a keeper that was killed before it read what it was sent
                return False
            if size >= ROOT_SIZE:
                self.forget()
                view[:size] = view[_TAKEN : _TAKEN + size]
                self.held = size
            elif size == 1:
                self.forget()
            elif size == len(GIVE):
                if self.held:
                    self.give(connection)
                else:
                    _send(connection, b"\x00")
            view[_TAKEN : _TAKEN + HELD_SIZE] = bytes(HELD_SIZE)
            return size > 0
        finally:
            view.release()

    def give(self, connection: socket.socket) -> None:
        view = memoryview(self._page)
        try:
            _send(connection, view[: self.held])
        finally:
            view.release()

    def forget(self) -> None:
        self._page[:HELD_SIZE] = bytes(HELD_SIZE)
        self.held = 0


def _send(connection: socket.socket, message: bytes | memoryview) -> None:
    # Never waits: a child that does not read must not hold up the supervisor.
    with contextlib.suppress(OSError):
        connection.send(message, socket.MSG_DONTWAIT)


class Child(msgspec.Struct):
    program: Program
    pid: int = 0
    started: float = 0.0
    wait: float = 0.0
    start_at: float = 0.0
    channel: socket.socket | None = None


def child_channel() -> socket.socket | None:
    """In a child that holds the root: its end of the socket pair with the supervisor."""
    return _CHANNEL[0] if _CHANNEL else None


_CHANNEL: list[socket.socket] = []


def run(programs: list[Program], *, ready: Callable[[dict[str, int]], None] | None = None) -> int:
    """Runs until SIGTERM or SIGINT, then stops the children by their own ids. Returns the exit status.

    `ready` is told the process ids once all have been started (the command line prints them).
    """
    preloading.preload()
    hardening.forbid_dumps()
    hardening.allow_locking()
    page = RootPage()
    if not page.locked:
        log.warning("the root cannot be locked into memory: raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
    children = [Child(program) for program in programs]
    selector = selectors.DefaultSelector()
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    previous_wakeup = signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    previous = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    selector.register(wake_read, selectors.EVENT_READ, None)
    announced = False
    try:
        while not stopping:
            now = time.monotonic()
            for child in children:
                if child.pid == 0 and now >= child.start_at:
                    _start(child, page, selector)
            if not announced:
                announced = True
                if ready is not None:
                    ready({child.program.name: child.pid for child in children})
            due = [child.start_at - now for child in children if child.pid == 0]
            for key, _ in selector.select(max(0.0, min([*due, 1.0]))):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake_read, 4096)
                elif not page.receive(key.data.channel):
                    _hang_up(key.data, selector)
            _reap(children, selector)
    finally:
        _stop_all(children)
        page.forget()
        signal.set_wakeup_fd(previous_wakeup)
        for number, handler in previous.items():
            signal.signal(number, handler)
        selector.close()
        os.close(wake_read)
        os.close(wake_write)
    return 0


def _start(child: Child, page: RootPage, selector: selectors.BaseSelector) -> None:
    ours: socket.socket | None = None
    theirs: socket.socket | None = None
    if child.program.holds_root:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be(child.program, parent, theirs)
    child.pid, child.started = pid, time.monotonic()
    if theirs is not None and ours is not None:
        theirs.close()
        child.channel = ours
        if page.held:
            page.give(ours)
        selector.register(ours, selectors.EVENT_READ, child)
    log.info("started", extra={"child_name": child.program.name, "child": pid})


def _be(program: Program, parent: int, channel: socket.socket | None) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _close_all_but(channel)
        os.setpgid(0, 0)
        hardening.die_with_parent(parent)
        hardening.allow_locking()
        if program.uid is not None:
            hardening.become(program.uid, program.groups)
            hardening.die_with_parent(parent)
        hardening.forbid_dumps()
        hardening.name_process(shown(program.name))
        if channel is not None:
            _CHANNEL[:] = [channel]
        program.main()
        status = 0
    except KeyboardInterrupt:
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # no traceback: its frames may hold records
        told = {"child_name": program.name, "error": type(error).__name__, "at": place_of(error)}
        log.error("died", extra=told)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _close_all_but(channel: socket.socket | None) -> None:
    """A child keeps no descriptor of the supervisor's, above all not the keeper's channel: the root goes through it."""
    kept = channel.fileno() if channel is not None else 2
    os.closerange(3, kept)
    os.closerange(kept + 1, 65536)


def _hang_up(child: Child, selector: selectors.BaseSelector) -> None:
    if child.channel is not None:
        selector.unregister(child.channel)
        child.channel.close()
        child.channel = None


def _reap(children: list[Child], selector: selectors.BaseSelector) -> None:
    while True:
        try:
            done, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if done == 0:
            return
        child = next((one for one in children if one.pid == done), None)
        if child is None:
            continue  # a short-lived helper that the command line started before: it leaves no zombie
        _end_group(child.pid)
        lived = time.monotonic() - child.started
        told = {"child_name": child.program.name, "child": child.pid, "status": status, "lived_s": round(lived, 1)}
        if child.program.renewed and status == 0:
            child.wait = 0.0
            child.start_at = time.monotonic() + _RENEWED_AFTER
            log.info("done, starting a new one", extra=told)
        else:
            child.wait = 0.0 if lived > 10 else min(_SLOWEST_RESTART, max(0.1, child.wait * 2))
            child.start_at = time.monotonic() + child.wait
            log.warning("ended, starting it again", extra=told)
        child.pid = 0
        _hang_up(child, selector)


def _end_group(pid: int) -> None:
    """Ends what a child has started and left behind: it is of the child's own process group. A worker of HAProxy's that
    outlives its master holds the listeners' ports, and nothing could take its place."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _stop_all(children: list[Child]) -> None:
    """Web processes first, so that the keeper acknowledges or refuses what they still ask."""
    for child in reversed(children):
        if child.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
    give_up = time.monotonic() + _GOODBYE
    for child in children:
        while child.pid:
            done, _ = os.waitpid(child.pid, os.WNOHANG)
            if done:
                _end_group(child.pid)
                child.pid = 0
            elif time.monotonic() > give_up:
                os.kill(child.pid, signal.SIGKILL)
            else:
                time.sleep(0.02)
