"""An offering is added or stopped by the editor; a partner may get fewer of its fields

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


def downgrade() -> None:
    op.drop_column('offering_drafts', 'opening')
    op.drop_column('offering_versions', 'partner_fields')
    op.drop_constraint(
        'fk_offering_versions_instead', 'offering_versions', type_='foreignkey'
    )
    op.drop_column('offering_versions', 'instead')
    op.drop_column('offering_versions', 'stop_note')
    op.drop_column('offering_versions', 'stopped_on')
