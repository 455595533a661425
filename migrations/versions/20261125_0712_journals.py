"""Journals of offline counters and their conflicts

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe03c0, after: 41ca4dfe02c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe03c0'
down_revision = '41ca4dfe02c0'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    no = {'server_default': sa.text('false'), 'nullable': False}
    op.add_column('redemptions', sa.Column('offline', sa.Boolean(), **no))
    op.add_column('redemptions', sa.Column('over_quota', sa.Boolean(), **no))
    op.create_table('offline_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('service_point_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('entry_id', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('redemption_id', sa.Uuid(), nullable=True),
    sa.Column('card_id', sa.Uuid(), nullable=True),
    sa.Column('offering', sa.Text(), nullable=True),
    sa.Column('companions', sa.Integer(), nullable=True),
    sa.Column('iss', sa.Text(), nullable=True),
    sa.Column('cti', sa.LargeBinary(), nullable=True),
    sa.Column('scanned_at', MOMENT, nullable=True),
    sa.Column('status_list_iat', MOMENT, nullable=True),
    sa.Column('received_at', MOMENT, nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('settled_at', MOMENT, nullable=True),
    sa.Column('settled_by', sa.Uuid(), nullable=True),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.CheckConstraint("outcome IN ('accepted', 'conflict', 'refused')", name=op.f('ck_offline_entries_outcome_known')),
    sa.ForeignKeyConstraint(['service_point_id'], ['service_points.id'], name=op.f('fk_offline_entries_service_point_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_offline_entries_partner_id')),
    sa.ForeignKeyConstraint(['redemption_id'], ['redemptions.id'], name=op.f('fk_offline_entries_redemption_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offline_entries')),
    sa.UniqueConstraint('service_point_id', 'entry_id', name=op.f('uq_offline_entries_service_point_id'))
    )
    op.create_index('ix_offline_entries_conflict', 'offline_entries', ['id'], unique=False, postgresql_where=sa.text("outcome = 'conflict'"))
    op.create_index('ix_offline_entries_partner', 'offline_entries', ['partner_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('offline_entries')
    op.drop_column('redemptions', 'over_quota')
    op.drop_column('redemptions', 'offline')
