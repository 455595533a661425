"""Batches of places: waiting lists, a published order with a draw, objections

Revision: 41ca4dfe2210, after: 41ca4dfe2220
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2210'
down_revision = '41ca4dfe2220'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('waiting', 'listed', 'offered', 'taken', 'carried')")
SEATED = sa.text("state IN ('offered', 'taken', 'given')")


def upgrade() -> None:
    op.add_column(
        'offering_versions',
        sa.Column('batched', sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    _batches()
    _entries()
    _objections()


def _batches() -> None:
    op.create_table(
        'batches',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('offering', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('places', sa.Integer(), nullable=False),
        sa.Column('group_field', sa.Text()),
        sa.Column('groups', sa.JSON(), nullable=False),
        sa.Column('rule', sa.JSON(), nullable=False),
        sa.Column('leftover', sa.Text(), nullable=False),
        sa.Column('publicity_wd', sa.Integer(), nullable=False),
        sa.Column('opens_at', INSTANT, nullable=False),
        sa.Column('closes_at', INSTANT, nullable=False),
        sa.Column('ranks_at', INSTANT, nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('seed', sa.LargeBinary(), nullable=False),
        sa.Column('commitment', sa.Text(), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('ranked_at', INSTANT),
        sa.Column('shown_until', INSTANT),
        sa.Column('opened_at', INSTANT, nullable=False),
        sa.Column('ended_at', INSTANT),
        sa.Column('next_at', INSTANT),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['offering'], ['offerings.code'], name=op.f('fk_batches_offering')),
        sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_batches_partner_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batches')),
    )
    op.create_index(
        'ix_batches_next', 'batches', ['next_at'], postgresql_where=sa.text('next_at IS NOT NULL')
    )
    op.create_index('ix_batches_partner', 'batches', ['partner_id', 'id'])
    op.create_index('ix_batches_offering', 'batches', ['offering', 'region', 'state'])


def _entries() -> None:
    op.create_table(
        'batch_entries',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('batch_id', sa.Uuid(), nullable=False),
        sa.Column('request_id', sa.Uuid(), nullable=False),
        sa.Column('since_at', INSTANT, nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text()),
        sa.Column('group', sa.Text(), nullable=False),
        sa.Column('facts', sa.LargeBinary()),
        sa.Column('draw', sa.Text()),
        sa.Column('rank', sa.Integer()),
        sa.Column('seat', sa.Integer()),
        sa.Column('offered_at', INSTANT),
        sa.Column('answer_by', INSTANT),
        sa.Column('answered_at', INSTANT),
        sa.Column('stirred', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_batch_entries_batch_id')),
        sa.ForeignKeyConstraint(
            ['request_id'], ['requests.id'], name=op.f('fk_batch_entries_request_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_entries')),
        sa.UniqueConstraint('batch_id', 'request_id', name=op.f('uq_batch_entries_batch_id')),
    )
    op.create_index(
        'uq_batch_entries_live', 'batch_entries', ['request_id'], unique=True, postgresql_where=LIVE
    )
    op.create_index(
        'uq_batch_entries_seat', 'batch_entries', ['batch_id', 'group', 'seat'], unique=True,
        postgresql_where=SEATED,
    )
    op.create_index('ix_batch_entries_rank', 'batch_entries', ['batch_id', 'group', 'rank'])
    op.create_index(
        'ix_batch_entries_answer', 'batch_entries', ['answer_by'],
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(
        'ix_batch_entries_stirred', 'batch_entries', ['batch_id'],
        postgresql_where=sa.text('stirred'),
    )


def _objections() -> None:
    op.create_table(
        'batch_objections',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('batch_id', sa.Uuid(), nullable=False),
        sa.Column('by_entry_id', sa.Uuid(), nullable=False),
        sa.Column('about_entry_id', sa.Uuid()),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('words', sa.LargeBinary(), nullable=False),
        sa.Column('made_at', INSTANT, nullable=False),
        sa.Column('ruling', sa.Text()),
        sa.Column('answer', sa.LargeBinary()),
        sa.Column('ruled_at', INSTANT),
        sa.Column('entry_id', sa.Uuid()),
        sa.Column('facts', sa.LargeBinary()),
        sa.Column('exclude', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['batches.id'], name=op.f('fk_batch_objections_batch_id')
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], ['batch_entries.id'], name=op.f(f'fk_batch_objections_{name}')
            )
            for name in ('by_entry_id', 'about_entry_id', 'entry_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_objections')),
    )
    op.create_index(op.f('ix_batch_objections_batch_id'), 'batch_objections', ['batch_id'])


def downgrade() -> None:
    for table in ('batch_objections', 'batch_entries', 'batches'):
        op.drop_table(table)
    op.drop_column('offering_versions', 'batched')
