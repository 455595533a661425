"""What was told of a file when it was put in: broken, with a password, with scripts

Only an addition; files that are there already have nothing told of them.

Revision: 41ca4dfe1030, after: 41ca4dfe1015
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1030'
down_revision = '41ca4dfe1015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('files', sa.Column('notice', sa.Text()))


def downgrade() -> None:
    op.drop_column('files', 'notice')
