"""Statements of ISO 20022: camt.053.001.02 to .08, read without entities, document types and network. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from plugins.bank_files.entries import BankEntry, Statement, minor_units, plain, squash
from plugins.bank_files.errors import StatementUnreadable

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(\d{2})")
VERSIONS = range(2, 9)
Node = Any


def looks_like_xml(content: bytes) -> bool:
    """True where a file begins as XML does."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_camt(content: bytes) -> list[Statement]:
    """The statements of a file. Raises StatementUnreadable."""
    root = _parsed(content)
    found = _NAMESPACE.fullmatch(etree.QName(root).namespace or "")
    if found is None or int(found[1]) not in VERSIONS:
        raise StatementUnreadable("This XML is no statement of camt.053.001.02 to camt.053.001.08. Export that from the bank.")
    return [_statement(one) for one in _all(root, "BkToCstmrStmt", "Stmt")]


def _parsed(content: bytes) -> Node:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
                             remove_comments=True, remove_pis=True)  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise StatementUnreadable(f"The XML is damaged: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise StatementUnreadable("A bank's statement has no document type; this file is not read.")
    return root


def _statement(node: Node) -> Statement:
    account = squash(_text(node, "Acct", "Id", "IBAN") or _text(node, "Acct", "Id", "Othr", "Id"))
    if not account:
        raise StatementUnreadable("A statement names no account.")
    currency = _text(node, "Acct", "Ccy") or _currency(node)
    booked = [one for one in _all(node, "Ntry") if (_text(one, "Sts", "Cd") or _text(one, "Sts")) == "BOOK"]
    entries = [entry for one in booked for entry in _entries(one)]
    return Statement(account, currency, tuple(entries), len(_all(node, "Ntry")) - len(booked))


def _currency(node: Node) -> str:
    amount = next(iter(_all(node, "Ntry", "Amt")), None)
    return "" if amount is None else str(amount.get("Ccy", ""))


def _entries(node: Node) -> list[BankEntry]:
    """One for each payment of a collective entry, if the bank says their amounts; else one for the entry."""
    whole, details = _signed(node), _all(node, "NtryDtls", "TxDtls")
    if len(details) < 2:
        return [_entry(node, details[0] if details else node, whole)]
    parts = [_part(node, one) for one in details]
    if any(part is None for part in parts) or sum(part[0] for part in parts if part) != whole[0]:
        return [_entry(node, node, whole)]
    return [_entry(node, one, part) for one, part in zip(details, parts, strict=True) if part]


def _part(entry: Node, node: Node) -> tuple[int, str] | None:
    amounts = [*_all(node, "Amt"), *_all(node, "AmtDtls", "TxAmt", "Amt")]
    if not amounts:
        return None
    return _amount(amounts[0], _text(node, "CdtDbtInd") or _text(entry, "CdtDbtInd"), _where(entry))


def _signed(node: Node) -> tuple[int, str]:
    return _amount(next(iter(_all(node, "Amt")), None), _text(node, "CdtDbtInd"), _where(node))


def _amount(node: Node, side: str, where: str) -> tuple[int, str]:
    if node is None or side not in ("CRDT", "DBIT"):
        raise StatementUnreadable(f"{where}: an entry has no amount, or does not say whether it came in or went out.")
    text = (node.text or "").strip()
    currency = str(node.get("Ccy", ""))
    minor = minor_units(_checked(text, where), currency, where)
    return (minor if side == "CRDT" else -minor), currency


def _checked(text: str, where: str) -> str:
    try:
        if Decimal(text) >= 0:
            return text
    except InvalidOperation:
        pass
    raise StatementUnreadable(f"{where}: {text!r} is no amount.")


def _where(node: Node) -> str:
    return f"Line {node.sourceline}"


def _entry(entry: Node, node: Node, amount: tuple[int, str]) -> BankEntry:
    other = "Dbtr" if amount[0] > 0 else "Cdtr"
    parties = ("RltdPties", other)
    name = _text(node, *parties, "Nm") or _text(node, *parties, "Pty", "Nm") or _text(node, "RltdPties", f"Ultmt{other}", "Nm")
    text = " ".join(one.text or "" for one in _all(node, "RmtInf", "Ustrd")) or _text(entry, "AddtlNtryInf")
    ours = _text(node, "Refs", "AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    end_to_end = _text(node, "Refs", "EndToEndId")
    return BankEntry(
        _day(entry), *amount, plain(name, 140), squash(_text(node, "RltdPties", f"{other}Acct", "Id", "IBAN"))[:34], plain(text),
        plain(_text(node, "RmtInf", "Strd", "CdtrRefInf", "Ref"), 140),
        plain(" ".join(one for one in (ours, end_to_end) if one and one != "NOTPROVIDED"), 140),
    )  # fmt: skip


def _day(entry: Node) -> date:
    for path in (("BookgDt", "Dt"), ("BookgDt", "DtTm"), ("ValDt", "Dt"), ("ValDt", "DtTm")):
        if text := _text(entry, *path):
            try:
                return date.fromisoformat(text[:10])
            except ValueError as error:
                raise StatementUnreadable(f"{_where(entry)}: {text!r} is no date.") from error
    raise StatementUnreadable(f"{_where(entry)}: an entry has no date.")


def _all(node: Node, *names: str) -> list[Node]:
    """Descendants by a path of local names."""
    return list(node.iterfind("/".join(f"{{*}}{name}" for name in names)))


def _text(node: Node, *names: str) -> str:
    found = _all(node, *names)
    return (found[0].text or "").strip() if found else ""
