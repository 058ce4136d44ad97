"""Which way did it go out: each picture of the case's samples is found among the clinic's photos and held against every
view of those photos that ever left.

All comparisons of a case are one family: how many there are is known before the first verdict, and the bound that is
told holds for all of them together. So pictures are gone through twice, once to find their photos and count the views,
once to attribute them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from seifas.darkroom.imaging import evidence, jpeg
from seifas.darkroom.imaging.scaling import Pixels, shrunk, within
from seifas.darkroom.renditions import opened
from seifas.errors import Invalid, OverBudget
from seifas.leaks import attributing
from seifas.leaks.asking import CaseFile, CaseKeeper, View
from seifas.leaks.attributing import Attribution, Sighting
from seifas.leaks.job import Job
from seifas.leaks.loaded_photos import LoadedPhotos
from seifas.leaks.photo_index import Found
from seifas.leaks.reading.pieces import Picture
from seifas.leaks.results import Trace, Traced, body_of
from seifas.leaks.searching import Samples

MOST_PICTURES: Final = 500
"""Of one search."""

_HELD: Final = 512 * 1024 * 1024
"""Bytes of pixels that are held for the second time; pictures beyond them are read again."""

_MOST_PROOFS: Final = 24
_PROOF_QUALITY: Final = 80
_PROOF_SIDE: Final = 1536
_FEWEST_TOGETHER: Final = 2


class _Shown(msgspec.Struct):
    """A picture of the samples, and the photos it shows. `pixels` is None where it is to be read again."""

    number: int
    source: str
    pixels: Pixels | None
    found: list[Found]


def attribute(
    job: Job, keeper: CaseKeeper, photos: LoadedPhotos, samples: Samples, files: Sequence[CaseFile]
) -> None:
    """Fills the job's traces, and has the result kept."""
    job.tell("loading")
    index = photos.index(keeper, samples.objects, lambda count: job.tell(photos=count))
    if photos.left_out:
        samples.unread(str(photos.left_out), "old-photos")
    shown: list[_Shown] = []
    held = 0
    for number, picture in enumerate(_pictures(samples, files)):
        if number >= MOST_PICTURES:
            samples.unread(picture.source, "too-many-pictures")
            continue
        held += picture.pixels.nbytes
        kept = picture.pixels if held <= _HELD else None
        shown.append(_Shown(number, picture.source, kept, index.find(picture.pixels)))
        job.add(pictures=1)
    views = _views(job, keeper, shown)
    sessions = {one.session for mine in views.values() for one in mine}
    alone = sum(len(views[one.photo]) for each in shown for one in each.found)
    count = alone + (len(sessions) if len(shown) > 1 else 0)
    job.tell(compared=keeper.compare(count) if count else 0)
    tracing = _Tracing(job, keeper, photos, samples, views)
    for one, pixels in _again(shown, samples, files):
        tracing.take(one, pixels)
        job.add(traced=1)
    tracing.together()
    job.tell("keeping")
    result = Traced(
        tuple(job.traces), tuple(job.unread), tuple(job.proofs), job.counts["compared"], round(job.seconds, 3),
        job.searched,
    )  # fmt: skip
    job.end("done", result=keeper.found("attribute", body_of(result)))


def _views(job: Job, keeper: CaseKeeper, shown: list[_Shown]) -> dict[bytes, list[View]]:
    """Every view of the photos that were found. Those beyond what the approval covers are counted, and left out."""
    views: dict[bytes, list[View]] = {}
    for each in shown:
        for one in each.found:
            if one.photo in views:
                continue
            try:
                views[one.photo] = keeper.views(one.photo)
            except OverBudget:
                job.add(left_out=1)
        each.found = [one for one in each.found if one.photo in views]
    return views


def _pictures(samples: Samples, files: Sequence[CaseFile], *, again: bool = False) -> Iterator[Picture]:
    """A picture at a time; text around it is passed over."""
    return (piece for piece in samples.pieces(files, again=again) if isinstance(piece, Picture))


def _again(shown: list[_Shown], samples: Samples, files: Sequence[CaseFile]) -> Iterator[tuple[_Shown, Pixels]]:
    """Each picture with its pixels: those that are held, then those that have to be read once more."""
    missing = {one.number: one for one in shown if one.pixels is None}
    for one in shown:
        if one.pixels is not None:
            pixels, one.pixels = one.pixels, None
            yield one, pixels
    for number, picture in enumerate(_pictures(samples, files, again=True) if missing else ()):
        if number in missing:
            yield missing[number], picture.pixels


