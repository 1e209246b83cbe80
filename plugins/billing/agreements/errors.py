"""The ways in which agreements say no."""

from __future__ import annotations

from kernel.errors import NotFound


class ContractTemplateNotFound(NotFound):
    code = "contract_template_not_found"
    title = "No such contract template"


class TemplateLineNotFound(NotFound):
    code = "template_line_not_found"
    title = "No such line on the template"


class PlanBundleNotFound(NotFound):
    code = "plan_bundle_not_found"
    title = "No such plan bundle"
