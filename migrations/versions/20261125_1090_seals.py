"""Sealed days of the log (events.md 1.2): rows that are added and never changed

Revision: 41ca4dfe1090, after: 41ca4dfe08c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe1090'
down_revision = '41ca4dfe08c0'
branch_labels = None
depends_on = None

TABLES = ('audit_days', 'audit_regions')


def upgrade() -> None:
    op.create_table(
        'audit_days',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('previous', sa.Text(), nullable=False),
        sa.Column('hash', sa.Text(), nullable=False),
        sa.Column('up_to', sa.BigInteger(), nullable=False),
        sa.Column('signature', sa.Text(), nullable=False),
        sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_audit_days')),
    )
    op.create_table(
        'audit_regions',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('late', sa.Integer(), nullable=False),
        sa.Column('chain', sa.Text(), nullable=False),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['day'], ['audit_days.day'], name=op.f('fk_audit_regions_day')),
        sa.PrimaryKeyConstraint('day', 'region', name=op.f('pk_audit_regions')),
    )
    op.execute(
        """
        CREATE FUNCTION keep_the_seals() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'sealed days are never changed';
        END $$
        """
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER keep_the_seals BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION keep_the_seals()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TRIGGER keep_the_seals ON {table}")
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_the_seals")
