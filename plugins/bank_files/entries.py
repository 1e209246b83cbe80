"""Entries of bank statements as values, and what makes two of them the same. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from kernel.errors import InvalidInput
from kernel.money import exponent
from plugins.bank_files.errors import StatementUnreadable

MOST = 10**15


class BankEntry(NamedTuple):
    """An entry as the bank says it: `amount` in minor units, below zero where money went out. `reference` is the bank's own,
    `structured` a creditor reference (ISO 11649 or a national one), `iban` that of the other side.
    """

    booked_on: date
    amount: int
    currency: str
    name: str = ""
    iban: str = ""
    text: str = ""
    structured: str = ""
    reference: str = ""


class Statement(NamedTuple):
    """The entries of one account in a file; `skipped` were not booked yet. `account` is its IBAN or number."""

    account: str
    currency: str
    entries: tuple[BankEntry, ...]
    skipped: int = 0


def fingerprints(account: str, entries: Iterable[BankEntry]) -> Iterator[tuple[bytes, BankEntry]]:
    """Each entry with the SHA-256 by which it is known again: account, day, amount, references and words, and its rank among
    those that are the same in all of this. Files that overlap so give each entry one fingerprint, and two payments alike two.
    """
    seen: Counter[bytes] = Counter()
    for entry in entries:
        digest = hashlib.sha256()
        for part in (account, entry.booked_on.isoformat(), str(entry.amount), entry.currency, entry.reference, entry.structured,
                     entry.name, entry.iban, entry.text):  # fmt: skip
            data = part.encode()
            digest.update(len(data).to_bytes(4, "big") + data)
        same = digest.digest()
        digest.update(seen[same].to_bytes(4, "big"))
        seen[same] += 1
        yield digest.digest(), entry


def minor_units(text: str, currency: str, where: str) -> int:
    """A decimal number as minor units. Raises StatementUnreadable for what is none, or has too many decimals.

    >>> minor_units("1234.50", "EUR", "line 2"), minor_units("-500", "JPY", "line 2")
    (123450, -500)
    """
    try:
        exact = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation as error:
        raise StatementUnreadable(f"{where}: {text!r} is no amount.") from error
    except InvalidInput as error:
        raise StatementUnreadable(f"{where}: {currency!r} is no currency of ISO 4217.") from error
    if not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) > MOST:
        raise StatementUnreadable(f"{where}: {text!r} is no amount of {currency}.")
    return int(exact)


def plain(text: str | None, most: int = 500) -> str:
    """Words on one line, without characters that cannot be stored."""
    return " ".join("".join(one if one.isprintable() else " " for one in text or "").split())[:most]


def squash(text: str) -> str:
    """Letters and digits only, in capitals: how references are compared.

    >>> squash("inv-2026/00042")
    'INV202600042'
    """
    return "".join(one for one in text.upper() if one.isalnum())
