"""Messages with files and read marks, partners that fall silent, clerks' holds, stand-ins

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe1080, after: 41ca4dfe1090
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '41ca4dfe1080'
down_revision = '41ca4dfe1090'
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
INSTANT = sa.DateTime(timezone=True)


def key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=op.f(f'fk_{table}_{column}'))


def upgrade() -> None:
    _messages()
    _files()
    _desk()
    op.add_column('routes', sa.Column('batch_capacity', sa.Integer()))
    op.add_column('partners', sa.Column('silent_since', INSTANT))
    _care()


def _messages() -> None:
    op.add_column('request_notes', sa.Column('partner_id', sa.Uuid()))
    op.add_column(
        'request_notes', sa.Column('files', JSONB, server_default='[]', nullable=False)
    )
    op.add_column('request_notes', sa.Column('erased_at', INSTANT))
    op.create_foreign_key(
        op.f('fk_request_notes_partner_id'), 'request_notes', 'partners', ['partner_id'], ['id']
    )
    op.create_index(
        'ix_request_notes_files', 'request_notes', ['files'],
        postgresql_using='gin', postgresql_ops={'files': 'jsonb_path_ops'},
    )
    op.execute(
        "UPDATE request_notes n SET partner_id = r.partner_id FROM requests r"
        " WHERE r.id = n.request_id AND n.kind <> 'ruling'"
    )
    op.create_table(
        'message_reads',
        sa.Column('message_id', sa.Uuid(), nullable=False),
        sa.Column('side', sa.Text(), nullable=False),
        sa.Column('read_at', INSTANT, nullable=False),
        key('message_reads', 'message_id', 'request_notes'),
        sa.PrimaryKeyConstraint('message_id', 'side', name=op.f('pk_message_reads')),
    )


def _files() -> None:
    op.alter_column('files', 'account_id', nullable=True)
    op.add_column('files', sa.Column('partner_id', sa.Uuid()))
    op.add_column('files', sa.Column('erased_at', INSTANT))
    op.create_foreign_key(
        op.f('fk_files_partner_id'), 'files', 'partners', ['partner_id'], ['id']
    )
    op.create_check_constraint(
        op.f('ck_files_somebodys'), 'files', 'account_id IS NOT NULL OR partner_id IS NOT NULL'
    )


def _desk() -> None:
    op.create_table(
        'desk_holds',
        sa.Column('request_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('taken_at', INSTANT, nullable=False),
        sa.Column('held_until', INSTANT, nullable=False),
        key('desk_holds', 'request_id', 'requests'),
        key('desk_holds', 'account_id', 'accounts'),
        sa.PrimaryKeyConstraint('request_id', name=op.f('pk_desk_holds')),
    )


def _care() -> None:
    op.create_index(op.f('ix_people_steward_id'), 'people', ['steward_id'])
    op.create_table(
        'absences',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('deputy_id', sa.Uuid(), nullable=False),
        sa.Column('begins_on', sa.Date(), nullable=False),
        sa.Column('ends_on', sa.Date(), nullable=False),
        sa.Column('noted_by', sa.Uuid(), nullable=False),
        sa.Column('noted_at', INSTANT, nullable=False),
        sa.Column('began_at', INSTANT),
        sa.Column('ended_at', INSTANT),
        key('absences', 'account_id', 'accounts'),
        key('absences', 'deputy_id', 'accounts'),
        key('absences', 'noted_by', 'accounts'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_absences')),
    )
    op.create_index(op.f('ix_absences_account_id'), 'absences', ['account_id'])
    op.create_index(
        'ix_absences_open', 'absences', ['deputy_id'],
        postgresql_where=sa.text('ended_at IS NULL'),
    )


def downgrade() -> None:
    op.drop_table('absences')
    op.drop_index(op.f('ix_people_steward_id'), 'people')
    op.drop_column('partners', 'silent_since')
    op.drop_column('routes', 'batch_capacity')
    op.drop_table('desk_holds')
    # Files that machines put in have no account; the code before this cannot keep them.
    op.execute('DELETE FROM files WHERE account_id IS NULL')
    op.drop_constraint(op.f('ck_files_somebodys'), 'files', type_='check')
    op.drop_column('files', 'erased_at')
    op.drop_column('files', 'partner_id')
    op.alter_column('files', 'account_id', nullable=False)
    op.drop_table('message_reads')
    op.drop_index('ix_request_notes_files', 'request_notes')
    for name in ('erased_at', 'files', 'partner_id'):
        op.drop_column('request_notes', name)