class _Tracing:
    """Attributes one picture after the other, and at the end those together that say too little alone."""

    def __init__(
        self, job: Job, keeper: CaseKeeper, photos: LoadedPhotos, samples: Samples, views: dict[bytes, list[View]]
    ) -> None:
        self._job = job
        self._keeper = keeper
        self._photos = photos
        self._samples = samples
        self._views = views
        self._tested = job.counts["compared"]
        self._faint: list[Sighting] = []
        self._sources: list[str] = []

    def take(self, shown: _Shown, pixels: Pixels) -> None:
        """Adds what one picture is told to be: of several photos for one place in it, those whose views are named, or
        the likeliest where none is."""
        places: dict[int, list[list[Trace]]] = {}
        for found in shown.found:
            try:
                places.setdefault(found.region, []).append(self._traced(shown.source, found, pixels))
            except Invalid:  # a mere strip: of a shape that nothing can be told from
                self._samples.unread(shown.source, "unsupported")
        if not shown.found:
            self._job.traces.append(Trace(shown.source))
        for tried in places.values():
            named = [one for traces in tried for one in traces if one.verdict == "named"]
            self._job.traces += named or tried[0]

    def _traced(self, source: str, found: Found, pixels: Pixels) -> list[Trace]:
        """One for each view that is named, or one that says why none is."""
        original = jpeg.decoded(opened(self._samples.objects, self._keeper.original(found.photo)))
        views = self._views[found.photo]
        told = attributing.attribute(pixels, original, [one.seed for one in views], self._tested, warp=found.warp)
        common = Trace(
            source, found.photo, self._photos.patient_of.get(found.photo, b""), told.verdict,
            z=max(map(float, told.z), default=0.0), dummy_z=float(told.expected), threshold=float(told.threshold),
            bound=float(told.bound), tested=told.comparisons, likeness=float(told.likeness), inliers=int(told.inliers),
            found=found.how, proof=self._proof(pixels, original, told),
        )  # fmt: skip
        if told.registered and not told.named and views:
            who = [(one.seed, one.session) for one in views if one.session]
            self._faint.append(Sighting(photo=found.photo, found=told.found, views=who, weight=told.expected or 1.0))
            self._sources.append(source)
        return [
            self._of_view(
                common, found.photo, views[number].view, z=float(told.z[number]),
                bound=evidence.bound(float(told.z[number]), told.comparisons),
            )
            for number in told.named
        ] or [common]  # fmt: skip

    def _proof(self, pixels: Pixels, original: Pixels, told: Attribution) -> int:
        """The number of the picture that shows how the copy was laid on the photo; -1 where there is none."""
        if not told.registered or len(self._job.proofs) >= _MOST_PROOFS:
            return -1
        proof = attributing.proof(pixels, original, told.warp)
        height, width = proof.shape[:2]
        self._job.proofs.append(jpeg.encoded(shrunk(proof, *within(width, height, _PROOF_SIDE)), _PROOF_QUALITY))
        return len(self._job.proofs) - 1

    def _of_view(self, common: Trace, photo: bytes, view: bytes, **more: float) -> Trace:
        """With what the log says of the view."""
        seen = self._keeper.seen(photo, view)
        return msgspec.structs.replace(
            common, view=view, account=seen.account, display=seen.display, hat=seen.hat, session=seen.session.hex(),
            wall_ms=seen.wall_ms, how=seen.how, rendition=seen.rendition, line=seen.line, **more,
        )

    def together(self) -> None:
        """Names sessions by the faint evidence of all pictures that name nobody alone. Twice the comparisons, because
        which pictures these are was seen by looking at the same views."""
        if len({one.photo for one in self._faint}) < _FEWEST_TOGETHER:
            return
        pool = attributing.pooled(self._faint, 2 * self._tested)
        for session in pool.named:
            photo, view = next(
                (one.photo, view.view)
                for one in self._faint for view in self._views[one.photo] if view.session == session
            )
            common = Trace(
                f"{len(set(self._sources))} pictures together", verdict="named-together",
                z=math.sqrt(2 * pool.evidence[session]), threshold=math.sqrt(2 * pool.threshold),
                bound=min(1.0, 2 * self._tested * math.exp(-pool.evidence[session])),
                tested=2 * self._tested,
            )  # fmt: skip
            told = self._of_view(common, photo, view)
            self._job.traces.append(msgspec.structs.replace(told, view=b"", wall_ms=0, line=-1, rendition=""))
