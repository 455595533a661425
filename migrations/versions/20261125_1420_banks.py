"""Several banks in order: who declined when and why, and the promise of each

Revision: 41ca4dfe1420, after: 41ca4dfe1110
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1420'
down_revision = '41ca4dfe1110'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('dispatches', sa.Column('declined_at', sa.DateTime(timezone=True)))
    op.add_column('dispatches', sa.Column('declined_reason', sa.LargeBinary()))
    op.add_column(
        'clocks', sa.Column('past', sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column('clocks', 'past')
    op.drop_column('dispatches', 'declined_reason')
    op.drop_column('dispatches', 'declined_at')
