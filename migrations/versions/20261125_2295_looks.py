"""Who looked at whose data

Revision: 41ca4dfe2295, after: 41ca4dfe2290
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2295'
down_revision = '41ca4dfe2290'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('looks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('thing_id', sa.Uuid(), nullable=True),
    sa.Column('trace', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_looks'))
    )
    op.create_index(op.f('ix_looks_at'), 'looks', ['at'], unique=False)
    op.create_index('ix_looks_thing', 'looks', ['thing_id', 'at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_looks_thing', table_name='looks')
    op.drop_index(op.f('ix_looks_at'), table_name='looks')
    op.drop_table('looks')
