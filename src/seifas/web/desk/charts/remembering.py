"""The products and lots that a session has used today, offered again in its next procedure. Products, never patients;
in memory, by session, gone with the day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from seifas.records.procedures import Product

_SESSIONS, _PRODUCTS = 2000, 8


class Remembered:
    """By session: the day, and the products of the day, the last used first."""

    def __init__(self) -> None:
        self._used: OrderedDict[bytes, tuple[str, tuple[Product, ...]]] = OrderedDict()

    def of(self, session: bytes, today: str) -> tuple[Product, ...]:
        """What this session has used today."""
        day, products = self._used.get(session, ("", ()))
        return products if day == today else ()

    def used(self, session: bytes, today: str, products: Iterable[Product]) -> None:
        """Takes note of products that were written into a chart."""
        kept = {(one.name, one.lot): one for one in (*products, *self.of(session, today)) if one.lot}
        self._used[session] = (today, tuple(kept.values())[:_PRODUCTS])
        self._used.move_to_end(session)
        if len(self._used) > _SESSIONS:
            self._used.popitem(last=False)


REMEMBERED = Remembered()
"""Of this process."""
