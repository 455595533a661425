"""Drafts of offerings' next versions; whoever drafted one never publishes it

Revision: 41ca4dfe1050, after: 41ca4dfe1070
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1050'
down_revision = '41ca4dfe1070'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        'offering_versions',
        sa.Column('source', sa.Text(), server_default='table', nullable=False),
    )
    op.create_table(
        'offering_drafts',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('base_version', sa.Integer(), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('why', sa.Text(), nullable=False),
        sa.Column('valid_from', sa.Date(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('drafted_by', sa.Uuid(), nullable=False),
        sa.Column('drafted_at', INSTANT, nullable=False),
        sa.Column('decided_by', sa.Uuid()),
        sa.Column('decided_at', INSTANT),
        sa.Column('version_id', sa.Uuid()),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'published' OR (decided_by IS NOT NULL AND decided_by <> drafted_by)",
            name=op.f('ck_offering_drafts_second_person'),
        ),
        sa.ForeignKeyConstraint(['code'], ['offerings.code'], name=op.f('fk_offering_drafts_code')),
        sa.ForeignKeyConstraint(
            ['drafted_by'], ['accounts.id'], name=op.f('fk_offering_drafts_drafted_by')
        ),
        sa.ForeignKeyConstraint(
            ['decided_by'], ['accounts.id'], name=op.f('fk_offering_drafts_decided_by')
        ),
        sa.ForeignKeyConstraint(
            ['version_id'], ['offering_versions.id'], name=op.f('fk_offering_drafts_version_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_offering_drafts')),
    )
    op.create_index(
        'uq_offering_drafts_open', 'offering_drafts', ['code'], unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index('ix_offering_drafts_version', 'offering_drafts', ['version_id'])


def downgrade() -> None:
    op.drop_table('offering_drafts')
    op.drop_column('offering_versions', 'source')
