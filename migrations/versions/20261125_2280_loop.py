"""The loop of a bad rating in full: supplements, follow-ups, slips, appeals, clocks with rungs

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe2280, after: 41ca4dfe2230
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe2280'
down_revision = '41ca4dfe2230'
branch_labels = None
depends_on = None

COUNTS = (
    'called_back', 'call_backs_ended', 'rectified_in_time', 'rectifications_ended', 'follow_ups',
    'follow_ups_good',
)
JSONB = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table('rating_additions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('rating_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('grade', sa.Integer(), nullable=True),
    sa.Column('tags', JSONB, nullable=False),
    sa.Column('comment', sa.LargeBinary(), nullable=True),
    sa.Column('added_at', MOMENT, nullable=False),
    sa.CheckConstraint(
        "kind = 'supplement' AND grade IS NULL OR kind = 'follow_up' AND grade BETWEEN 1 AND 5",
        name=op.f('ck_rating_additions_grade_of_a_follow_up_only')),
    sa.ForeignKeyConstraint(['rating_id'], ['ratings.id'], name=op.f('fk_rating_additions_rating_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rating_additions')),
    sa.UniqueConstraint('rating_id', 'kind', name='uq_rating_additions_once')
    )
    op.create_table('rating_slips',
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('redemption_id', sa.Uuid(), nullable=False),
    sa.Column('made_by', sa.Text(), nullable=False),
    sa.Column('made_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['redemption_id'], ['redemptions.id'], name=op.f('fk_rating_slips_redemption_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_rating_slips'))
    )
    op.create_index(op.f('ix_rating_slips_redemption_id'), 'rating_slips', ['redemption_id'], unique=False)
    op.add_column('ratings', sa.Column('via', sa.Text(), server_default='account', nullable=False))
    for column in COUNTS:
        op.add_column('figure_counts', sa.Column(column, sa.Integer(), server_default='0', nullable=False))
    op.add_column('bad_ratings', sa.Column('consented', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('bad_ratings', sa.Column('appeal', sa.LargeBinary(), nullable=True))
    op.add_column('bad_ratings', sa.Column('appeal_files', JSONB, nullable=True))
    op.add_column('bad_ratings', sa.Column('appealed_at', MOMENT, nullable=True))
    op.add_column('bad_ratings', sa.Column('appeal_decision', sa.Text(), nullable=True))
    op.add_column('bad_ratings', sa.Column('appeal_note', sa.LargeBinary(), nullable=True))
    op.add_column('bad_ratings', sa.Column('appeal_decided_at', MOMENT, nullable=True))
    op.add_column('bad_ratings', sa.Column('appeal_decided_by', sa.Uuid(), nullable=True))
    op.add_column('bad_ratings', sa.Column('pauses', JSONB, server_default='[]', nullable=False))
    op.add_column('bad_ratings', sa.Column('step_due_at', MOMENT, nullable=True))
    op.add_column('bad_ratings', sa.Column('next_rung_at', MOMENT, nullable=True))
    op.add_column('bad_ratings', sa.Column('fired', JSONB, server_default='[]', nullable=False))
    op.create_index('ix_bad_ratings_next_rung', 'bad_ratings', ['next_rung_at'], unique=False,
                    postgresql_where=sa.text('next_rung_at IS NOT NULL'))
    op.create_check_constraint('appeal_by_another_officer', 'bad_ratings', 'appeal_decided_by <> called_back_by')
    # Cases on their way get their clocks' rungs with the next sweep.
    op.execute("UPDATE bad_ratings SET next_rung_at = opened_at WHERE state <> 'closed'")
    # A rectification that was handed in pauses its clock; those before now had no pauses kept.
    op.execute("""
        UPDATE bad_ratings SET pauses = jsonb_build_array(jsonb_build_array(rectified_at, NULL))
        WHERE state = 'rectified'
    """)


def downgrade() -> None:
    op.drop_constraint('appeal_by_another_officer', 'bad_ratings')
    op.drop_index('ix_bad_ratings_next_rung', table_name='bad_ratings')
    for column in ('fired', 'next_rung_at', 'step_due_at', 'pauses', 'appeal_decided_by', 'appeal_decided_at',
                   'appeal_note', 'appeal_decision', 'appealed_at', 'appeal_files', 'appeal', 'consented'):
        op.drop_column('bad_ratings', column)
    for column in reversed(COUNTS):
        op.drop_column('figure_counts', column)
    op.drop_column('ratings', 'via')
    op.drop_index(op.f('ix_rating_slips_redemption_id'), table_name='rating_slips')
    op.drop_table('rating_slips')
    op.drop_table('rating_additions')
