"""A status list's version, moved on by the database whenever a card in it changes

Only additions with defaults, so that the code before it still runs.

Revision: 41ca4dfe02c0, after: 41ca4dfe01c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe02c0'
down_revision = '41ca4dfe01c0'
branch_labels = None
depends_on = None

# Here and not in the code: a list that misses a suspension would be believed by every counter that
# is without a network, so no way of changing a card may forget it.
MOVE_ON = """
CREATE FUNCTION move_status_lists_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE status_lists l SET version = l.version + 1 FROM card_days d
    WHERE d.card_id = NEW.id AND l.id = d.list_id
        AND d.day >= (SELECT max(day) FROM status_lists) - 1;
    RETURN NULL;
END $$"""
TRIGGER = """
CREATE TRIGGER move_status_lists_on AFTER UPDATE OF state, valid_until ON cards
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state
    OR OLD.valid_until IS DISTINCT FROM NEW.valid_until)
EXECUTE FUNCTION move_status_lists_on()"""


def upgrade() -> None:
    op.add_column('status_lists', sa.Column('version', sa.BigInteger(), server_default='0', nullable=False))
    op.execute(MOVE_ON)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute('DROP TRIGGER move_status_lists_on ON cards')
    op.execute('DROP FUNCTION move_status_lists_on')
    op.drop_column('status_lists', 'version')
