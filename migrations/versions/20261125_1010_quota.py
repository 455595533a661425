"""The enterprise quota of category 5 (guide.md 2.2); applications say whether they use it

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe1010, after: 41ca4dfe1080
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1010'
down_revision = '41ca4dfe1080'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        'card_applications',
        sa.Column('by_quota', sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        'quota_years',
        sa.Column('city', sa.Text(), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('city', 'year', name=op.f('pk_quota_years')),
    )
    op.create_table(
        'quota_enterprises',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('city', sa.Text(), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Uuid(), nullable=False),
        sa.Column('named_by', sa.Uuid(), nullable=False),
        sa.Column('named_at', INSTANT, nullable=False),
        sa.Column('dropped_at', INSTANT),
        sa.ForeignKeyConstraint(
            ['unit_id'], ['units.id'], name=op.f('fk_quota_enterprises_unit_id')
        ),
        sa.ForeignKeyConstraint(
            ['named_by'], ['accounts.id'], name=op.f('fk_quota_enterprises_named_by')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quota_enterprises')),
    )
    op.create_index(
        'uq_quota_enterprises_live', 'quota_enterprises', ['year', 'unit_id'], unique=True,
        postgresql_where=sa.text('dropped_at IS NULL'),
    )
    op.create_index('ix_quota_enterprises_city', 'quota_enterprises', ['year', 'city'])
    op.create_table(
        'quota_places',
        sa.Column('application_id', sa.Uuid(), nullable=False),
        sa.Column('enterprise_id', sa.Uuid(), nullable=False),
        sa.Column('taken_at', INSTANT, nullable=False),
        sa.Column('freed_at', INSTANT),
        sa.ForeignKeyConstraint(
            ['application_id'], ['card_applications.id'],
            name=op.f('fk_quota_places_application_id'),
        ),
        sa.ForeignKeyConstraint(
            ['enterprise_id'], ['quota_enterprises.id'],
            name=op.f('fk_quota_places_enterprise_id'),
        ),
        sa.PrimaryKeyConstraint('application_id', name=op.f('pk_quota_places')),
    )
    op.create_index(op.f('ix_quota_places_enterprise_id'), 'quota_places', ['enterprise_id'])


def downgrade() -> None:
    op.drop_table('quota_places')
    op.drop_table('quota_enterprises')
    op.drop_table('quota_years')
    op.drop_column('card_applications', 'by_quota')
