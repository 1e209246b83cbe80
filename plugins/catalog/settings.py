"""What a tenant decides about its catalog."""

from marshmallow import Schema, fields


class CatalogSettings(Schema):
    """Whether every product and license needs an SKU."""

    sku_required = fields.Boolean(load_default=False, metadata={"description": "Products and licenses need an SKU."})
