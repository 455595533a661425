"""A first review with a budget of its own

Revision: 41ca4dfe2220, after: 41ca4dfe2260
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2220'
down_revision = '41ca4dfe2260'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offering_versions', sa.Column('first_review_wd', sa.Integer()))
    op.add_column('requests', sa.Column('stage', sa.Text()))


def downgrade() -> None:
    op.drop_column('requests', 'stage')
    op.drop_column('offering_versions', 'first_review_wd')
