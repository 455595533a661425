"""The forecast: how far each clock had got when it ended

Revision: 41ca4dfe2270, after: 41ca4dfe2280
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2270'
down_revision = '41ca4dfe2280'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'paces',
        sa.Column('clock_id', sa.Uuid(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('offering', sa.Text(), nullable=False),
        sa.Column('leg', sa.Text(), nullable=False),
        sa.Column('step', sa.Integer(), nullable=False),
        sa.Column('known_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['clock_id'], ['clocks.id'], name=op.f('fk_paces_clock_id')),
        sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_paces_partner_id')),
        sa.PrimaryKeyConstraint('clock_id', name=op.f('pk_paces')),
    )
    op.create_index('ix_paces_known', 'paces', ['known_at'])


def downgrade() -> None:
    op.drop_table('paces')
