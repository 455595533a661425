"""Photographs and printings of cards

Only additions, so that the code before it still runs.

Revision: 41ca4dfe01c0, after: 3b7c90d21f4e
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe01c0'
down_revision = '3b7c90d21f4e'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table('photos',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('octets', sa.Integer(), nullable=False),
    sa.Column('set_at', MOMENT, nullable=False),
    sa.Column('set_by', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_photos_person_id')),
    sa.ForeignKeyConstraint(['set_by'], ['accounts.id'], name=op.f('fk_photos_set_by')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_photos'))
    )
    op.create_table('card_prints',
    sa.Column('cti', sa.LargeBinary(), nullable=False),
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('kid', sa.Text(), nullable=False),
    sa.Column('printed_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_card_prints_card_id')),
    sa.PrimaryKeyConstraint('cti', name=op.f('pk_card_prints'))
    )
    op.create_index(op.f('ix_card_prints_card_id'), 'card_prints', ['card_id'], unique=False)


def downgrade() -> None:
    op.drop_table('card_prints')
    op.drop_table('photos')
