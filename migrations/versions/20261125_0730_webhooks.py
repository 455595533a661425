"""Webhooks of partners, what was sent to them, and how it went; a client's secret before the last

Only additions that may be null, so that the code before it still runs.

Revision: 41ca4dfe08c0, after: 41ca4dfe07c0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe08c0'
down_revision = '41ca4dfe07c0'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('clients', sa.Column('old_secret_hash', sa.LargeBinary(), nullable=True))
    op.add_column('clients', sa.Column('old_secret_until', MOMENT, nullable=True))
    op.create_table('webhooks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('url', sa.LargeBinary(), nullable=False),
    sa.Column('types', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('old_secret', sa.LargeBinary(), nullable=True),
    sa.Column('old_secret_until', MOMENT, nullable=True),
    sa.Column('signing_key', sa.LargeBinary(), nullable=True),
    sa.Column('public_key', sa.Text(), nullable=True),
    sa.Column('confirmed_at', MOMENT, nullable=True),
    sa.Column('allowed_rate', sa.Integer(), nullable=True),
    sa.Column('rate_minute', MOMENT, nullable=True),
    sa.Column('rate_used', sa.Integer(), server_default='0', nullable=False),
    sa.Column('failing_since', MOMENT, nullable=True),
    sa.Column('next_at', MOMENT, nullable=True),
    sa.Column('seen_xact', sa.BigInteger(), nullable=False),
    sa.Column('seen_event', sa.Uuid(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('active', 'disabled', 'ended')", name=op.f('ck_webhooks_state_known')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_webhooks_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks'))
    )
    op.create_index(op.f('ix_webhooks_partner_id'), 'webhooks', ['partner_id'], unique=False)
    op.create_index('ix_webhooks_due', 'webhooks', ['next_at'], unique=False, postgresql_where=sa.text("state = 'active'"))
    op.create_table('webhook_deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('webhook_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('event_type', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_at', MOMENT, nullable=True),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f('ck_webhook_deliveries_state_known')),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], name=op.f('fk_webhook_deliveries_webhook_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries'))
    )
    op.create_index(op.f('ix_webhook_deliveries_created_at'), 'webhook_deliveries', ['created_at'], unique=False)
    op.create_index('ix_webhook_deliveries_due', 'webhook_deliveries', ['webhook_id', 'next_at', 'id'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_webhook_deliveries_webhook', 'webhook_deliveries', ['webhook_id', 'id'], unique=False)
    op.create_index('uq_webhook_deliveries_event', 'webhook_deliveries', ['webhook_id', 'event_id'], unique=True, postgresql_where=sa.text("cause = 'event'"))
    op.create_table('webhook_tries',
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.Column('took_ms', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_deliveries.id'], name=op.f('fk_webhook_tries_delivery_id')),
    sa.PrimaryKeyConstraint('delivery_id', 'number', name=op.f('pk_webhook_tries'))
    )


def downgrade() -> None:
    op.drop_column('clients', 'old_secret_until')
    op.drop_column('clients', 'old_secret_hash')
    op.drop_table('webhook_tries')
    op.drop_table('webhook_deliveries')
    op.drop_table('webhooks')
