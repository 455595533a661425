"""Dead letters: events that a consumer cannot take

Revision: 41ca4dfe1070, after: 41ca4dfe1030
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1070'
down_revision = '41ca4dfe1030'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'dead_letters',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('consumer', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('sequence', sa.Integer(), nullable=False),
        sa.Column('error', sa.Text(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('first_at', INSTANT, nullable=False),
        sa.Column('last_at', INSTANT, nullable=False),
        sa.Column('dead_at', INSTANT),
        sa.Column('retry_at', INSTANT),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('consumer', 'subject', name='uq_dead_letters_consumer'),
    )
    op.create_index(
        'ix_dead_letters_retry', 'dead_letters', ['retry_at'],
        postgresql_where=sa.text('retry_at IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_table('dead_letters')
