"""A batch as UBL documents by EN 16931, in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from uuid import UUID

from kernel.hookspecs.accounting import Document, ExportFile, Problem
from kernel.hookspecs.papers import PaperData
from plugins.accounting_files.papers import refuse

NOT_EXPRESSIBLE = "not_an_e_invoice"
_MISSING = PaperData(problem="There is no such invoice any more.")
_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # so that the same batch gives the same bytes


def find_problems(documents: Sequence[Document], found: Mapping[UUID, PaperData]) -> list[Problem]:
    """Which documents lack a fact that EN 16931 asks for, or cannot be said in it."""
    lacking = [(one, found.get(one.id, _MISSING)) for one in documents]
    return [Problem(one.id, NOT_EXPRESSIBLE, f"{one.number}: {it.problem}", it.mend_url) for one, it in lacking if it.problem]


def compose(documents: Sequence[Document], found: Mapping[UUID, PaperData]) -> list[ExportFile]:
    """One archive. Raises AccountingFileRefused."""
    refuse(find_problems(documents, found))
    out, names = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in documents:
            datum = found[one.id]
            name = datum.name if datum.name not in names else f"{one.id}-{datum.name}"
            names.add(name)
            archive.writestr(zipfile.ZipInfo(name, _SAME_DAY), datum.content, zipfile.ZIP_DEFLATED)
    return [ExportFile("ubl.zip", "application/zip", out.getvalue())]
