"""Steps with a promised time, returns that say what is missing, reads of files on record

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe07c0, after: 41ca4dfe06c0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe07c0'
down_revision = '41ca4dfe06c0'
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('card_applications', sa.Column('since', INSTANT))
    op.add_column(
        'card_applications', sa.Column('pauses', JSONB, server_default='[]', nullable=False)
    )
    op.add_column('card_applications', sa.Column('due_at', INSTANT))
    op.create_index('ix_card_applications_due_at', 'card_applications', ['due_at', 'id'])
    # Files that are on their way get their time from the clock of the step that they are at.
    op.execute(
        "UPDATE card_applications SET since = step_since"
        " WHERE step NOT IN ('draft', 'issued', 'rejected', 'withdrawn')"
    )
    op.execute(
        "UPDATE card_applications SET pauses = jsonb_build_array(jsonb_build_array(step_since))"
        " WHERE step = 'returned'"
    )
    op.create_table(
        'application_returns',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('application_id', sa.Uuid(), nullable=False),
        sa.Column('step', sa.Text(), nullable=False),
        sa.Column('mend_at', sa.Text(), nullable=False),
        sa.Column('returned_at', INSTANT, nullable=False),
        sa.Column('missing', JSONB, nullable=False),
        sa.Column('files', JSONB, nullable=False),
        sa.Column('before', sa.LargeBinary(), nullable=False),
        sa.Column('mended_at', INSTANT),
        sa.Column('after', sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ['application_id'], ['card_applications.id'],
            name=op.f('fk_application_returns_application_id'),
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_application_returns')),
    )
    op.create_index(
        op.f('ix_application_returns_application_id'), 'application_returns', ['application_id']
    )
    op.create_table(
        'file_reads',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('file_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('read_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_file_reads_file_id')),
        sa.ForeignKeyConstraint(
            ['account_id'], ['accounts.id'], name=op.f('fk_file_reads_account_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_file_reads')),
    )
    op.create_index(op.f('ix_file_reads_file_id'), 'file_reads', ['file_id'])


def downgrade() -> None:
    op.drop_table('file_reads')
    op.drop_table('application_returns')
    op.drop_index('ix_card_applications_due_at', 'card_applications')
    for name in ('due_at', 'pauses', 'since'):
        op.drop_column('card_applications', name)
