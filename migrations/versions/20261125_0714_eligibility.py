"""Imports of holders; when a file was declared not to be secret

Only additions, so that the code before it still runs.

Revision: 41ca4dfe05c0, after: 41ca4dfe04c0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe05c0'
down_revision = '41ca4dfe04c0'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('files', sa.Column('declared_at', MOMENT))
    op.create_table('card_imports',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('bad', sa.Integer(), nullable=False),
    sa.Column('rows', sa.LargeBinary(), nullable=True),
    sa.Column('faults', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('applied_at', MOMENT, nullable=True),
    sa.Column('applied_by', sa.Uuid(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_card_imports_created_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_imports'))
    )
    op.create_index(op.f('ix_card_imports_created_at'), 'card_imports', ['created_at'], unique=False)
    op.create_index('uq_card_imports_applied', 'card_imports', ['sha256'], unique=True, postgresql_where=sa.text("state = 'applied'"))


def downgrade() -> None:
    op.drop_table('card_imports')
    op.drop_column('files', 'declared_at')
