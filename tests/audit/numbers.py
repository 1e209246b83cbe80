"""I5: numbers are unique, and a series has a gap only where a numbered draft was deleted, which the audit log tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.audit.books import Books, grouped

PROVISIONAL = "DRAFT-"


def check_numbers(books: Books) -> Iterator[str]:
    """Every series against its counter and the deleted drafts."""
    for number, times in Counter(one.number for one in books.invoices).items():
        if times > 1:
            yield f"I5 the number {number} is given {times} times."
    last = {one.name: one.last_serial for one in books.series}
    burnt = [one.label for one in books.deleted if not one.label.startswith(PROVISIONAL)]
    missing = 0
    by_series = dict.fromkeys(last, ()) | grouped(books.invoices, lambda one: one.series)
    for series, invoices in by_series.items():  # those whose invoices were all deleted as well
        serials = sorted(one.serial for one in invoices if one.serial is not None)
        if len(set(serials)) != len(serials) or (serials and not 1 <= serials[0] <= serials[-1] <= last.get(series, 0)):
            yield f"I5 the serials of {series} do not fit its counter {last.get(series)}: {serials}."
        missing += last.get(series, 0) - len(serials)
    if missing != len(burnt):
        yield f"I5 {missing} numbers are missing, {len(burnt)} numbered drafts were deleted."
    for one in books.invoices:
        if one.status != "draft" and (one.serial is None or one.number.startswith(PROVISIONAL)):
            yield f"I5 {one.number} is {one.status} without a number."
