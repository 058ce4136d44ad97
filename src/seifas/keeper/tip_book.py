"""All tips in memory, by their own id and by the name that their receipt stands for; files on their way.

The bounds count what came from outside, of known and unknown receipts alike: a bound that told them apart would tell
which receipts are real. Wall times decide what is kept, boot times how long an upload may take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from seifas.errors import Conflict, Missing, OverBudget
from seifas.keeper.tip_model import KEPT_CLOSED_MS, Tip, TipPart, Upload

MOST_UNREAD: Final = 1000
"""Texts and files that nobody has read yet. Beyond it nothing is taken, and the officer is told."""

MOST_PARTS: Final = 20_000
MOST_ENTERED_A_DAY: Final = 100
"""By one account: no telephone rings more often. Whoever has a session of staff must not fill the box."""

MOST_AN_HOUR: Final = 120
MOST_FILES_AN_HOUR: Final = 60
MOST_BYTES: Final = 4 * 1024**3
"""Sealed bytes of all files that are kept or on their way."""

MOST_UPLOADS: Final = 8
UPLOAD_MS: Final = 2 * 3_600_000
MOST_LOOKS_A_MINUTE: Final = 3000
"""Receipts that are tried, right ones and wrong ones: no bound that a guesser of 120 bits could feel, but one on what a
flood may cost."""

_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000


class TipBook:
    """Of one keeper, while it is unlocked."""

    def __init__(self) -> None:
        self._tips: dict[bytes, Tip] = {}
        self._parts: dict[bytes, TipPart] = {}
        self._of: dict[bytes, dict[bytes, None]] = {}
        self._named: dict[bytes, bytes] = {}
        self._answers: dict[bytes, list[TipPart]] = {}
        self._uploads: dict[bytes, Upload] = {}
        self._came: dict[str, deque[int]] = {"text": deque(), "file": deque()}
        self._looks: deque[int] = deque()

    def load(self, tips: Iterable[Tip], parts: Iterable[TipPart]) -> None:
        """Replaces everything, as at unlock; no upload outlives a lock."""
        for table in (self._tips, self._parts, self._of, self._named, self._answers, self._uploads, self._came["text"],
                      self._came["file"]):
            table.clear()
        for tip in tips:
            self.put(tip)
        for part in sorted(parts, key=lambda one: one.at_ms):
            self.put_part(part)

    # -- what is stored

    def put(self, tip: Tip) -> None:
        self._tips[tip.id] = tip
        self._named[tip.lookup] = tip.id

    def put_part(self, part: TipPart) -> None:
        known = part.id in self._parts
        self._parts[part.id] = part
        self._of.setdefault(part.tip, {})[part.id] = None
        tip = self._tips.get(part.tip)
        if part.kind == "answer" and not known and tip is not None:
            self._answers.setdefault(tip.lookup, []).append(part)
        if part.kind in self._came and not part.by and not known:
            self._came[part.kind].append(part.at_ms)

    def drop_part(self, ident: bytes) -> None:
        part = self._parts.pop(ident, None)
        if part is None:
            return
        self._of.get(part.tip, {}).pop(ident, None)
        tip = self._tips.get(part.tip)
        if tip is not None and part.kind == "answer":
            self._answers[tip.lookup] = [one for one in self._answers.get(tip.lookup, ()) if one.id != ident]

    def remove(self, ident: bytes) -> None:
        """The tip with its parts."""
        tip = self._tips.pop(ident, None)
        for part in self._of.pop(ident, {}):
            self._parts.pop(part, None)
        if tip is not None:
            self._named.pop(tip.lookup, None)
            self._answers.pop(tip.lookup, None)

    def get(self, ident: bytes) -> Tip:
        """Raises Missing."""
        tip = self._tips.get(ident)
        if tip is None:
            raise Missing("there is no such tip")
        return tip

    def has(self, ident: bytes) -> bool:
        return ident in self._tips

    def part(self, ident: bytes) -> TipPart | None:
        return self._parts.get(ident)

    def named(self, lookup: bytes) -> Tip | None:
        """The tip of a receipt."""
        ident = self._named.get(lookup)
        return self._tips.get(ident) if ident is not None else None

    def answers(self, lookup: bytes) -> list[TipPart]:
        """What staff has told whoever has this receipt, oldest first; nothing for a tip without answers, and the same
        for a receipt that is none. Both take one look at one table."""
        return self._answers.get(lookup, [])

    def tips(self) -> list[Tip]:
        """The one that something came to last first."""
        return sorted(self._tips.values(), key=lambda one: -one.last_ms)

    def parts_of(self, tip: bytes) -> list[TipPart]:
        """Oldest first."""
        return sorted((self._parts[one] for one in self._of.get(tip, ())), key=lambda one: one.at_ms)

    def expired(self, now_ms: int) -> list[Tip]:
        """Closed so long ago that they go."""
        return [one for one in self._tips.values() if one.closed_ms and now_ms - one.closed_ms > KEPT_CLOSED_MS]

    def objects(self) -> set[bytes]:
        """The objects that files are sealed as, or are about to be."""
        named = {ident for one in self._parts.values() for ident in one.objects}
        return named | {ident for one in self._uploads.values() for ident in one.objects}

    # -- bounds

    def check_room(self, now_ms: int, *, file: bool) -> None:
        """Raises OverBudget with `where` "full" or "pace" where nothing more is taken now."""
        kind, most = ("file", MOST_FILES_AN_HOUR) if file else ("text", MOST_AN_HOUR)
        came = self._came[kind]
        while came and not -_HOUR_MS < now_ms - came[0] < _HOUR_MS:
            came.popleft()
        if len(came) >= most:  # first, because it costs nothing: a flood pays for no more than this
            raise OverBudget("More came in the last hour than the box takes.", where="pace")
        if len(self._parts) >= MOST_PARTS or self.unread() >= MOST_UNREAD:
            raise OverBudget("The box of tips is full.", where="full")

    def check_staff(self, account: bytes, now_ms: int) -> None:
        """Whether staff may put in one more part. Raises OverBudget with `where` "full" or "entered"."""
        if len(self._parts) >= MOST_PARTS:
            raise OverBudget("The box of tips is full.", where="full")
        mine = sum(
            one.by == account and one.kind == "text" and abs(now_ms - one.at_ms) < 24 * _HOUR_MS
            for one in self._parts.values()
        )
        if mine >= MOST_ENTERED_A_DAY:
            raise OverBudget("This account has entered as many tips as a day has.", where="entered")

    def unread(self) -> int:
        """Texts and files from outside that nobody has read yet."""
        return sum(
            one.kind in self._came and not one.by and one.at_ms > self._tips[one.tip].seen_ms
            for one in self._parts.values() if one.tip in self._tips
        )

    def look(self, now_ms: int) -> None:
        """One receipt is tried. Raises OverBudget with `where` "guessing", for any receipt alike."""
        while self._looks and not 0 <= now_ms - self._looks[0] < _MINUTE_MS:
            self._looks.popleft()
        if len(self._looks) >= MOST_LOOKS_A_MINUTE:
            raise OverBudget("More receipts are tried than people have.", where="guessing")
        self._looks.append(now_ms)

    # -- files on their way

    def begin(self, upload: Upload) -> None:
        """Raises OverBudget where too many come at once, or where there is no room for so many bytes."""
        if upload.id in self._uploads or upload.id in self._parts:
            raise Conflict("this file was begun already", where="upload")
        if len(self._uploads) >= MOST_UPLOADS:
            raise OverBudget("Too many files come at once; send it again in a while.", where="busy")
        kept = sum(one.size for one in self._parts.values()) + sum(one.size for one in self._uploads.values())
        if kept + upload.size > MOST_BYTES:
            raise OverBudget("The box of tips is full.", where="full")
        self._uploads[upload.id] = upload

    def upload(self, ident: bytes) -> Upload:
        """Raises Missing."""
        found = self._uploads.get(ident)
        if found is None:
            raise Missing("this file was not begun, or too long ago; send it again", where="upload")
        return found

    def arrived(self, ident: bytes) -> None:
        self._uploads.pop(ident, None)

    def stale(self, boot_ms: int) -> list[Upload]:
        """Uploads that take too long: their objects are to be deleted."""
        return [one for one in self._uploads.values() if boot_ms - one.began_ms > UPLOAD_MS and not one.busy]
