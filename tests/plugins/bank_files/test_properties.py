"""What holds for all statements, whatever is in them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.hookspecs.receipts import OpenInvoice
from plugins.bank_files.camt import read_camt
from plugins.bank_files.entries import BankEntry, fingerprints, plain
from plugins.bank_files.errors import StatementUnreadable
from plugins.bank_files.matching import suggest
from plugins.bank_files.sheets import number, read_sheet
from tests.plugins.bank_files.statements import Line, camt

DAY = date(2026, 9, 1)
ENTRIES = st.lists(
    st.builds(BankEntry, st.just(DAY), st.integers(-3, 3), st.just("EUR"), text=st.sampled_from(["a", "b"])), max_size=12
)


def _prints(entries: list[BankEntry]) -> list[bytes]:
    return [digest for digest, _ in fingerprints("A", entries)]


@given(ENTRIES, st.randoms())
def test_order_does_not_matter_and_every_entry_has_its_own_fingerprint(entries: list[BankEntry], random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(_prints(entries)) == sorted(_prints(shuffled))
    assert len(set(_prints(entries))) == len(entries)


@given(ENTRIES, ENTRIES)
def test_a_longer_file_holds_the_fingerprints_of_a_shorter_one(entries: list[BankEntry], more: list[BankEntry]) -> None:
    assert set(_prints(entries)) <= set(_prints(entries + more))


@given(st.text(max_size=30), st.text(max_size=30))
def test_parts_do_not_run_into_each_other(one: str, two: str) -> None:
    first, second = BankEntry(DAY, 1, "EUR", name=one, text=two), BankEntry(DAY, 1, "EUR", name=one + two)
    assert (_prints([first]) == _prints([second])) == (two == "")


@given(st.integers(-(10**12), 10**12), st.booleans())
def test_amounts_are_read_as_they_are_written(minor: int, comma: bool) -> None:
    text = (
        f"{abs(minor) / 100:,.2f}" if abs(minor) < 10**9 else f"{abs(minor) // 100},{0}".replace(",0", f".{abs(minor) % 100:02}")
    )
    text = text.translate(str.maketrans(",.", ".,")) if comma else text
    signed = f"{text}-" if minor < 0 else text
    assert round(float(number(signed, comma=comma)) * 100) == minor


@given(st.lists(st.integers(1, 10**9), max_size=5))
@settings(max_examples=30)
def test_a_statement_adds_up(amounts: list[int]) -> None:
    lines = [Line(f"{one // 100}.{one % 100:02}") for one in amounts]
    [statement] = read_camt(camt(*lines))
    assert sum(one.amount for one in statement.entries) == sum(amounts)


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with suppress(StatementUnreadable):
        assert all(isinstance(cell, str) for _, row in read_sheet(content).rows for cell in row)


@given(st.integers(1, 500), st.lists(st.integers(1, 300), max_size=6), st.text(max_size=40), st.integers(0, 5))
def test_suggestions_never_share_out_more_than_there_is(left: int, dues: list[int], text: str, named: int) -> None:
    clients = [uuid4(), uuid4()]
    found = [OpenInvoice(uuid4(), f"INV-00{at}77", clients[at % 2], "EUR", 2, due, due, DAY, DAY + timedelta(days=at))
             for at, due in enumerate(dues)]  # fmt: skip
    words = text + " " + " ".join(one.number for one in found[:named])
    dues_of = {one.id: one.due for one in found}
    for one in suggest(left, words, "", "", clients[0], found, {}):
        assert sum(share.amount for share in one.shares) <= one.amount == left
        assert all(0 < share.amount <= dues_of[share.invoice_id] for share in one.shares)
        if one.sure:
            assert sum(share.amount for share in one.shares) == left


@given(st.text())
def test_words_can_be_stored(text: str) -> None:
    assert "\0" not in plain(text)
    assert len(plain(text)) <= 500
