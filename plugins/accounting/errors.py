"""The ways the accounting room says no."""

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class TargetNotFound(NotFound):
    code = "accounting_target_not_found"
    title = "No such accounting target"


class TargetTaken(Conflict):
    """Each company of an accounting system is one target of the tenant."""

    code = "accounting_target_taken"
    title = "These books are a target already"


class TargetInUse(Conflict):
    """Something was delivered to these books: what is there stays known."""

    code = "accounting_target_in_use"
    title = "Something was delivered to these books"


class SystemUnknown(InvalidInput):
    """No room that is switched on brings this accounting system."""

    code = "accounting_system_unknown"
    title = "Unknown accounting system"


class BatchNotFound(NotFound):
    code = "accounting_batch_not_found"
    title = "No such batch"


class BatchDuplicate(Conflict):
    """A batch of the same filters is still open; its id comes as `batch_id`."""

    code = "accounting_batch_duplicate"
    title = "A batch of these documents is open"


class BatchEmpty(Refused):
    """No document fits, or all that fit were delivered."""

    code = "accounting_batch_empty"
    title = "There is nothing to deliver"


class BatchState(Conflict):
    """The batch is not in a state in which this can be done."""

    code = "accounting_batch_state"
    title = "Not possible with this batch now"


class DocumentNotFound(NotFound):
    code = "accounting_document_not_found"
    title = "No such document"


class WorkNotFound(NotFound):
    code = "accounting_work_not_found"
    title = "No such work"


class TaxNotAsked(Refused):
    """The draft waits for no taxes, or none of the targets reckons them."""

    code = "accounting_tax_not_asked"
    title = "Nobody can be asked for its taxes"


class MappingInvalid(InvalidInput):
    """The system does not ask for this kind, or the key is none of ours."""

    code = "accounting_mapping_invalid"
    title = "This cannot be mapped"


class LinkTaken(Conflict):
    """Each thing of theirs is one thing of ours."""

    code = "accounting_link_taken"
    title = "Linked to something else already"


class NothingToCreate(InvalidInput):
    """What shall be created on the other side is mapped already, or is nothing of ours."""

    code = "accounting_nothing_to_create"
    title = "Nothing to create"


class AccountMissing(InvalidInput):
    """New products on the other side go to an income account, which has to be mapped first."""

    code = "accounting_account_missing"
    title = "An account has to be mapped first"


class ExceptionNotFound(NotFound):
    code = "accounting_exception_not_found"
    title = "No such exception"


class ExceptionSettled(Conflict):
    """Somebody accepted it, or it was gone when it was looked at again."""

    code = "accounting_exception_settled"
    title = "The exception is settled already"


class NoWayToResolve(Refused):
    """This kind of exception is not resolved in this way."""

    code = "accounting_no_way_to_resolve"
    title = "Not the way to resolve this"


class PaymentOfSeveral(Refused):
    """A receipt is of one client; this payment pays invoices of several."""

    code = "accounting_payment_of_several"
    title = "The payment is for several clients"


class NothingToTakeIn(InvalidInput):
    """What was chosen is taken in already, or has nothing of ours to be linked to."""

    code = "accounting_nothing_to_take_in"
    title = "Nothing to take in"


class NotTakenIn(Refused):
    """Something of theirs cannot become ours as it is."""

    code = "accounting_not_taken_in"
    title = "It cannot be taken in as it is"
