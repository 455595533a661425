"""The ratings' loop: tries of a call-back, proof of a rectification, defaults and void ones counted

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 3b7c90d21f4e, after: 5984a0418d87
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '3b7c90d21f4e'
down_revision = '5984a0418d87'
branch_labels = None
depends_on = None

COUNTS = ('voided', 'defaults', 'breached_acceptance', 'breached_handling', 'breached_promise')


def upgrade() -> None:
    op.create_table('call_backs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bad_rating_id', sa.Uuid(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tried_by', sa.Uuid(), nullable=False),
    sa.Column('reached', sa.Boolean(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('note', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['bad_rating_id'], ['bad_ratings.id'], name=op.f('fk_call_backs_bad_rating_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_backs'))
    )
    op.create_index(op.f('ix_call_backs_bad_rating_id'), 'call_backs', ['bad_rating_id'], unique=False)
    op.create_table('rating_marks',
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('done_until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('about', name=op.f('pk_rating_marks'))
    )
    none = {'nullable': False, 'server_default': '0'}
    for column in COUNTS:
        op.add_column('figure_counts', sa.Column(column, sa.Integer(), **none))
    op.add_column('bad_ratings', sa.Column('proof', sa.LargeBinary(), nullable=True))
    op.add_column('bad_ratings', sa.Column('proof_files', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('bad_ratings', sa.Column('ruled_by', sa.Uuid(), nullable=True))
    op.add_column('bad_ratings', sa.Column('ruling_note', sa.LargeBinary(), nullable=True))
    op.create_index('ix_bad_ratings_state', 'bad_ratings', ['state', 'id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_bad_ratings_state', table_name='bad_ratings')
    for column in ('ruling_note', 'ruled_by', 'proof_files', 'proof'):
        op.drop_column('bad_ratings', column)
    for column in reversed(COUNTS):
        op.drop_column('figure_counts', column)
    op.drop_table('rating_marks')
    op.drop_index(op.f('ix_call_backs_bad_rating_id'), table_name='call_backs')
    op.drop_table('call_backs')
