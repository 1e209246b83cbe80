"""Alembic's entry: one connection, one advisory lock, every branch."""

from alembic import context
from sqlalchemy import text

from kernel.db import Base

LOCK = 7_301_946_511


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
    with context.begin_transaction():
        # Held to the end of the transaction: a session-level lock would outlive a killed or pooled connection.
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()


run()
