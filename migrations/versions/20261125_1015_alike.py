"""People of one name and birthday find one another; an import says which lines to look at

Only additions. The key of people who are there already is made by the timers: it needs the ring.

Revision: 41ca4dfe1015, after: 41ca4dfe1010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe1015'
down_revision = '41ca4dfe1010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('people', sa.Column('alike_blind', sa.LargeBinary()))
    op.create_index(op.f('ix_people_alike_blind'), 'people', ['alike_blind'])
    op.create_index(
        'ix_people_unmarked', 'people', ['id'],
        postgresql_where=sa.text('born_on IS NOT NULL AND alike_blind IS NULL'),
    )
    op.add_column(
        'card_imports',
        sa.Column(
            'notes', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column('card_imports', 'notes')
    op.drop_index('ix_people_unmarked', 'people')
    op.drop_index(op.f('ix_people_alike_blind'), 'people')
    op.drop_column('people', 'alike_blind')
