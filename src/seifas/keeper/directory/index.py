"""The directory itself: an FTS5 index and the cards in SQLite's memory, filled at unlock, dropped at lock.

Index words carry their kind as first letter (`asking`), so one column without positions serves all fields; only
`a-z0-9` reaches the query language. Figures: docs/decisions/0005-directory.md.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Lock

from seifas.errors import Invalid, Locked
from seifas.keeper.directory import asking
from seifas.keeper.directory.asking import Plan, Query, Word
from seifas.keeper.directory.card import Card, decode, encode
from seifas.keeper.directory.clauses import Lexicon, any_of, bearers, key_clauses, levels, similar
from seifas.keeper.directory.matching import Hit, Judge
from seifas.keeper.directory.terms import Terms
from seifas.names.contacts import code_form, phone_digits
from seifas.names.folding import PARTICLES, family_words, without_titles, words
from seifas.names.forms import stems

BATCH = 4000
"""Cards that go to SQLite at once while loading."""

WAITING = 32
"""Changed cards that go to SQLite at once, 2 to 3 ms; before a question all that wait do. A transaction of its own for
each costs FTS5 0.4 ms, six times as much as the card.
"""

ANSWERS = 1024
"""Answers kept until a card changes: whoever types asks for the same beginnings again and again, and so do colleagues.
An answer costs 0.6 ms of CPU at 24,000 patients, a kept one nothing; a thousand of 20 hits are 10 MB at most.
"""

FEW = 5
"""With so many hits by what was really typed, typing errors are not guessed: each hit shown costs budget."""

CALLED = 50
"""People who are looked at for one name in a text."""

_SCHEMA = """
    PRAGMA temp_store = MEMORY;
    PRAGMA page_size = 16384;
    PRAGMA secure_delete = ON;
    CREATE TABLE card (id INTEGER PRIMARY KEY, patient BLOB NOT NULL, body BLOB NOT NULL);
    -- No positions, no sizes, no copy of the text; beginnings of 1 to 3 letters (after the kind letter) have lists
    -- of their own, longer ones are merged from the words.
    CREATE VIRTUAL TABLE words USING fts5(
        text, content='', columnsize=0, detail=none, prefix='2 3 4', tokenize='ascii'
    );
