"""One search at a time, for whoever the keeper lets search; and when this process has done its work.

A search is begun at the keeper before it is begun here, so that what is refused is refused at once. What it reads stays
in memory for the case's next search, ten minutes at most; then the process ends, which is the only sure way to wipe
what Python has held, and the supervisor starts a new one that knows nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from seifas.errors import Conflict, Invalid, Locked, Missing, Refused, SeifasError, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.leaks import explaining_case, searching, tracing
from seifas.leaks.asking import CaseKeeper, Who
from seifas.leaks.client import RENEWED
from seifas.leaks.job import MOST_FILES, Cancelled, Job
from seifas.leaks.loaded import LoadedPeople
from seifas.leaks.loaded_photos import LoadedPhotos
from seifas.leaks.results import Matched, Traced, body_of
from seifas.storage.objects import Objects

log = logging.getLogger("seifas.leaks")

WARM_S: Final = 10 * 60.0
"""How long what a search has read stays in memory after its end; looking at what it found makes it no longer."""

MOST_FOUND: Final = 2_000
"""Rows or traces of one answer."""

_MOST_JOBS: Final = 32
_ANSWERED_S: Final = 10.0
_KINDS: Final = ("match", "attribute", "explain")


class Searches:
    """All searches of this process, the one that runs and those that ended."""

    def __init__(
        self, keeper: KeeperClient, socket: Path, objects: Objects, reading: Path, *, warm_s: float = WARM_S
    ) -> None:
        self._keeper = keeper
        self._objects = objects
        self._reading = reading
        self._warm_s = warm_s
        self._asking = CaseKeeper(socket)
        self._people = LoadedPeople()
        self._photos = LoadedPhotos()
        self._jobs: dict[bytes, Job] = {}
        self._running: Job | None = None
        self._used = time.monotonic()
        self._leave = False
        self._leaving = False
        self.refused = False
        self._answered: dict[tuple[str, bytes], float] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")

    # -- whether to go on living

    @property
    def done(self) -> bool:
        """Whether there is something in memory that nobody wants any more."""
        if self._running is not None:
            return False
        return self._leave or (bool(self._jobs) and time.monotonic() - self._used > self._warm_s)

    def leave(self) -> None:
        """From now on none is begun: this process is about to end."""
        self._leaving = True

    async def look(self) -> None:
        """Asks the keeper whether what was read may still be searched with, or kept for the case's next search: not
        when the case was closed, its yes is over, who asked has signed out, or the vault was locked."""
        token, job = self._asking.search, self._running
        if not token or (job is not None and job.state == "waiting"):
            return
        try:
            await self._keeper.call("leak.files", search=token)
        except (Missing, Refused, Locked) as error:
            if self._asking.search != token or self._running is not job:
                return  # another search was begun meanwhile, which ends this one's token
            self._leave = self.refused = True
            if job is not None:
                job.cancel(error)
            else:  # the thread that would use it is idle
                self._people.forget()
                self._photos.forget()
        except SeifasError:
            return

    def close(self) -> None:
        """Ends the search that runs, and tells the keeper that what was read is gone with this process."""
        if self._running is not None:
            self._running.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._people.forget()
        self._photos.forget()
        self._asking.close()

    # -- what can be asked

    async def begin(self, role: str, who: Who, case: bytes, kind: str, files: tuple[bytes, ...]) -> dict[str, Any]:
        """{job}. Raises what the keeper refuses, Conflict ("busy") while another search runs, Unavailable ("renewed":
        ask the next process)."""
        if kind not in _KINDS or len(files) > MOST_FILES:
            raise Invalid(f"match, attribute or explain, over {MOST_FILES} files at most", where="files")
        if role == "jobs" and (kind != "match" or not files or who.session):
            raise Refused("pages that were watched are matched, and nothing else", where="leak-people")
        if self._leaving:
            raise Unavailable("this process is being renewed; begin the search again", where=RENEWED)
        if self._running is not None and not self._running.ended:
            raise Conflict("another search runs: wait for it, or end it", where="busy")
        job = Job(kind, case, files, role)
        self._running = job
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._asking.start, who, case)
        except BaseException:
            self._running = None
            raise
        self._used = time.monotonic()  # what was refused keeps nothing in memory
        while len(self._jobs) >= _MOST_JOBS:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job.id] = job
        running = loop.run_in_executor(self._thread, self._run, job)
        running.add_done_callback(lambda _: self._ended(job))
        return {"job": job.id}

    def _ended(self, job: Job) -> None:
        self._used = time.monotonic()
        if self._running is job:  # who heard that it had ended may have begun the next one already
            self._running = None

    def _run(self, job: Job) -> None:
        """In the search's thread."""
        try:
            self._people.begin(job.case)
            self._photos.begin(job.case)
            if job.kind == "explain":
                explaining_case.explain(job, self._asking)
                return
            known = {one.file: one for one in self._asking.files()}
            if any(one not in known for one in job.files):
                raise Missing("there is no such file in this case", where="files")
            files = [known[one] for one in dict.fromkeys(job.files)] if job.files else list(known.values())
            if not files:
                raise Invalid("the case has no files yet: send one first", where="files")
            job.searched = tuple(one.file.hex() for one in files)
            samples = searching.Samples(job, self._asking, self._objects, self._reading)
            if job.kind == "match":
                searching.match(job, self._asking, self._people, samples, files)
            else:
                tracing.attribute(job, self._asking, self._photos, samples, files)
        except Cancelled:
            job.end("cancelled" if job.stopped_by is None else "failed", error=job.stopped_by)
        except SeifasError as error:
            job.end("failed", error=error)
            # Whatever it was, what the search stood on may be gone: nothing that it has read is used again.
            self._leave = True
        except BaseException as error:  # a defect: its text and its frames may hold a record
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            at = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
            log.error("a search failed by a defect", extra={"error": type(error).__name__, "at": at})
            job.end("failed", error=SeifasError("the search failed inside; it is logged, nothing was kept"))
            self._leave = True

    async def progress(self, role: str, who: Who, job: bytes, seen: int) -> dict[str, Any]:
        return await (await self._job(role, who, job)).progress(seen)

    async def found(self, role: str, who: Who, ident: bytes, after: int, count: int) -> bytes:
        """Rows or traces from number `after` on, in a result's own form."""
        job = await self._job(role, who, ident)
        start, end = max(0, after), max(0, after) + max(1, min(count, MOST_FOUND))
        unread, seconds = tuple(job.unread), round(job.seconds, 3)
        if job.kind == "match":
            return body_of(Matched(tuple(job.rows[start:end]), unread, job.counts["left_out"], seconds, job.searched))
        if job.kind == "explain":
            if job.explained is None:
                raise Missing("the search has not ended yet", where="search")
            return body_of(job.explained)
        proofs = tuple(job.proofs)
        traces = tuple(job.traces[start:end])
        return body_of(Traced(traces, unread, proofs, job.counts["compared"], seconds, job.searched))

    async def listed(self, role: str, who: Who, case: bytes) -> list[dict[str, Any]]:
        """The searches of a case, newest first."""
        await self._allowed(role, who, case)
        return [job.told for job in reversed(self._jobs.values()) if job.case == case]

    async def cancel(self, role: str, who: Who, job: bytes) -> dict[str, Any]:
        (await self._job(role, who, job)).cancel()
        return {}

    async def forget(self, role: str, who: Who, job: bytes) -> dict[str, Any]:
        """This process ends as soon as nothing runs in it."""
        await self._job(role, who, job)
        self._leave = True
        return {}

    async def _job(self, role: str, who: Who, ident: bytes) -> Job:
        """Whoever asks for a search has its id, and is of those who may see its case now."""
        job = self._jobs.get(ident)
        if job is None or job.role != role:
            raise Missing("there is no such search here any more; what it found is in its case", where="search")
        await self._allowed(role, who, job.case)
        return job

    async def _allowed(self, role: str, who: Who, case: bytes) -> None:
        """Asks the keeper, once in ten seconds. The machine's own has shown a pass for the very search it names."""
        if role in ("admin", "any", "jobs") and not who.session:
            return
        now = time.monotonic()
        if now - self._answered.get((who.session, case), -_ANSWERED_S) < _ANSWERED_S:
            return
        await self._keeper.call("leak.check", session=who.session, case=case)
        self._answered = {key: at for key, at in self._answered.items() if now - at < _ANSWERED_S}
        self._answered[who.session, case] = now
