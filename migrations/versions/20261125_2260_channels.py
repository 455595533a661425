"""Channels beside the inbox, and escalation: addresses, wishes, what goes out, who took note

Revision: 41ca4dfe2260, after: 41ca4dfe1420
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2260'
down_revision = '41ca4dfe1420'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'addresses',
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('address', sa.LargeBinary()),
        sa.Column('confirmed_at', TIME),
        sa.Column('bounced_at', TIME),
        sa.Column('wanted', sa.LargeBinary()),
        sa.Column('code_hash', sa.LargeBinary()),
        sa.Column('code_until', TIME),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_addresses_account_id')),
        sa.PrimaryKeyConstraint('account_id', 'channel', name=op.f('pk_addresses')),
    )
    op.create_table(
        'preferences',
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('topic', sa.Text(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('wanted', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_preferences_account_id')),
        sa.PrimaryKeyConstraint('account_id', 'topic', 'channel', name=op.f('pk_preferences')),
    )
    op.create_table(
        'sendings',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('secret', sa.LargeBinary()),
        sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
        sa.Column('error', sa.Text()),
        sa.Column('next_at', TIME),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('ended_at', TIME),
        sa.CheckConstraint(
            "state IN ('gathering', 'waiting', 'sent', 'failed', 'dropped')",
            name=op.f('ck_sendings_state_known'),
        ),
        sa.CheckConstraint(
            "(next_at IS NULL) = (state IN ('sent', 'failed', 'dropped'))",
            name=op.f('ck_sendings_open_is_due'),
        ),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sendings_account_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sendings')),
    )
    op.create_index(op.f('ix_sendings_account_id'), 'sendings', ['account_id'])
    op.create_index(
        'uq_sendings_gathering', 'sendings', ['account_id', 'channel'],
        unique=True, postgresql_where=sa.text("state = 'gathering'"),
    )
    op.create_index(
        'ix_sendings_due', 'sendings', ['channel', 'next_at'],
        postgresql_where=sa.text('next_at IS NOT NULL'),
    )
    op.create_index(
        'ix_sendings_failed', 'sendings', ['id'], postgresql_where=sa.text("state = 'failed'")
    )
    op.create_table(
        'sending_lines',
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('sending_id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('written_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['sending_id'], ['sendings.id'], name=op.f('fk_sending_lines_sending_id')),
        sa.PrimaryKeyConstraint('account_id', 'channel', 'key', name=op.f('pk_sending_lines')),
    )
    op.create_index(op.f('ix_sending_lines_sending_id'), 'sending_lines', ['sending_id'])
    op.create_table(
        'escalations',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('request_id', sa.Uuid(), nullable=False),
        sa.Column('clock_id', sa.Uuid(), nullable=False),
        sa.Column('generation', sa.Integer(), nullable=False),
        sa.Column('rung', sa.Text(), nullable=False),
        sa.Column('leg', sa.Text(), nullable=False),
        sa.Column('audience', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('sequence', sa.Integer(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('told', sa.Integer(), nullable=False),
        sa.Column('left', sa.Integer(), nullable=False),
        sa.Column('repeat_hours', sa.Integer(), nullable=False),
        sa.Column('told_at', TIME, nullable=False),
        sa.Column('next_at', TIME),
        sa.Column('acknowledged_at', TIME),
        sa.Column('acknowledged_by', sa.Uuid()),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_escalations_account_id')),
        sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_escalations_request_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_escalations')),
        sa.UniqueConstraint('clock_id', 'generation', 'rung', 'account_id', name='uq_escalations_rung'),
    )
    op.create_index(op.f('ix_escalations_request_id'), 'escalations', ['request_id'])
    op.create_index('ix_escalations_account', 'escalations', ['account_id', 'id'])
    op.create_index(
        'ix_escalations_next', 'escalations', ['next_at'],
        postgresql_where=sa.text('next_at IS NOT NULL'),
    )


def downgrade() -> None:
    for table in ('escalations', 'sending_lines', 'sendings', 'preferences', 'addresses'):
        op.drop_table(table)
