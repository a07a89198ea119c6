"""Run by Alembic with the connection that `migrating` hands over, inside its transaction."""

from alembic import context
from sqlalchemy import Connection

from bot.storage.schema import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="",
    transactional_ddl=True,
)
context.run_migrations()
