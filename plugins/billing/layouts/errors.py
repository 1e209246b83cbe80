"""The ways layouts say no."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class LayoutNotFound(NotFound):
    code = "layout_not_found"
    title = "No such layout"


class LayoutVersionNotFound(NotFound):
    code = "layout_version_not_found"
    title = "No such version of the layout"


class LayoutBlockNotFound(NotFound):
    code = "layout_block_not_found"
    title = "No such block in the layout"


class LayoutChoiceNotFound(NotFound):
    code = "layout_choice_not_found"
    title = "No such choice of a layout"


class LayoutImageNotFound(NotFound):
    code = "layout_image_not_found"
    title = "No such picture"


class LayoutImageInvalid(InvalidInput):
    """Not a PNG or JPEG file, too large, or damaged."""

    code = "layout_image_invalid"
    title = "The picture cannot be used"


class LayoutFixed(Refused):
    """Standard layouts and those of other rooms are cloned, not changed."""

    code = "layout_fixed"
    title = "This layout cannot be changed"


class LayoutInUse(Conflict):
    """The layout is chosen somewhere or has printed invoices, or the picture is part of layouts."""

    code = "layout_in_use"
    title = "Still in use"


class LayoutRendererMissing(Refused):
    """The room that prints this layout is switched off, or does not know it any more."""

    code = "layout_renderer_missing"
    title = "Nobody prints this layout"


class LayoutNotGiven(Refused):
    """An extension that lays this invoice out gave no layout, or one with mistakes; the invoice stays a draft."""

    code = "layout_not_given"
    title = "The extension gave no layout"


class LayoutWithheld(LayoutNotGiven):
    """The same, where the extension's manifest says that nothing becomes final without it."""

    code = "layout_withheld"
    title = "Nothing becomes final without this layout"
