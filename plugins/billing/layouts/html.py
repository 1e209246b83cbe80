"""A laid-out invoice as a page of HTML that stands alone: escaped, without scripts, pictures inside."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from plugins.billing.layouts.sheet import Sheet

HERE = Path(__file__).parent
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg"}


def render_html(sheet: Sheet) -> bytes:
    """The page as UTF-8. What turns the direction of text is left out, as on paper."""
    images = {name: _inside(content) for name, content in sheet["images"].items()}
    plain = _printable(sheet)
    page = _template().render(sheet=plain, images=images, style=Markup(_style(sheet)))  # noqa: S704 - our own rules, checked values
    return page.encode()


def security_policy(sheet: Sheet) -> str:
    """The policy under which the page may be shown: its own style and pictures, nothing else."""
    digest = b64encode(sha256(_style(sheet).encode()).digest()).decode()
    shown = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:"
    return f"{shown}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@cache
def _template() -> Template:
    loader = FileSystemLoader(HERE)
    environment = Environment(loader=loader, autoescape=True)
    return environment.get_template("page.html")


def _style(sheet: Sheet) -> str:
    """The rules, with the sizes and colours of this sheet; a document that was checked holds no others."""
    page = sheet["page"]
    margins = " ".join(f"{size}mm" for size in page["margins"])
    paper = "A4" if page["paper"] == "a4" else "letter"
    red, green, blue = (int(page["accent"][at : at + 2], 16) for at in (1, 3, 5))
    tint = f"rgb({red} {green} {blue}/8%)"
    root = f":root{{--accent:{page['accent']};--tint:{tint};--size:{page['font_size']}pt;--margins:{margins}}}"
    return "\n".join([root, f"@page{{size:{paper};margin:{margins}}}", *sorted(set(_sizes(sheet["items"]))), _rules()])


@cache
def _rules() -> str:
    return (HERE / "page.css").read_text()


def _sizes(items: Any) -> Iterator[str]:
    """A rule for each height and width that the sheet has."""
    for one in items:
        if one["of"] == "picture":
            yield f"img.h{one['height']}{{height:{one['height']}mm}}"
        elif one["of"] == "payment":
            yield "img.h24{height:24mm}"
        elif one["of"] == "space":
            yield f".s{one['height']}{{height:{one['height']}mm;margin:0}}"
        elif one["of"] == "columns":
            yield from (f".w{width}{{flex:{width} 1 0}}" for width in one["widths"])
            for part in one["parts"]:
                yield from _sizes(part)


def _inside(content: bytes) -> str:
    kind = next(kind for start, kind in _KINDS.items() if content.startswith(start))
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSEEN.sub("", value)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items() if key != "images"}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value
