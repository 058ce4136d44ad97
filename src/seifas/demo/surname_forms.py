"""How a Lithuanian surname changes with sex and marriage.

The endings follow the State Commission of the Lithuanian Language: daughters take -aitė (from -as, -a), -ytė (-is,
-ys, -ė), -utė (-us), -iūtė (-ius), -jūtė (-jus); wives take -ienė, from -us also -uvienė, from -ius also -iuvienė;
since 2003 either may take the short -ė, which does not tell.
"""

from __future__ import annotations

import msgspec

# The longest ending first: (masculine ending, daughter's, wife's from the commonest).
_ENDINGS = (
    ("jus", "jūtė", ("jienė", "juvienė")),
    ("ius", "iūtė", ("ienė", "iuvienė")),
    ("us", "utė", ("ienė", "uvienė")),
    ("as", "aitė", ("ienė",)),
    ("is", "ytė", ("ienė",)),
    ("ys", "ytė", ("ienė",)),
    ("a", "aitė", ("ienė",)),
    ("ė", "ytė", ("ienė",)),
)


class Forms(msgspec.Struct, frozen=True):
    """One family's surname: the man's, his wife's (commonest first), his daughter's, and the short female form."""

    man: str
    wives: tuple[str, ...]
    daughter: str
    short: str

    @property
    def wife(self) -> str:
        return self.wives[0]


def lithuanian(man: str) -> Forms:
    """All forms of a man's surname in the nominative; `ValueError` for an ending Lithuanian surnames do not have."""
    for ending, daughter, wives in _ENDINGS:
        if man.endswith(ending) and len(man) > len(ending) + 1:
            stem = man[: -len(ending)]
            short = stem + ("jė" if ending == "jus" else "ė")
            return Forms(man=man, wives=tuple(stem + wife for wife in wives), daughter=stem + daughter, short=short)
    raise ValueError("not a Lithuanian masculine surname")


def paired(man: str, woman: str) -> Forms:
    """A surname with one form for women (Ivanov, Ivanova), or the same for both (Hansen)."""
    return Forms(man=man, wives=(woman,), daughter=woman, short=woman)
