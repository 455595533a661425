"""What changed in status lists, noted by the database whenever a card in one changes

Only additions, so that the code before it still runs.

Revision: 41ca4dfe02c0, after: 41ca4dfe01c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe02c0'
down_revision = '41ca4dfe01c0'
branch_labels = None
depends_on = None

# Here and not in the code: a list that misses a suspension would be believed by every counter that
# is without a network, so no way of changing a card may forget it. Only rows of its own are
# written, so that two who change many cards never wait for one another.
NOTE = """
CREATE FUNCTION note_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_changes (list_id, day)
    SELECT d.list_id, d.day FROM card_days d
    WHERE d.card_id = NEW.id AND d.day >= (SELECT max(day) FROM status_lists) - 1;
    RETURN NULL;
END $$"""
TRIGGER = """
CREATE TRIGGER note_status_change AFTER UPDATE OF state, valid_until ON cards
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state
    OR OLD.valid_until IS DISTINCT FROM NEW.valid_until)
EXECUTE FUNCTION note_status_change()"""


def upgrade() -> None:
    op.create_table('status_changes',
    sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
    sa.Column('list_id', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_changes'))
    )
    op.create_index(op.f('ix_status_changes_list_id'), 'status_changes', ['list_id'], unique=False)
    op.execute(NOTE)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute('DROP TRIGGER note_status_change ON cards')
    op.execute('DROP FUNCTION note_status_change')
    op.drop_table('status_changes')
