"""Photographs and printings of cards

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe01c0, after: 3b7c90d21f4e
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe01c0'
down_revision = '3b7c90d21f4e'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