"""
_PATIENT_INDEX = "CREATE UNIQUE INDEX card_patient ON card (patient)"


class Directory:
    """The cards of one clinic, searchable. Safe to use from several threads; one search runs at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._fresh()

    def _fresh(self) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute(_PATIENT_INDEX)
        self._lexicon = Lexicon()
        self._waiting: dict[bytes, Card] = {}
        self._answers: OrderedDict[Query, tuple[Hit, ...]] = OrderedDict()
        self._open = True

    def __len__(self) -> int:
        with self._reading():
            return int(self._db.execute("SELECT count(*) FROM card").fetchone()[0])

    def close(self) -> None:
        """Drops everything; until the next `load` all else raises Locked. Python and SQLite free the memory; they do
        not promise to overwrite it.
        """
        with self._lock:
            self._open = False
            self._db.close()
            self._lexicon = Lexicon()
            self._waiting = {}
            self._answers.clear()

    def load(self, cards: Iterable[Card]) -> int:
        """Replaces the whole directory by these cards; returns how many. Raises Invalid if a patient comes twice."""
        with self._lock:
            self._db.close()
            self._fresh()
            try:
                return self._fill(iter(cards))
            except BaseException:
                self._fresh()
                raise

    def _fill(self, cards: Iterator[Card]) -> int:
        terms = Terms()
        self._db.execute("DROP INDEX card_patient")
        self._db.execute("BEGIN")
        count = 0
        while batch := list(islice(cards, BATCH)):
            for card in batch:
                _check(card)
            numbered = list(enumerate(batch, start=count + 1))
            self._db.executemany(
                "INSERT INTO card (id, patient, body) VALUES (?, ?, ?)",
                ((number, card.patient, encode(card)) for number, card in numbered),
            )
            self._db.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                ((number, terms.text(card)) for number, card in numbered),
            )
            count += len(batch)
        self._db.execute("COMMIT")
        try:
            self._db.execute(_PATIENT_INDEX)
        except sqlite3.IntegrityError:
            raise Invalid("A patient comes twice.", where="directory") from None
        self._lexicon = Lexicon(terms.words)
        return count

    def put(self, card: Card) -> None:
        """Adds a patient's card, or replaces it: the next question finds it."""
        _check(card)
        with self._lock:
            self._check_open()
            self._waiting[card.patient] = card
            self._answers.clear()
            if len(self._waiting) >= WAITING:
                self._settle()

    def _settle(self) -> None:
        """Puts the cards that wait into the index. The lock is held."""
        terms = Terms()
        with self._transaction():
            for card in self._waiting.values():
                number = self._take_out(card.patient)
                if number is None:
                    inserted = self._db.execute(
                        "INSERT INTO card (patient, body) VALUES (?, ?)", (card.patient, encode(card))
                    )
                    number = inserted.lastrowid
                else:
                    self._db.execute("UPDATE card SET body = ? WHERE id = ?", (encode(card), number))
                self._db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, terms.text(card)))
        self._waiting = {}
        for group, vocabulary in self._lexicon.items():
            for word in terms.words[group]:
                vocabulary.add(word)

    def remove(self, patient: bytes) -> None:
        """Takes a patient out; nothing happens if there is none. After an erasure follow it with `compact`."""
        with self._writing():
            self._answers.clear()
            number = self._take_out(patient)
            if number is not None:
                self._db.execute("DELETE FROM card WHERE id = ?", (number,))

    def compact(self) -> None:
        """Rewrites the index without what was taken out, which until then stays in it as dead words: after an erasure.
        40 ms at 24,000 patients, about 1 s at a million.
        """
        with self._reading():
            self._db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def card(self, patient: bytes) -> Card | None:
        """The whole card, for the keeper's own checks; never for showing unasked."""
        with self._reading():
            row = self._db.execute("SELECT body FROM card WHERE patient = ?", (patient,)).fetchone()
        return decode(row[0]) if row else None

    def page(self, after: bytes, count: int) -> list[Card]:
        """The next cards by patient's id, whole: for what reads everybody, and was allowed to. 2,000 cost 12 ms."""
        with self._reading():
            rows = self._db.execute(
                "SELECT body FROM card WHERE patient > ? ORDER BY patient LIMIT ?", (after, count)
            ).fetchall()
        return [decode(row[0]) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            self._check_open()
            if self._waiting:
                self._settle()
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._reading(), self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _check_open(self) -> None:
        if not self._open:
            raise Locked("The vault is locked. Unlock it first.")

    def _take_out(self, patient: bytes) -> int | None:
        """Takes a patient's words out of the index; the number of the card row, which stays."""
        row = self._db.execute("SELECT id, body FROM card WHERE patient = ?", (patient,)).fetchone()
        if row is None:
            return None
        number = int(row[0])
        terms = Terms()
        text = terms.text(decode(row[1]))
        self._db.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, text))
        # A name that nobody bears any more must not stay in memory as a word either.
        for group, vocabulary in self._lexicon.items():
            for word in terms.words[group]:
                if not self._db.execute(
                    "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (bearers(group, word),)
                ).fetchone():
                    vocabulary.discard(word)
        return number

    # --- asking ---

    def search(self, query: Query) -> list[Hit]:
        """Masked hits, best first, at most `query.limit` and 20. Raises Invalid or TooLarge with what to type."""
        with self._lock:
            self._check_open()
            kept = self._answers.get(query)
            if kept is not None:
                self._answers.move_to_end(query)
                return list(kept)
        plan = asking.plan_of(query)
        with self._reading():
            asked = plan.words
            found = self._candidates(plan, asked)
            if not found and plan.apart:
                asked = plan.apart
                found = self._candidates(plan, asked)
            hits = Judge(plan, asked).best(found, plan.limit)
            self._answers[query] = tuple(hits)
            if len(self._answers) > ANSWERS:
                self._answers.popitem(last=False)
        return hits

    def _candidates(self, plan: Plan, asked: tuple[Word, ...]) -> list[Card]:
        """At least the best `plan.limit` cards."""
        keys = key_clauses(plan)
        found: dict[int, Card] = {}
        if not asked:
            self._find(keys, plan, found)
        else:
            for level in levels(asked, plan, self._lexicon):
                self._find([*level, *keys], plan, found)
                if len(found) >= plan.limit:
                    break
            if len(found) < min(FEW, plan.limit):
                whole, begun = similar(asked, self._lexicon)
                if whole:
                    self._find([*whole, *keys], plan, found)
                if begun and not found:
                    self._find([*begun, *keys], plan, found)
        return list(found.values())

    def _find(self, clauses: list[str], plan: Plan, found: dict[int, Card]) -> None:
        """Adds the cards for which all clauses hold, twice the limit at most beside those already found."""
        rows = self._db.execute(
            "SELECT card.id, card.body FROM words JOIN card ON card.id = words.rowid"
            " WHERE words MATCH ? ORDER BY words.rowid LIMIT ?",
            (" AND ".join(clauses), plan.limit * 2 + len(found)),
        )
        for number, body in rows:
            if number in found:
                continue
            card = decode(body)
            # The index knows addresses by a short digest only, and codes without their systems.
            if all(address in card.emails for address in plan.emails) and _has_code(card, plan.coded):
                found[number] = card

    def caller(self, surname: str, *, birthdate: str = "", phone: str = "") -> bytes | None:
        """The patient whom a caller proved to be: a surname in any of its forms, and the full birth date or a full
        telephone number (both, if both are given). None unless exactly one matches; of several, one record in use may
        stand beside others that are not. Raises Invalid if it is no such proof.
        """
        typed = _proof_words(surname)
        key = ""
        if birthdate.strip():
            key, _ = asking.birth_key(birthdate.strip())
            if not asking.is_whole_date(key):
                raise Invalid("Ask for the whole birth date: 1985-03-02.", where="birthdate")
        number = ""
        if phone.strip():
            number = phone_digits(phone)
            if len(number) < FULL_PHONE:
                raise Invalid("Ask for the whole telephone number.", where="phone")
        if not key and not number:
            raise Invalid("Ask for the whole birth date or telephone number.", where="birthdate")
        clauses = [
            any_of([*(f'"{kind}{word}"' for kind in "fx"), *(f'"s{stem}"' for stem in stems(word))]) for word in typed
        ]
        clauses.extend(f'"{each}"' for each in (key, number and asking.PHONE + number[::-1]) if each)
        found: dict[int, Card] = {}
        with self._reading():
            self._find(clauses, Plan(words=(), apart=(), keys=(), emails=(), limit=asking.HIT_LIMIT), found)
        matching = [card for card in found.values() if _proves(typed, card)]
        in_use = [card for card in matching if card.active and not card.deceased] or matching
        return in_use[0].patient if len(in_use) == 1 else None

    def same_code(self, code: str) -> list[bytes]:
        """The patients who have this identifier, spaces, dashes and case aside. Systems are not told apart."""
        form = code_form(code)
        if not form:
            return []
        with self._reading():
            rows = self._db.execute(
                "SELECT patient FROM words JOIN card ON card.id = words.rowid WHERE words MATCH ? ORDER BY words.rowid",
                (f'"{asking.CODE}{form}"',),
            ).fetchall()
        return [bytes(row[0]) for row in rows]


    def knows(self, word: str) -> tuple[bool, bool]:
        """Whether a folded word may be a form of somebody's surname, and of somebody's given name: a guess from stems,
        in memory, by which texts are gone through."""
        with self._reading():
            vocabularies = dict(self._lexicon.items())
            found = [
                any(stem in vocabularies[kind] for stem in stems(word))
                for kind in (asking.SURNAME_STEM, asking.GIVEN_STEM)
            ]
        return found[0], found[1]

    def called(self, surname: str, given: str) -> list[Card]:
        """Who bears a surname in any of its forms and a given name likewise, or one that begins with it where it is one
        letter; any given name if it is empty. At most `CALLED`; words are folded ones."""
        clauses = [any_of([*(f'"{kind}{surname}"' for kind in "fx"), *(f'"s{stem}"' for stem in stems(surname))])]
        if len(given) == 1:
            clauses.append(f'"{asking.GIVEN}{given}"*')
        elif given:
            clauses.append(any_of([f'"{asking.GIVEN}{given}"', *(f'"t{stem}"' for stem in stems(given))]))
        return self._cards(" AND ".join(clauses))

    def reached(self, *, phone: str = "", email: str = "") -> list[Card]:
        """Who has this whole telephone number (`phone_digits`) or e-mail address (`email_form`)."""
        key = asking.PHONE + phone[::-1] if phone else asking.email_key(email)
        return [one for one in self._cards(f'"{key}"') if phone in one.phones or email in one.emails]

    def _cards(self, clause: str) -> list[Card]:
        with self._reading():
            rows = self._db.execute(
                "SELECT card.body FROM words JOIN card ON card.id = words.rowid WHERE words MATCH ?"
                " ORDER BY words.rowid LIMIT ?", (clause, CALLED),
            ).fetchall()  # fmt: skip
        return [decode(row[0]) for row in rows]


