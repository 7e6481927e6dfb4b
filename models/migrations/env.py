"""How Alembic reaches the database: through the engine that models/database.py hands over."""

from alembic import context
from sqlalchemy import Engine

import models.tables
from models.base import Base

engine: Engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

__all__ = ["models"]
