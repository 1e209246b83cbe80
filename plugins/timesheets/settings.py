"""The tenant's settings of the timesheets."""

from marshmallow import Schema, fields


class TimesheetSettings(Schema):
    """`self_approval`: whether a person with the permission may approve their own time."""

    self_approval = fields.Boolean(load_default=False)
