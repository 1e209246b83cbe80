"""REST of statements and of the ageing of receivables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.receivables import ageing, letters, schemas, statement_paper, statements

rest = Rest("billing")
_STATEMENT = "/statements/<uuid:client_id>"


@rest.get(_STATEMENT, permission="invoice.read", query=schemas.PeriodQuery, out=schemas.StatementList)
def get_statement(ctx: CallContext, client_id: UUID, query: dict[str, Any]) -> Any:
    """A client's statement of account, by currency"""
    return {"items": statements.read_statements(ctx, client_id, **query)}


@rest.get(f"{_STATEMENT}/pdf", permission="invoice.read", query=schemas.PeriodQuery)
def get_statement_pdf(ctx: CallContext, client_id: UUID, query: dict[str, Any]) -> Response:
    """A client's statement of account as PDF"""
    return pdf_response(statement_paper.print_statement(ctx, client_id, **query))


@rest.post(f"{_STATEMENT}/send", permission="invoice.send", body=schemas.StatementSend, out=schemas.LetterOut, status=202)
def send_statement(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Send a client its statement of account by mail, as PDF"""
    return letters.letter_row(ctx, statement_paper.send_statement(ctx, client_id, **body).id)


@rest.get("/ageing", permission="invoice.read", query=schemas.AgeingQuery, out=schemas.AgeingOut)
def get_ageing(ctx: CallContext, query: dict[str, Any]) -> Any:
    """What clients owed at the end of a day, by how late it was"""
    return ageing.age_on(ctx, **query)


def pdf_response(content: bytes) -> Response:
    """A statement as a browser keeps it."""
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="statement.pdf"'
    return response
