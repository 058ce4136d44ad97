"""The loop of a flood: begins what is due, takes what comes, gives up what is late. One thread, one epoll."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import math
import resource
import select
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from seifas.drill.flood_plan import STRIDE, Count, Plan, Stream, Tally

_NO_PORT: Final = 24  # IP_BIND_ADDRESS_NO_PORT of linux/in.h, which Python 3.11 does not name
_AT_A_TIME: Final = 64  # requests begun before the answers are looked at again
_READ: Final = 65_536
_FAILURES: Final = 2_000
_WAITS: Final = (errno.EINPROGRESS, errno.EAGAIN)


class _Connection:
    __slots__ = ("answer", "began", "deadline", "drip_at", "fd", "head", "socket", "stream")

    def __init__(self, stream: int, one: socket.socket, head: bytes, began: float, deadline: float) -> None:
        self.stream = stream
        self.socket = one
        self.fd = one.fileno()
        self.head = head
        self.began = began
        self.deadline = deadline
        self.answer = b""
        self.drip_at = math.inf


class _Side:
    """One stream while it runs."""

    def __init__(self, stream: Stream, plan: Plan) -> None:
        self.stream = stream
        self.first = int(ipaddress.IPv4Address(stream.first))
        self.stride = STRIDE if stream.spread else 1
        self.ends = stream.ends_s or plan.seconds
        self.total = int((self.ends - stream.begins_s) * stream.rate)
        self.at_once = stream.at_once or plan.at_once
        self.open = 0
        self.begun = 0
        self.came = bytearray(stream.sources)  # 1 for an address that has sent
        self.waiting: deque[_Connection] = deque()  # in the order of their deadlines: the time-out is one for all
        self.sent = self.answered = self.good = self.refused = self.lost = self.late = self.unsent = self.bytes_in = 0
        self.ms: list[float] = []
        self.seconds: list[Counter[int]] = [Counter() for _ in range(math.ceil(plan.seconds) + 1)]
        self.failed_at: list[float] = []

    def due(self, passed: float) -> int:
        """How many should have begun by now and have not."""
        window = passed - self.stream.begins_s
        return min(self.total, int(window * self.stream.rate) + 1) - self.begun if window >= 0 else 0

    def told(self) -> Count:
        times = sorted(self.ms)
        total: Counter[int] = sum(self.seconds, Counter())
        return Count(
            self.stream.name, self.sent, self.answered, self.good, dict(total), self.refused, self.lost, self.late,
            self.unsent, sum(self.came), self.bytes_in, _at(times, 0.5), _at(times, 0.99),
            times[-1] if times else 0.0, tuple(dict(one) for one in self.seconds), tuple(self.failed_at),
        )  # fmt: skip


def raise_descriptors() -> None:
    """As many open sockets for this process as it may have: a flood's own process needs thousands."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _at(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


