"""How many examples hypothesis draws where a test says so itself."""

from hypothesis import settings


def of_whole(count: int) -> int:
    """So many with --whole; in a short run as many fewer as the profile in conftest.py has fewer than 100."""
    return max(10, count * settings.default.max_examples // 100)
