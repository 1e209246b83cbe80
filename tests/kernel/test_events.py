"""Events: said in the transaction that did it, heard once by each room that listens, given up in the open."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from kernel import events
from kernel.context import Actor, Cause
from kernel.events import EventDelivery, OutboxEvent
from kernel.jobs import drain
from tests.kernel.work_stage import Tower


def ring(tower: Tower, tone: str, tenant_id: UUID | None = None) -> UUID:
    with tower.kernel.call(tenant_id or tower.acme) as ctx:
        return events.publish(ctx, "bell.rung", {"tone": tone})


def deliveries(tower: Tower, event_id: UUID) -> dict[str, EventDelivery]:
    with tower.kernel.call(tower.acme) as ctx:
        rows = ctx.session.scalars(select(EventDelivery).where(EventDelivery.event_id == event_id))
        return {row.subscriber: row for row in rows}


def given_up() -> float:
    return REGISTRY.get_sample_value("deskhand_events_given_up_total", {"subscriber": "ears"}) or 0


def test_a_listening_room_hears_an_event_once(tower: Tower) -> None:
    event_id = ring(tower, "A")
    drain(tower.kernel, tower.acme)
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.heard") == ["A"]
    assert deliveries(tower, event_id)["ears"].state == "delivered"


def test_only_rooms_that_listen_get_a_delivery(tower: Tower) -> None:
    event_id = ring(tower, "A")
    drain(tower.kernel, tower.acme)
    assert set(deliveries(tower, event_id)) == {"ears"}


def test_an_event_of_a_transaction_that_failed_was_never_said(tower: Tower) -> None:
    def say_and_fail() -> None:
        with tower.kernel.call(tower.acme) as ctx:
            events.publish(ctx, "bell.rung", {"tone": "A"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        say_and_fail()
    assert drain(tower.kernel, tower.acme) == 0


def test_the_other_tenant_hears_nothing(tower: Tower) -> None:
    ring(tower, "A")
    drain(tower.kernel)
    assert tower.trail("bell.heard", tower.beta) == []


def test_a_batch_of_events_is_heard_one_by_one(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        ids = events.publish_many(ctx, "bell.rung", [{"tone": str(number)} for number in range(45)])
    drain(tower.kernel, tower.acme)
    assert len(set(ids)) == 45
    assert sorted(tower.trail("bell.heard"), key=int) == [str(number) for number in range(45)]


def test_the_payload_arrives_in_the_types_of_its_schema(tower: Tower) -> None:
    bell_id = uuid4()
    with tower.kernel.call(tower.acme) as ctx:
        event_id = events.publish(ctx, "bell.rung", {"tone": "A", "rung_on": date(2026, 10, 1), "bell_id": bell_id})
        said = ctx.session.get_one(OutboxEvent, (tower.acme, event_id))
    event = events._event(tower.kernel, said)
    assert event.payload == {"tone": "A", "rung_on": date(2026, 10, 1), "bell_id": bell_id}


@pytest.mark.parametrize(
    ("payload", "words"),
    [({}, "tone"), ({"tone": "A", "pitch": 1}, "pitch"), ({"tone": "A", "rung_on": "yesterday"}, "isoformat")],
)
def test_a_payload_that_does_not_fit_is_refused_by_name(tower: Tower, payload: dict[str, object], words: str) -> None:
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(events.EventInvalid, match=words):
        events.publish(ctx, "bell.rung", payload)


def test_an_event_that_nobody_registers_is_refused(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(events.EventUnknown, match="melted"):
        events.publish(ctx, "bell.melted", {})


def test_a_room_switched_off_before_delivery_is_skipped(tower: Tower) -> None:
    event_id = ring(tower, "A")
    tower.clock.advance(seconds=1)
    with tower.kernel.call(tower.acme) as ctx:
        events._relay(ctx)
    tower.switch("ears", enabled=False)
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.heard") == []
    assert deliveries(tower, event_id)["ears"].state == "skipped"


def test_a_room_that_is_off_gets_no_delivery(tower: Tower) -> None:
    tower.switch("ears", enabled=False)
    event_id = ring(tower, "A")
    drain(tower.kernel, tower.acme)
    assert deliveries(tower, event_id) == {}


def test_a_refusal_is_final_and_leaves_no_trace(tower: Tower) -> None:
    before = given_up()
    event_id = ring(tower, "too loud")
    drain(tower.kernel, tower.acme)
    dead = deliveries(tower, event_id)["ears"]
    assert (dead.state, dead.attempts) == ("dead", 1)
    assert given_up() == before + 1
    assert dead.error is not None
    assert dead.error["code"] == "refused"
    assert tower.trail("bell.heard") == []


def test_a_passing_failure_is_tried_again_ever_later_and_then_given_up(tower: Tower) -> None:
    event_id = ring(tower, "too far")
    drain(tower.kernel, tower.acme)
    assert deliveries(tower, event_id)["ears"].attempts == 1
    assert drain(tower.kernel, tower.acme) == 0
    for _ in range(events.MAX_ATTEMPTS):
        tower.clock.advance(hours=1)
        drain(tower.kernel, tower.acme)
    dead = deliveries(tower, event_id)["ears"]
    assert (dead.state, dead.attempts) == ("dead", events.MAX_ATTEMPTS)


def test_one_failing_delivery_does_not_hold_up_the_others(tower: Tower) -> None:
    ring(tower, "too loud")
    ring(tower, "A")
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.heard") == ["A"]


def test_events_that_cause_each_other_in_a_circle_come_to_an_end(tower: Tower) -> None:
    ring(tower, "echo")
    drain(tower.kernel, tower.acme)
    assert len(tower.trail("bell.heard")) == events.DEPTH_LIMIT - 1
    with tower.kernel.call(tower.acme) as ctx:
        dead = ctx.session.scalars(select(EventDelivery).where(EventDelivery.state == "dead")).one()
        said = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.id == dead.event_id)).one()
    assert said.depth == events.DEPTH_LIMIT - 1
    assert dead.error is not None
    assert dead.error["code"] == "event_chain_too_deep"


def test_a_delivery_knows_the_request_and_the_event_that_led_to_it(tower: Tower) -> None:
    alice = Actor("user", uuid4(), "Alice")
    with tower.kernel.call(tower.acme, alice, Cause("request-1")) as ctx:
        first = events.publish(ctx, "bell.rung", {"tone": "echo"})
    drain(tower.kernel, tower.acme)
    with tower.kernel.call(tower.acme) as ctx:
        second = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.caused_by == first)).one()
    assert (second.request_id, second.depth, second.actor_kind) == ("request-1", 1, "system")


def test_a_delivery_that_ends_its_worker_is_given_up(tower: Tower) -> None:
    event_id = ring(tower, "A")
    with tower.kernel.call(tower.acme) as ctx:
        events._relay(ctx)
    for _ in range(events.MAX_ATTEMPTS):
        with tower.kernel.call(tower.acme) as ctx:
            assert len(events._take(ctx, EventDelivery.attempts >= 0, 20)) == 1
        tower.clock.advance(events.LEASE)
    drain(tower.kernel, tower.acme)
    dead = deliveries(tower, event_id)["ears"]
    assert dead.state == "dead"
    assert dead.error is not None
    assert dead.error["code"] == "delivery_lost"


def test_a_worker_that_lost_its_delivery_leaves_no_trace(tower: Tower) -> None:
    event_id = ring(tower, "A")
    with tower.kernel.call(tower.acme) as ctx:
        events._relay(ctx)
        slow = events._take(ctx, EventDelivery.attempts == 0, 20)[0]
        said = ctx.session.get_one(OutboxEvent, (tower.acme, event_id))
    tower.clock.advance(events.LEASE)
    drain(tower.kernel, tower.acme)
    events._deliver(tower.kernel, slow, said)
    assert tower.trail("bell.heard") == ["A"]
