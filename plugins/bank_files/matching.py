"""What an entry may pay: by numbers in its words, by reference, by amount, by who paid from this account before. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.hookspecs.receipts import OpenInvoice, ReceiptShare
from plugins.bank_files.entries import squash

MOST = 5
_TOKEN = re.compile(r"[^\W_][\w./-]{2,}")
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to settle `amount` minor units: a client's, with shares for its invoices. `why` names the reasons; it is `sure`
    where the words of the entry name the invoice and the amount agrees.
    """

    client_id: UUID
    amount: int
    shares: tuple[ReceiptShare, ...]
    numbers: tuple[str, ...]
    why: tuple[str, ...]
    sure: bool


def tokens(*texts: str) -> set[str]:
    """Words that may be numbers of invoices."""
    return {one.rstrip("./-") for text in texts for one in _TOKEN.findall(text) if any(sign.isdigit() for sign in one)}


def suggest(left: int, text: str, structured: str, name: str, known: UUID | None, invoices: Sequence[OpenInvoice],
            names: Mapping[UUID, str]) -> list[Suggestion]:  # fmt: skip
    """The best ways to settle what is left of an entry, the surest first. `invoices` are open ones of its currency, `known` is
    the client who paid from this account before, `names` are those of clients.
    """
    found: list[Suggestion] = []
    for client_id, named in _by_client(_named(text, structured, invoices)).items():
        why = ("reference",) if all(_referred(structured, one) for one in named) else ("number",)
        found.append(_paying(left, client_id, named, why))
    if not found or not found[0].sure:
        found += _by_amount(left, name, known, invoices, names)
    if known is not None and all(one.client_id != known for one in found):
        theirs = [one for one in invoices if one.client_id == known]
        found.append(_paying(left, known, theirs, ("account",)))
    unique = {(one.client_id, one.shares): one for one in reversed(found)}
    return sorted(unique.values(), key=lambda one: (not one.sure, one.why != ("number",), -len(one.why)))[:MOST]


def _named(text: str, structured: str, invoices: Sequence[OpenInvoice]) -> list[OpenInvoice]:
    words, whole = {squash(one) for one in tokens(text)}, squash(text)
    return [one for one in invoices if _referred(structured, one) or _said(squash(one.number), words, whole)]


def _said(number: str, words: set[str], whole: str) -> bool:
    """Numbers stand as words; long ones may be broken by blanks, but not be a part of a longer number."""
    if number in words:
        return True
    if len(number) < 2 * _LEAST:
        return False
    for found in re.finditer(re.escape(number), whole):
        if not whole[found.end() : found.end() + 1].isdigit() and not (
            number[0].isdigit() and whole[max(found.start() - 1, 0) : found.start()].isdigit()
        ):
            return True
    return False


def _referred(structured: str, invoice: OpenInvoice) -> bool:
    """A creditor reference (ISO 11649: RF, two check digits, the reference) that is the invoice's number."""
    reference = squash(structured)
    if is_creditor_reference(reference):
        reference = reference[4:]
    number = squash(invoice.number)
    digits = "".join(one for one in number if one.isdigit()).lstrip("0")
    return bool(reference) and (reference == number or (len(digits) >= _LEAST and reference.lstrip("0") == digits))


def is_creditor_reference(text: str) -> bool:
    """Whether the check digits of an ISO 11649 reference are right (ISO 7064, mod 97-10).

    >>> is_creditor_reference("RF18539007547034"), is_creditor_reference("RF19539007547034")
    (True, False)
    """
    if not re.fullmatch(r"RF\d{2}[A-Z0-9]{1,21}", text):
        return False
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def _by_client(invoices: Sequence[OpenInvoice]) -> dict[UUID, list[OpenInvoice]]:
    found: dict[UUID, list[OpenInvoice]] = {}
    for one in invoices:
        found.setdefault(one.client_id, []).append(one)
    return found


def _paying(left: int, client_id: UUID, invoices: Sequence[OpenInvoice], why: tuple[str, ...]) -> Suggestion:
    """Those due first are paid first; what is left over becomes a credit."""
    shares, rest = [], left
    for one in sorted(invoices, key=lambda one: (one.due_date, one.number)):
        if part := min(one.due, rest):
            shares.append((one, part))
        rest -= part
    whole = not rest and bool(shares) and all(one.due == part for one, part in shares)
    sure = whole and why != ("account",) and len(shares) == len(invoices)
    return Suggestion(client_id, left, tuple(ReceiptShare(one.id, part) for one, part in shares),
                      tuple(one.number for one, _ in shares), (*why, "amount") if whole else why, sure)  # fmt: skip


def _by_amount(left: int, name: str, known: UUID | None, invoices: Sequence[OpenInvoice],
               names: Mapping[UUID, str]) -> list[Suggestion]:  # fmt: skip
    """Invoices of just this amount: of who paid from this account before, of a client of this name, or the only one."""
    same = [one for one in invoices if one.due == left]
    found = [(one, _reasons(one, name, known, names)) for one in same]
    told = [(one, why) for one, why in found if why] or (found if len(found) == 1 else [])
    return [Suggestion(one.client_id, left, (ReceiptShare(one.id, left),), (one.number,), (*why, "amount"), False)
            for one, why in told]  # fmt: skip


def _reasons(invoice: OpenInvoice, name: str, known: UUID | None, names: Mapping[UUID, str]) -> tuple[str, ...]:
    theirs = squash(names.get(invoice.client_id, ""))
    alike = len(theirs) >= _LEAST and (theirs in squash(name) or squash(name).startswith(theirs[:12]))
    return ("account",) * (invoice.client_id == known) + ("name",) * alike
