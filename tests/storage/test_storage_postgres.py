"""What only PostgreSQL does to a store: lost sessions, unconfirmed commits, fences, places of what tells an age."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import postgres_server
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid, SeifasError, Unavailable
from seifas.storage.database_places import DatabaseAt
from seifas.storage.opening import key_store, open_rows, open_state
from seifas.storage.postgres import Connection
from seifas.storage.postgres_connecting import connect
from seifas.storage.state import Group, StateStore

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
ITS_SESSION = "SELECT {deed}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"


@pytest.fixture
def place() -> DatabaseAt:
    return postgres_server.shared().database()


def some(count: int) -> list[tuple[bytes, bytes]]:
    return [(os.urandom(16), os.urandom(600)) for _ in range(count)]


def end_sessions(place: DatabaseAt) -> None:
    postgres_server.shared().run(
        place, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()",
    )


def test_sessions_that_are_ended_are_made_anew(place: DatabaseAt) -> None:
    rows = open_rows(place, founding=True)
    items = some(3)
    rows.put_many(items[:2])
    for _ in range(2):
        assert rows.get(items[0][0]) == items[0][1]
        end_sessions(place)
        assert rows.get(items[1][0]) == items[1][1]
        end_sessions(place)
    rows.put_many(items[2:])
    assert rows.count() == 3
    rows.close()
    with pytest.raises(Unavailable, match="closed"):
        rows.get(items[0][0])


class TestUnconfirmedCommits:
    """A standby is named that is not there: a COMMIT waits for it."""

    @pytest.fixture
    def alone(self) -> Iterator[postgres_server.Server]:
        with postgres_server.server() as server:
            yield server

    @pytest.mark.parametrize("deed", ["pg_terminate_backend", "pg_cancel_backend"])
    def test_a_commit_without_its_standby_is_not_acknowledged(self, alone: postgres_server.Server, deed: str) -> None:
        place = alone.database()
        state = open_state(place, founding=True)
        list(state.load())
        alone.set(synchronous_standby_names="nobody")
        alone.reload()
        outcome: list[object] = []

        def commit() -> None:
            try:
                outcome.append(state.commit(groups=[Group(leaves=[b"x"])], seal_last=lambda *_: (None, {})))
            except SeifasError as error:
                outcome.append(error)

        thread = threading.Thread(target=commit)
        thread.start()
        try:
            until = time.monotonic() + 60
            while not alone.run(place, WAITING)[0][0]:
                assert time.monotonic() < until, f"the commit did not wait for its standby: {outcome}"
                time.sleep(0.02)
            assert outcome == []
        finally:
            alone.run(place, ITS_SESSION.format(deed=deed))
            thread.join(60)
        assert isinstance(outcome[0], Unavailable)
        assert state.broken, "whether it stands, only opening it again tells"
        with pytest.raises(Unavailable):
            state.get(bytes(32))
        state.close()
        alone.set(synchronous_standby_names="")
        alone.reload()
        again = open_state(place)
        assert again.leaf_count == 1, "the primary had it; nobody was told"
        again.close()


class Fence:
    """Refuses from when it is told to."""

    def __init__(self) -> None:
        self.shut = False
        self.asked = 0

    def __call__(self, connection: Connection) -> None:
        assert connection.execute("SELECT now() = transaction_timestamp()").fetchone() == (True,)
        self.asked += 1
        if self.shut:
            raise Unavailable("another node is active")


def _state_deeds(state: StateStore) -> dict[str, Callable[[], object]]:
    return {
        "commit": lambda: state.commit(groups=[Group(leaves=[b"x"])], seal_last=lambda *_: (None, {})),
        "relay": state.relay,
    }


def test_every_transaction_that_writes_asks_the_fence(place: DatabaseAt) -> None:
    fence = Fence()
    state, rows = open_state(place, founding=True, fence=fence), open_rows(place, founding=True, fence=fence)
    keys = key_store(postgres_server.shared().database(), fence=fence)
    keys.create({"number": b"1"})
    list(state.load())
    items, key = some(2), (os.urandom(32), b"key")
    rows.put_many(items[:1])
    keys.put_many([key])
    following = keys.begin_next()

    def load() -> None:
        with rows.bulk() as bulk:
            bulk.put_many(items[1:])

    deeds: dict[str, Callable[[], object]] = {
        **_state_deeds(state), "put": lambda: rows.put_many(items[1:]),
        "delete": lambda: rows.delete_many([items[0][0]]),
        "bulk": load, "relay rows": rows.relay, "keys": lambda: keys.put_many([(os.urandom(32), b"x")]),
        "delete keys": lambda: keys.delete_many([key[0]]), "slots": lambda: keys.write_slots(b"{}"),
        "next": lambda: following.put_many([key]), "finish": following.finish, "leftovers": keys.discard_leftovers,
    }  # fmt: skip
    fence.shut = True
    for name, deed in deeds.items():
        before = fence.asked
        with pytest.raises(Unavailable, match="another node"):
            deed()
        assert fence.asked > before, name
    assert (state.leaf_count, rows.count(), keys.count(), keys.slots()) == (0, 1, 1, None)
    assert rows.get(items[0][0]) == items[0][1]
    assert not state.broken
    fence.shut = False
    for deed in (deeds["commit"], deeds["put"], deeds["keys"]):
        deed()
    assert (state.leaf_count, rows.count(), keys.count()) == (1, 2, 2)
    following._database.close()  # type: ignore[attr-defined]
    for store in (state, rows, keys):
        store.close()


def test_who_has_the_newest_term_ends_the_session_of_the_former(place: DatabaseAt) -> None:
    former, newer = Fence(), Fence()
    first = open_state(place, founding=True, fence=former)
    list(first.load())
    second = open_state(place, fence=newer)
    list(second.load())
    former.shut = True
    with pytest.raises(Unavailable):
        first.commit(groups=[Group(leaves=[b"x"])], seal_last=lambda *_: (None, {}))
    second.commit(groups=[Group(leaves=[b"y"])], seal_last=lambda *_: (None, {}))
    assert [body for _, body in second.leaf_range(0)] == [b"y"]
    first.close()
    second.close()


def test_laid_anew_rows_lie_in_the_order_of_their_ids_under_one_transaction(place: DatabaseAt) -> None:
    rows = open_rows(place, founding=True)
    groups = [some(5) for _ in range(40)]
    for group in groups:
        rows.put_many(group)
    lying = "SELECT id FROM seifas_rows.rows ORDER BY ctid"
    written = "SELECT count(DISTINCT xmin::text) FROM seifas_rows.rows"
    run = postgres_server.shared().run
    came = [row for group in groups for row, _ in sorted(group)]
    assert [row for (row,) in run(place, lying)] == came, "what is looked for must be seen"
    assert run(place, written) == [(40,)]
    after: bytes | None = b""
    while after is not None:
        after = rows.relay(after)
    assert [row for (row,) in run(place, lying)] == sorted(came)
    assert run(place, written) == [(1,)]
    assert rows.get_many(came) == [body for group in groups for _, body in sorted(group)]
    assert rows.checkpoint()
    assert rows.size() > 200 * 600
    rows.close()


def test_bodies_stay_in_their_pages(place: DatabaseAt) -> None:
    rows = open_rows(place, founding=True)
    rows.put_many([(os.urandom(16), os.urandom(4000)) for _ in range(20)] + [(bytes(16), bytes(4000))])
    beside = (
        "SELECT coalesce(sum(pg_relation_size(reltoastrelid)), 0)::bigint FROM pg_class "
        "WHERE oid = 'seifas_rows.rows'::regclass AND reltoastrelid <> 0"
    )
    assert postgres_server.shared().run(place, beside) == [(0,)]
    rows.close()


@given(st.text(max_size=60))
def test_what_is_no_connection_string_is_refused_without_repeating_it(text: str) -> None:
    said = f"secret-{text} password=hunter2 host=/nowhere"
    with pytest.raises((Invalid, Unavailable)) as caught:
        connect(DatabaseAt(said), name="rows").close()
    assert "hunter2" not in f"{caught.value}{caught.value.where}{caught.value.__cause__ or ''}"


def test_another_machine_is_asked_for_its_certificate() -> None:
    with pytest.raises(Unavailable) as caught:
        connect(DatabaseAt("host=192.0.2.1 hostaddr=127.0.0.1 port=1 dbname=x connect_timeout=2"), name="rows")
    assert "192.0.2.1" not in str(caught.value)