class Loop:
    """One plan, run once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sides = [_Side(stream, plan) for stream in plan.streams]
        self.poll = select.epoll()
        self.open: dict[int, _Connection] = {}
        self.dripping: deque[_Connection] = deque()
        self.family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
        self.linger = struct.pack("ii", 1, 0)
        self.began = 0.0

    def run(self) -> Tally:
        began_ms = time.time_ns() // 1_000_000
        self.began = time.monotonic()
        over = self.began + self.plan.seconds
        try:
            while (now := time.monotonic()) < over or (self.open and now < over + self._patience()):
                due = self._begin(now) if now < over else 0
                for fd, events in self.poll.poll(0 if due else 0.001, 512):
                    self._look(self.open[fd], events)
                self._expire(time.monotonic(), ended=now >= over)
        finally:
            for one in self.open.values():
                one.socket.close()
            self.poll.close()
        took = time.monotonic() - self.began
        for side in self.sides:  # what this machine had no time to begin
            side.unsent += side.due(self.plan.seconds)
        return Tally(began_ms, round(took, 3), tuple(side.told() for side in self.sides))

    def _patience(self) -> float:
        return max(side.stream.timeout_s for side in self.sides) + 0.1

    def _begin(self, now: float) -> int:
        """Starts what is due; how much is left."""
        left = 0
        for number, side in enumerate(self.sides):
            due = side.due(now - self.began)
            for _ in range(min(due, _AT_A_TIME)):
                self._connect(number, side)
            left += max(0, due - _AT_A_TIME)
        return left

    def _connect(self, number: int, side: _Side) -> None:
        stream = side.stream
        place = side.begun * side.stride % stream.sources
        side.begun += 1
        now = time.monotonic()
        if len(self.open) >= self.plan.at_once or side.open >= side.at_once:
            side.unsent += 1
            self._failed(side, now)
            return
        one = socket.socket(self.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, self.linger)
        if self.family == socket.AF_INET:
            one.setsockopt(socket.IPPROTO_IP, _NO_PORT, 1)
            one.bind((socket.inet_ntoa(struct.pack("!I", side.first + place)), 0))
        side.sent += 1
        side.came[place] = 1
        state = one.connect_ex((self.plan.host, stream.port or self.plan.port))
        if state and state not in _WAITS:
            one.close()
            side.refused += 1
            self._failed(side, now)
            return
        head = stream.heads[place % len(stream.heads)]
        # Over loopback the handshake is over when connect returns, so that one system call is spared.
        with contextlib.suppress(OSError):
            head = head[one.send(head) :]
        connection = _Connection(number, one, head, now, now + stream.timeout_s)
        self.open[connection.fd] = connection
        side.open += 1
        self.poll.register(connection.fd, select.EPOLLIN | select.EPOLLOUT if head else select.EPOLLIN)
        if stream.drip:
            connection.drip_at = now + stream.drip_s
            self.dripping.append(connection)
        else:
            side.waiting.append(connection)

    def _look(self, one: _Connection, events: int) -> None:
        side = self.sides[one.stream]
        if events & select.EPOLLOUT and one.head:
            try:
                one.head = one.head[one.socket.send(one.head) :]
            except BlockingIOError:
                return
            except OSError:
                side.refused += 1
                self._end(one, good=False)
                return
            if not one.head:
                self.poll.modify(one.fd, select.EPOLLIN)
        if not events & ~select.EPOLLOUT:
            return
        try:
            piece = one.socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        side.bytes_in += len(piece)
        one.answer += piece
        if piece and (side.stream.whole or len(one.answer) < 12):
            return
        self._answered(one, side)

    def _answered(self, one: _Connection, side: _Side) -> None:
        answer = one.answer
        if not answer:
            side.lost += 1
            self._end(one, good=False)
            return
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.") and answer[9:12].isdigit() else 0
        side.answered += 1
        side.seconds[min(int(one.began - self.began), len(side.seconds) - 1)][status] += 1
        good = side.stream.wanted in answer if side.stream.wanted else status == 200
        if good:
            side.good += 1
            side.ms.append(round((time.monotonic() - one.began) * 1000, 2))
        self._end(one, good=good)

    def _failed(self, side: _Side, when: float) -> None:
        if len(side.failed_at) < _FAILURES:
            side.failed_at.append(round(when - self.began, 2))

    def _end(self, one: _Connection, *, good: bool) -> None:
        side = self.sides[one.stream]
        side.open -= 1
        if not good:
            self._failed(side, one.began)
        del self.open[one.fd]
        one.socket.close()
        one.fd = -1

    def _expire(self, now: float, *, ended: bool) -> None:
        for side in self.sides:
            while side.waiting and (side.waiting[0].fd < 0 or side.waiting[0].deadline < now):
                one = side.waiting.popleft()
                if one.fd >= 0:
                    side.late += 1
                    self._end(one, good=False)
        while self.dripping and (self.dripping[0].fd < 0 or self.dripping[0].drip_at <= now or ended):
            one = self.dripping.popleft()
            if one.fd < 0:
                continue
            if ended:
                self._end(one, good=False)
                continue
            stream = self.sides[one.stream].stream
            with contextlib.suppress(OSError):  # what the server closed is told by poll
                one.socket.send(stream.drip)
            one.drip_at = now + stream.drip_s
            self.dripping.append(one)