def _has_code(card: Card, coded: tuple[str, str] | None) -> bool:
    if coded is None:
        return True
    parts = (one.partition("|") for one in card.coded)
    return any((system, code_form(value)) == coded for system, _, value in parts)


FULL_PHONE = 7
"""Digits that a number needs at least to prove a caller."""


def _check(card: Card) -> None:
    if len(card.patient) != 16:
        raise Invalid("A patient's id is 16 bytes.", where="card")


def _proof_words(surname: str) -> list[str]:
    if len(surname) > asking.FIELD_LIMIT:
        raise Invalid("That is no surname.", where="surname")
    typed = without_titles(words(surname))
    # "van der" is no name of van der Berg's, and Berg is; but Le is a surname too.
    typed = [word for word in typed if word not in PARTICLES] or typed
    if not typed or all(len(word) < 2 for word in typed):
        raise Invalid("Type the whole surname.", where="surname")
    return typed[: asking.WORDS_ASKED]


def _proves(typed: list[str], card: Card) -> bool:
    if typed[0] in PARTICLES:
        return any(typed == words(name) for name in (card.family, *card.former))
    stored = [word for name in (card.family, *card.former) for word in family_words(name)]
    # By stems, not by rank: the accusative Žukauską is also a beginning of Žukauskas.
    return all(any(word == each or not set(stems(word)).isdisjoint(stems(each)) for each in stored) for word in typed)
