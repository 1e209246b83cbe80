"""Small files with the mistakes that real exports have: one kind of mistake a file, all of clients or time."""

from __future__ import annotations

HEADER = "external_id,name,client_type,currency,billing_cycle,payment_terms\n"
GOOD = "C-1,Quellbach GmbH,company,EUR,monthly,net_14\n"


def broken_files() -> dict[str, bytes]:
    """Bytes by file name. The file's name says what is wrong with it."""
    texts = {
        "ragged_rows.csv": HEADER + GOOD + "C-2,Ohne Rest,company\nC-3,Zu viel,company,EUR,monthly,net_14,x,y\n",
        "duplicate_header.csv": "external_id,name,Name,client_type\nC-1,Quellbach GmbH,Quellbach,company\n",
        "missing_column.csv": "external_id,name\nC-1,Quellbach GmbH\n",
        "no_rows.csv": HEADER,
        "empty.csv": "",
        "twice_the_same_id.csv": HEADER + GOOD + GOOD,
        "no_external_id.csv": HEADER + ",Namenlos AG,company,EUR,monthly,net_14\n",
        "unknown_choice.csv": HEADER + "C-1,Quellbach GmbH,firm,EUR,fortnightly,net_14\n",
        "unknown_currency.csv": HEADER + "C-1,Quellbach GmbH,company,EURO,monthly,net_14\n",
        "open_quote.csv": HEADER + 'C-1,"Quellbach GmbH,company,EUR,monthly,net_14\n',
        "slash_dates.csv": _contract("07/08/2026"),
        "impossible_date.csv": _contract("31.02.2026"),
        "two_readings_of_a_number.csv": "external_id,item,currency,unit_price\nPR-1,S-REMOTE,EUR,1.250\n",
        "fraction_of_a_cent.csv": "external_id,item,currency,unit_price\nPR-1,S-REMOTE,EUR,0.125\n",
        "unknown_reference.csv": _contract("2026-07-01"),
    }
    files = {name: text.encode() for name, text in texts.items()}
    files["nul_bytes.csv"] = (HEADER + GOOD).encode() + b"C-2,Null\x00zeichen,company,EUR,monthly,net_14\n"
    files["huge_cell.csv"] = (HEADER + "C-1," + "x" * 20_000 + ",company,EUR,monthly,net_14\n").encode()
    files["not_text.csv"] = bytes(range(256)) * 4
    return files


def _contract(start: str) -> str:
    return f"external_id,client,name,currency,start_date,status\nK-1,C-404,Support,EUR,{start},active\n"
