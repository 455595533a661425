"""Loans: what banks granted, within caps over all of them; drawdowns and balances

Revision: 41ca4dfe1060, after: 41ca4dfe1050
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1060'
down_revision = '41ca4dfe1050'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text('closed_at IS NULL')


def upgrade() -> None:
    op.create_table(
        'loans',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('request_id', sa.Uuid(), nullable=False),
        sa.Column('offering', sa.Text(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('bank_id', sa.Uuid(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('borrower', sa.Text(), nullable=False),
        sa.Column('enterprise_uscc', sa.Text()),
        sa.Column('granted', sa.BigInteger(), nullable=False),
        sa.Column('drawn', sa.BigInteger(), nullable=False),
        sa.Column('balance', sa.BigInteger(), nullable=False),
        sa.Column('balance_on', sa.Date()),
        sa.Column('compensation_pct', sa.Integer(), nullable=False),
        sa.Column('granted_at', INSTANT, nullable=False),
        sa.Column('closed_at', INSTANT),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            '0 <= balance AND balance <= drawn AND drawn <= granted', name=op.f('ck_loans_sums')
        ),
        sa.CheckConstraint(
            "borrower <> 'enterprise' OR enterprise_uscc IS NOT NULL", name=op.f('ck_loans_whose')
        ),
        sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_loans_request_id')),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_loans_person_id')),
        sa.ForeignKeyConstraint(['bank_id'], ['partners.id'], name=op.f('fk_loans_bank_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_loans')),
        sa.UniqueConstraint('request_id', name=op.f('uq_loans_request_id')),
    )
    op.create_index(op.f('ix_loans_bank_id'), 'loans', ['bank_id'])
    op.create_index('ix_loans_person', 'loans', ['person_id'], postgresql_where=OPEN)
    op.create_index('ix_loans_enterprise', 'loans', ['enterprise_uscc'], postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table('loans')
