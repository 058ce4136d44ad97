"""Which handler a path gets."""

import pytest

from seifas.web.desk.app import ROUTES
from seifas.web.routing import Route, Router


async def one(*_: object, **__: str) -> None: ...


async def other(*_: object, **__: str) -> None: ...


def test_fixed_segments_win_over_names() -> None:
    router = Router([Route("GET", "/desk/{what}", other), Route("GET POST", "/desk/day", one)])
    found = router.find("GET", "/desk/day")
    assert found is not None
    assert found.handler is one
    found = router.find("GET", "/desk/night")
    assert found is not None
    assert (found.handler, found.names, found.pattern) == (other, {"what": "night"}, "/desk/{what}")


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/desk/night"), ("GET", "/desk/"), ("GET", "/desk"), ("GET", "/desk/a/b"), ("DELETE", "/desk/a"),
    ("GET", "x"), ("GET", ""),
])
def test_what_no_table_has_is_not_found(method: str, path: str) -> None:
    assert Router([Route("GET", "/desk/{what}", other)]).find(method, path) is None


def test_head_is_served_where_get_is() -> None:
    assert Router([Route("GET", "/a", one)]).find("HEAD", "/a") is not None
    assert Router([Route("POST", "/a", one)]).find("HEAD", "/a") is None


def test_two_claims_of_one_path_do_not_start() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        Router([Route("GET", "/a/{b}", one), Route("GET POST", "/a/{c}", other)])


def test_the_areas_do_not_claim_the_same() -> None:
    Router(ROUTES)
