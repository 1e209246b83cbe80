"""Pictures for layouts: PNG and JPEG files, small enough to go onto every page."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import String, cast, or_, select

from kernel import audit
from kernel.ids import uuid7
from plugins.billing.layouts.document import image_ids
from plugins.billing.layouts.errors import LayoutImageInvalid, LayoutImageNotFound, LayoutInUse
from plugins.billing.models import Layout, LayoutImage, LayoutVersion
from plugins.billing.pdf.render import PdfFailed, picture_invoice

if TYPE_CHECKING:
    from kernel.context import CallContext

ROOM = "layouts"
MOST_BYTES = 512 * 1024
MOST_PIXELS = 4_000_000
MOST_IMAGES = 50
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"


class _Facts(NamedTuple):
    content_type: str
    width: int
    height: int


def list_images(ctx: CallContext) -> list[LayoutImage]:
    """Every picture, the latest first."""
    return list(ctx.session.scalars(select(LayoutImage).order_by(LayoutImage.id.desc())))


def get_image(ctx: CallContext, image_id: UUID) -> LayoutImage:
    """Raises LayoutImageNotFound."""
    found = ctx.session.scalar(select(LayoutImage).where(LayoutImage.id == image_id))
    if found is None:
        raise LayoutImageNotFound("There is no picture with this id.")
    return found


def add_image(ctx: CallContext, *, name: str, content: bytes) -> LayoutImage:
    """Keep a picture; the same file again is the picture there already. Raises LayoutImageInvalid saying what to mend."""
    facts = _facts(content)
    if len(list_images(ctx)) >= MOST_IMAGES:
        raise LayoutImageInvalid(errors={"content": f"At most {MOST_IMAGES} pictures. Delete one that no layout prints."})
    _try(content)
    stored = ctx.kernel.files.put_bytes(ctx.tenant_id, content, content_type=facts.content_type, room=ROOM)
    known = ctx.session.scalar(select(LayoutImage).where(LayoutImage.file_key == stored.key))
    if known is not None:
        return known
    image = LayoutImage(id=uuid7(), name=name.strip()[:100] or "Picture", file_key=stored.key, size=stored.size,
                        created_at=ctx.now(), **facts._asdict())  # fmt: skip
    ctx.session.add(image)
    ctx.session.flush()
    audit.record(ctx, "invoice_layout.image_added", kind="billing.layout_image", row_id=image.id, label=image.name)
    return image


def delete_image(ctx: CallContext, image_id: UUID) -> None:
    """Forget a picture that no version of a layout prints. Raises LayoutImageNotFound and LayoutInUse."""
    image = get_image(ctx, image_id)
    wanted = select(Layout.name).outerjoin(LayoutVersion, (LayoutVersion.tenant_id == Layout.tenant_id)
                                           & (LayoutVersion.layout_id == Layout.id))  # fmt: skip
    names = or_(*(cast(column, String).contains(str(image_id)) for column in (Layout.draft, LayoutVersion.document)))
    if used := sorted(set(ctx.session.scalars(wanted.where(names)))):
        raise LayoutInUse(f"{image.name} is on {', '.join(used)}, or was on an earlier version that has to stay as it was.")
    ctx.session.delete(image)
    ctx.session.flush()
    audit.record(ctx, "invoice_layout.image_deleted", kind="billing.layout_image", row_id=image.id, label=image.name)
    ctx.after_commit(lambda: ctx.kernel.files.delete(ctx.tenant_id, image.file_key))


def image_bytes(ctx: CallContext, image: LayoutImage) -> bytes:
    """The file. Raises FileMissing, FileDamaged, FilesUnavailable."""
    return ctx.kernel.files.get_bytes(ctx.tenant_id, image.file_key)


def images_of(ctx: CallContext, document: Mapping[str, object]) -> dict[str, bytes]:
    """The pictures that a layout prints, by the id that it has for them."""
    ids = image_ids(document)
    if not ids:
        return {}
    found = ctx.session.scalars(select(LayoutImage).where(LayoutImage.id.in_(ids)))
    return {str(one.id): image_bytes(ctx, one) for one in found}


def _facts(content: bytes) -> _Facts:
    if not content:
        raise LayoutImageInvalid(errors={"content": "Choose a file."})
    if len(content) > MOST_BYTES:
        raise LayoutImageInvalid(errors={"content": f"The file has {len(content)} bytes; at most {MOST_BYTES} are allowed."})
    facts = _png(content) if content.startswith(_PNG) else _jpeg(content) if content.startswith(_JPEG) else None
    if facts is None or not facts.width or not facts.height:
        raise LayoutImageInvalid(errors={"content": "This is no PNG or JPEG file."})
    if facts.width * facts.height > MOST_PIXELS:
        size = f"{facts.width} × {facts.height}"
        raise LayoutImageInvalid(errors={"content": f"The picture has {size} pixels; at most {MOST_PIXELS} are allowed."})
    return facts


def _png(content: bytes) -> _Facts | None:
    if content[12:16] != b"IHDR" or len(content) < 24:
        return None
    return _Facts("image/png", *struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> _Facts | None:
    """The size as the frame header says it (ITU T.81, B.2.2): segments are walked until it comes."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return _Facts("image/jpeg", width, height)
        at += 2 + max(length, 2)
    return None


def _try(content: bytes) -> None:
    """Print it once, alone: what looks like a picture may be damaged."""
    page = {"paper": "a6", "margins": [5, 5, 5, 5], "accent": "#000000", "font_size": 9}
    picture = {"of": "picture", "image": "x", "height": 10, "align": "start"}
    sheet = {"title": "", "author": "", "language": "en", "page": page, "mark": "", "running_head": [], "footer": [],
             "page_words": "", "items": [picture], "images": {"x": content}}  # fmt: skip
    try:
        picture_invoice(sheet)
    except PdfFailed as error:
        raise LayoutImageInvalid(errors={"content": "This picture is damaged and cannot be printed."}) from error
