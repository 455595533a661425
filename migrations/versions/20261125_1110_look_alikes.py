"""What reviewers found of look-alikes

Revision: 41ca4dfe1110, after: 41ca4dfe1060
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1110'
down_revision = '41ca4dfe1060'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'look_alikes',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('application_id', sa.Uuid(), nullable=False),
        sa.Column('other_id', sa.Uuid(), nullable=False),
        sa.Column('same', sa.Boolean(), nullable=False),
        sa.Column('note', sa.LargeBinary(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['application_id'], ['card_applications.id'],
            name=op.f('fk_look_alikes_application_id'),
        ),
        sa.ForeignKeyConstraint(['other_id'], ['people.id'], name=op.f('fk_look_alikes_other_id')),
        sa.ForeignKeyConstraint(
            ['account_id'], ['accounts.id'], name=op.f('fk_look_alikes_account_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_look_alikes')),
    )
    op.create_index(op.f('ix_look_alikes_application_id'), 'look_alikes', ['application_id'])


def downgrade() -> None:
    op.drop_table('look_alikes')
