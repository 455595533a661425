"""An offering is added or stopped by the editor; a partner may get fewer of its fields; rules of
routing are drafted and published by two

Revision: 41ca4dfe2230, after: 41ca4dfe2250
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe2230'
down_revision = '41ca4dfe2250'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offering_versions', sa.Column('stopped_on', sa.Date()))
    op.add_column('offering_versions', sa.Column('stop_note', sa.Text()))
    op.add_column('offering_versions', sa.Column('instead', sa.Text()))
    op.create_foreign_key(
        'fk_offering_versions_instead', 'offering_versions', 'offerings',
        ['instead'], ['code'],
    )
    op.add_column(
        'offering_versions',
        sa.Column(
            'partner_fields', postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column('offering_drafts', sa.Column('opening', postgresql.JSONB()))
    op.create_table(
        'routing_drafts',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('offering', sa.Text(), nullable=False),
        sa.Column('rows', postgresql.JSONB(), nullable=False),
        sa.Column('base', sa.Text(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('why', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('drafted_by', sa.Uuid(), nullable=False),
        sa.Column('drafted_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_by', sa.Uuid()),
        sa.Column('decided_at', sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state <> 'published' OR (decided_by IS NOT NULL AND decided_by <> drafted_by)",
            name=op.f('ck_routing_drafts_second_person'),
        ),
        sa.ForeignKeyConstraint(
            ['offering'], ['offerings.code'], name=op.f('fk_routing_drafts_offering')
        ),
        sa.ForeignKeyConstraint(
            ['drafted_by'], ['accounts.id'], name=op.f('fk_routing_drafts_drafted_by')
        ),
        sa.ForeignKeyConstraint(
            ['decided_by'], ['accounts.id'], name=op.f('fk_routing_drafts_decided_by')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_routing_drafts')),
    )
    op.create_index(
        'uq_routing_drafts_open', 'routing_drafts', ['offering'], unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table('routing_drafts')
    op.drop_column('offering_drafts', 'opening')
    op.drop_column('offering_versions', 'partner_fields')
    op.drop_constraint(
        'fk_offering_versions_instead', 'offering_versions', type_='foreignkey'
    )
    op.drop_column('offering_versions', 'instead')
    op.drop_column('offering_versions', 'stop_note')
    op.drop_column('offering_versions', 'stopped_on')
