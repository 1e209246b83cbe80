"""Money that is noted in QuickBooks becomes receipts, each once; what somebody changes there is shown, never taken over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.context import Actor, CallContext
from kernel.errors import Conflict
from kernel.hookspecs.accounting import INVOICE, PAYMENT, Change, External, MoneyShare
from plugins.accounting.incoming.discrepancies import accept
from plugins.accounting.incoming.models import Discrepancy, Received, Seen
from plugins.accounting.incoming.noticing import notice
from plugins.accounting.links import find_links, find_theirs, put_link
from plugins.accounting.models import Outgoing, Target
from plugins.accounting.money import build_money
from plugins.accounting.outgoing import add_work
from plugins.accounting.targets import get_target
from plugins.billing.models import Payment
from plugins.billing.payments import record_payment
from tests.conftest import World
from tests.plugins.accounting.books_there import add_books, delivered, paid
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client


class Ground:
    """Books, a client, and two delivered invoices of 120.00 and 60.00 with the ids 11 and 12 there."""

    def __init__(self, ctx: CallContext) -> None:
        self.ctx = ctx
        self.target: Target = add_books(ctx)
        self.region = lay_out_taxes(ctx)
        self.client = taxed_client(ctx, self.region)
        self.first, self.second = final(ctx, self.client, line(rate=10000)), final(ctx, self.client, line(rate=5000))
        self.there = [delivered(ctx, self.target, one, key) for one, key in ((self.first, "11"), (self.second, "12"))]

    def look(self, *changes: Change) -> bool:
        return notice(self.ctx, self.target, changes)

    def open_amounts(self) -> list[int]:
        self.ctx.session.expire_all()
        return [one.total - one.settled for one in (self.first, self.second)]

    def receipts(self) -> list[int]:
        live = select(Payment.amount).where(Payment.taken_back_at.is_(None)).order_by(Payment.id)
        return list(self.ctx.session.scalars(live))

    def exceptions(self, state: str = "open") -> list[str]:
        return sorted(self.ctx.session.scalars(select(Discrepancy.kind).where(Discrepancy.state == state)))


def test_a_payment_noted_there_is_a_receipt_once_however_often_it_is_told(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        total = ground.first.total
        payment = paid("91", total, ("11", total))
        for told in ([payment], [payment, payment._replace(external=External("91", "1"))], [payment]):
            assert ground.look(*told)
        assert ground.receipts() == [total] and ground.open_amounts()[0] == 0
        [link] = find_theirs(ctx, ground.target.id, PAYMENT, ["91"]).values()
        assert link.our_id == ctx.session.scalar(select(Payment.id))
        assert ctx.session.scalar(select(func.count()).select_from(Received)) == 1


def test_the_same_payment_told_to_two_workers_at_once_is_refused_by_the_tables(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        target_id = ground.target.id
    for key in ("91", "92", "93"):
        both = Barrier(2)
        with ThreadPoolExecutor(2) as workers:
            told = [workers.submit(tell, acme, target_id, key, both) for _ in range(2)]
        assert sorted(one.result() for one in told) in (["taken", "taken"], ["refused", "taken"])
    with acme.call(Actor.system()) as ctx:
        assert sorted(ctx.session.scalars(select(Payment.amount))) == [91, 92, 93]
        assert sorted(ctx.session.scalars(select(Received.external_id))) == ["91", "92", "93"]
        assert sorted(find_theirs(ctx, target_id, PAYMENT, ["91", "92", "93"])) == ["91", "92", "93"]


def tell(world: World, target_id: UUID, key: str, both: Barrier) -> str:
    """A worker that is told of a payment while another one is; what is refused changes nothing and is told again."""
    try:
        with world.call(Actor.system()) as ctx:
            target = get_target(ctx, target_id)
            both.wait(30)
            notice(ctx, target, [paid(key, int(key), ("11", int(key)))])
    except Conflict:
        with world.call(Actor.system()) as ctx:
            notice(ctx, get_target(ctx, target_id), [paid(key, int(key), ("11", int(key)))])
        return "refused"
    return "taken"


def test_an_edit_takes_the_receipt_back_and_records_another(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        first, second = ground.open_amounts()
        ground.look(paid("91", 3000, ("11", 3000)))
        assert ground.open_amounts() == [first - 3000, second]
        ground.look(paid("91", 4000, ("11", 1000), ("12", 3000), version="1"))
        assert ground.open_amounts() == [first - 1000, second - 3000] and ground.receipts() == [4000]
        row = ctx.session.scalars(select(Received)).one()
        assert (row.round, row.amount) == (2, 4000)
        assert find_theirs(ctx, ground.target.id, PAYMENT, ["91"])["91"].our_id == row.payment_id


def test_what_is_deleted_there_is_taken_back_and_what_comes_again_is_recorded_anew(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        before = ground.open_amounts()
        payment = paid("91", 3000, ("11", 3000))
        for gone in (paid("91", 0, deleted=True), paid("91", 0, voided=True), paid("91", 3000)):
            ground.look(payment)
            assert ground.receipts() == [3000]
            for _ in range(2):
                ground.look(gone)
                assert ground.receipts() == [] and ground.open_amounts() == before
                assert not find_theirs(ctx, ground.target.id, PAYMENT, ["91"])
        assert ground.exceptions() == []


def test_payments_of_others_and_of_other_documents_are_left_alone(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        assert ground.look(paid("91", 3000, ("77", 3000)), paid("92", 3000), paid("93", 0, deleted=True))
        assert ground.receipts() == [] and ctx.session.scalar(select(func.count()).select_from(Seen)) == 0
        ground.look(paid("94", 5000, ("11", 3000), ("77", 1500)))
        assert ground.receipts() == [3500], (
            "what pays an invoice of somebody else's stays there; what pays nothing yet is a credit"
        )


def test_our_own_payment_that_comes_back_changes_nothing(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        ours = record_payment(ctx, ground.first.id, amount=3000)
        put_link(ctx, ground.target.id, PAYMENT, ours.id, External("91", "0"), currency="EUR", total=3000)
        ground.look(paid("91", 3000, ("11", 3000), version="4"))
        assert ground.receipts() == [3000] and ground.exceptions() == []
        assert find_links(ctx, ground.target.id, PAYMENT, [ours.id])[ours.id].external_version == "4"
        ground.look(paid("91", 2000, ("11", 2000), version="5"))
        assert ground.receipts() == [3000] and ground.exceptions() == ["payment_changed"]
        ground.look(paid("91", 3000, ("11", 3000), version="6"))
        assert ground.exceptions() == [] and ground.exceptions("resolved") == ["payment_changed"]


def test_while_nobody_knows_whether_ours_arrived_nothing_unknown_is_taken(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        ours = record_payment(ctx, ground.first.id, amount=3000)
        work = Outgoing(target_id=ground.target.id, rank=3, kind=PAYMENT, our_id=ours.id, request_id="r", state="sending",
                        due_at=ctx.now(), created_at=ctx.now())  # fmt: skip
        ctx.session.add(work)
        ctx.session.flush()
        assert not ground.look(paid("91", 3000, ("11", 3000)))
        assert ground.receipts() == [3000]
        work.state = "done"
        put_link(ctx, ground.target.id, PAYMENT, ours.id, External("91"), currency="EUR", total=3000)
        assert ground.look(paid("91", 3000, ("11", 3000)))
        assert ground.receipts() == [3000]


def test_what_pays_an_invoice_that_may_be_ours_is_taken_once_that_is_known(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        third = final(ctx, ground.client, line(rate=2000))
        work = Outgoing(target_id=ground.target.id, rank=2, kind=INVOICE, our_id=third.id, request_id="r", state="sending",
                        due_at=ctx.now(), created_at=ctx.now())  # fmt: skip
        ctx.session.add(work)
        alone, both = paid("91", 1000, ("13", 1000)), paid("92", 4000, ("11", 3000), ("13", 1000))
        assert not ground.look(alone, both, paid("93", 500, ("11", 500)))
        assert ground.receipts() == [500]
        work.state = "done"
        delivered(ctx, ground.target, third, "13")
        assert ground.look(alone, both)
        assert sorted(ground.receipts()) == [500, 1000, 4000] and third.settled == 2000


def test_what_cannot_be_recorded_is_an_exception_until_it_can(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        total = ground.first.total
        here = record_payment(ctx, ground.first.id, amount=total)
        payment = paid("91", total, ("11", total))
        ground.look(payment)
        assert ground.receipts() == [total] and ground.exceptions() == ["payment_not_taken"]
        ctx.hooks.take_back_receipt(ctx=ctx, payment_id=here.id, reason="entered twice")
        ground.look(payment)
        assert ground.receipts() == [total] and ground.exceptions() == [] and ground.open_amounts()[0] == 0


def test_a_credit_that_was_spent_keeps_its_payment(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        total = ground.first.total
        ground.look(paid("91", total + 1000, ("11", total)))
        assert ground.receipts() == [total + 1000]
        payment_id = ctx.session.scalars(select(Received.payment_id)).one()
        ctx.hooks.refund_receipt(ctx=ctx, payment_id=payment_id, amount=1000, refunded_on=ctx.today(), method="other",
                                 reference="", key="refund")  # fmt: skip
        ground.look(paid("91", 0, deleted=True))
        assert ground.receipts() == [total + 1000] and ground.exceptions() == ["payment_not_taken_back"]


def test_ours_that_failed_about_a_payment_is_over_when_that_is_taken_anew(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        total = ground.first.total
        ground.look(paid("91", total + 1000, ("11", total)))
        before = ctx.session.scalars(select(Received.payment_id)).one()
        add_work(ctx, ground.target.id, PAYMENT, before)
        work = ctx.session.scalars(select(Outgoing)).one()
        work.state, work.code, work.finished_at = "failed", "stale", ctx.now()
        ground.look(paid("91", total, ("11", total)))
        ctx.session.refresh(work)
        build_money(ctx, ground.target, [work])
        assert (work.state, ground.receipts(), ground.exceptions()) == ("dropped", [total], [])


def test_a_credit_of_theirs_that_pays_ours_is_shown(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        total = ground.first.total
        used = paid(
            "91", total - 1000, ("11", total), shares=(paid("", 0, ("11", total)).shares[0], MoneyShare("credit_note", "5", 1000))
        )
        ground.look(used)
        assert ground.receipts() == [total - 1000] and ground.open_amounts()[0] == 1000
        assert ground.exceptions() == ["credit_applied_there"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_word_counts_whatever_was_told_before(acme: World, order: tuple[int, ...]) -> None:
    words = [paid("91", 3000, ("11", 3000)), paid("91", 0, deleted=True), paid("91", 2000, ("12", 2000))]
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        first, second = ground.open_amounts()
        for one in order:
            ground.look(words[one])
        expected = {0: ([3000], [first - 3000, second]), 1: ([], [first, second]), 2: ([2000], [first, second - 2000])}
        assert (ground.receipts(), ground.open_amounts()) == expected[order[-1]]


DRIFTS = {
    "total_differs": {"total": 1}, "tax_differs": {"tax": 1}, "number_differs": {"number": "X-9"},
    "customer_differs": {"customer": "c-9"}, "voided_there": {"voided": True}, "deleted_there": {"deleted": True},
    "currency_differs": {"currency": "CHF"},
}  # fmt: skip


@pytest.mark.parametrize("kind", DRIFTS)
def test_what_somebody_changes_there_is_shown_and_never_taken_over(acme: World, kind: str) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        same, total = ground.there[0], ground.first.total
        changed = same._replace(external=same.external._replace(version="3"), **DRIFTS[kind])
        for _ in range(2):
            ground.look(changed)
            assert ground.exceptions() == [kind]
        assert (ground.first.total, ground.first.status) == (total, "finalized")
        assert find_links(ctx, ground.target.id, "invoice", [ground.first.id])[ground.first.id].external_version == "0"
        ground.look(same._replace(external=same.external._replace(version="4")))
        assert ground.exceptions() == [] and ground.exceptions("resolved") == [kind]


def test_what_was_accepted_stays_quiet_until_it_changes_again(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        ground = Ground(ctx)
        ground.look(ground.there[0]._replace(total=1))
        accept(ctx, ctx.session.scalars(select(Discrepancy.id)).one())
        ground.look(ground.there[0]._replace(total=1))
        assert ground.exceptions("accepted") == ["total_differs"]
        ground.look(ground.there[0]._replace(total=2))
        assert ground.exceptions() == ["total_differs"]
