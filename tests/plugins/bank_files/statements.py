"""Statements of a bank, written in few words."""

from __future__ import annotations

from typing import NamedTuple

ACCOUNT = "DE89370400440532013000"
HILL = "AT611904300234573201"


class Line(NamedTuple):
    """An entry of a statement; `amount` as the bank writes it, below zero where money went out."""

    amount: str
    text: str = ""
    name: str = "Hill & Sons"
    iban: str = HILL
    structured: str = ""
    reference: str = ""
    day: str = "2026-09-30"
    status: str = "BOOK"


def camt(*lines: Line, version: int = 8, account: str = ACCOUNT, currency: str = "EUR") -> bytes:
    """A statement of camt.053 in one of its versions."""
    entries = "".join(_entry(one, version, currency) for one in lines)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{currency}</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>""".encode()


def _entry(one: Line, version: int, currency: str) -> str:
    side = "DBIT" if one.amount.startswith("-") else "CRDT"
    other = "Cdtr" if side == "DBIT" else "Dbtr"
    status = f"<Cd>{one.status}</Cd>" if version >= 8 else one.status
    name = f"<Pty><Nm>{one.name}</Nm></Pty>" if version >= 8 else f"<Nm>{one.name}</Nm>"
    name = name.replace("&", "&amp;")
    account = f"<{other}Acct><Id><IBAN>{one.iban}</IBAN></Id></{other}Acct>" if one.iban else ""
    structured = f"<Strd><CdtrRefInf><Ref>{one.structured}</Ref></CdtrRefInf></Strd>" if one.structured else ""
    return f"""<Ntry><Amt Ccy="{currency}">{one.amount.lstrip("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>{one.day}</Dt></BookgDt><AcctSvcrRef>{one.reference}</AcctSvcrRef><NtryDtls><TxDtls>
<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><{other}>{name}</{other}>{account}</RltdPties><RmtInf><Ustrd>{one.text}</Ustrd>{structured}</RmtInf></TxDtls></NtryDtls></Ntry>"""


def table(*lines: Line) -> bytes:
    """The same as a table, as German banks write it."""
    cells = ((_german(one.day), one.amount.replace(".", ","), one.name, one.iban, one.text, one.reference) for one in lines)
    rows = [";".join(one) for one in cells]
    return "\n".join(["Buchungstag;Betrag;Name;IBAN;Verwendungszweck;Referenz", *rows]).encode("cp1252")


def _german(day: str) -> str:
    return ".".join(reversed(day.split("-")))
