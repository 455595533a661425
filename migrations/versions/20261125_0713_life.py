"""Matters of a card: renewal, leaving, revocation proposed; reminders

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe04c0, after: 41ca4dfe03c0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe04c0'
down_revision = '41ca4dfe03c0'
branch_labels = None
depends_on = None


OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table('card_matters',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=False),
    sa.Column('opened_as', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('opinion', sa.LargeBinary(), nullable=True),
    sa.Column('statement', sa.LargeBinary(), nullable=True),
    sa.Column('details', postgresql.JSONB(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_card_matters_card_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['accounts.id'], name=op.f('fk_card_matters_decided_by')),
    sa.ForeignKeyConstraint(['opened_by'], ['accounts.id'], name=op.f('fk_card_matters_opened_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_matters'))
    )
    op.create_index(op.f('ix_card_matters_card_id'), 'card_matters', ['card_id'], unique=False)
    op.create_index('uq_card_matters_one_open', 'card_matters', ['card_id', 'kind'], unique=True, postgresql_where=OPEN)
    op.create_index('ix_card_matters_due_at', 'card_matters', ['due_at', 'id'], unique=False, postgresql_where=OPEN)
    op.create_index('ix_card_matters_place', 'card_matters', ['place', 'state', 'id'], unique=False)
    op.create_table('card_reminders',
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_card_reminders_card_id')),
    sa.PrimaryKeyConstraint('card_id', 'valid_until', 'days', name=op.f('pk_card_reminders'))
    )


def downgrade() -> None:
    op.drop_table('card_reminders')
    op.drop_table('card_matters')
