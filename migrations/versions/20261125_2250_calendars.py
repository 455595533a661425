"""Versions of the calendar, drafts of changes, how far open clocks are recomputed; voided breaches

Revision: 41ca4dfe2250, after: 41ca4dfe2210
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe2250'
down_revision = '41ca4dfe2210'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ONE = {'server_default': '1', 'nullable': False}
COUNTS = ('void_acceptance', 'void_handling', 'void_promise', 'completed_excused')
WITH_CLOCKS = ('bad_ratings', 'card_applications', 'card_matters')

# Each table of days that was ever in force is a version; overlays and hours were always the newest.
FORMER = """
INSERT INTO calendar_versions (version, calendar, overlays, hours, notices, digest, made_at)
SELECT c.version, c.version, coalesce(o.version, 0), coalesce(h.version, 0), 0,
       encode(sha256(convert_to(concat_ws('/', c.sha256, o.sha256, h.sha256), 'UTF8')), 'hex'),
       c.loaded_at
FROM table_versions c
LEFT JOIN LATERAL (SELECT version, sha256 FROM table_versions
                   WHERE name = 'calendar_overlays' ORDER BY version DESC LIMIT 1) o ON true
LEFT JOIN LATERAL (SELECT version, sha256 FROM table_versions
                   WHERE name = 'business_hours' ORDER BY version DESC LIMIT 1) h ON true
WHERE c.name = 'calendar'
"""


def upgrade() -> None:
    op.create_table(
        'calendar_versions',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('calendar', sa.Integer(), nullable=False),
        sa.Column('overlays', sa.Integer(), nullable=False),
        sa.Column('hours', sa.Integer(), nullable=False),
        sa.Column('notices', sa.Integer(), nullable=False),
        sa.Column('digest', sa.Text(), nullable=False),
        sa.Column('made_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_calendar_versions')),
    )
    op.execute(FORMER)
    _drafts()
    _recomputations()
    for name in WITH_CLOCKS:
        op.add_column(name, sa.Column('calendar_version', sa.Integer(), **ONE))
        op.add_column(name, sa.Column('generation', sa.Integer(), **ONE))
    _breach_voids()


def _drafts() -> None:
    op.create_table(
        'calendar_drafts',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('content', sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('drafted_by', sa.Uuid()),
        sa.Column('drafted_at', INSTANT, nullable=False),
        sa.Column('decided_by', sa.Uuid()),
        sa.Column('decided_at', INSTANT),
        sa.Column('version', sa.Integer()),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'applied' OR (decided_by IS NOT NULL"
            " AND decided_by IS DISTINCT FROM drafted_by)",
            name=op.f('ck_calendar_drafts_second_person'),
        ),
        sa.ForeignKeyConstraint(
            ['drafted_by'], ['accounts.id'], name=op.f('fk_calendar_drafts_drafted_by')
        ),
        sa.ForeignKeyConstraint(
            ['decided_by'], ['accounts.id'], name=op.f('fk_calendar_drafts_decided_by')
        ),
        sa.ForeignKeyConstraint(
            ['version'], ['calendar_versions.version'], name=op.f('fk_calendar_drafts_version')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_drafts')),
    )
    op.create_index(
        'ix_calendar_drafts_open', 'calendar_drafts', ['id'],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index('uq_calendar_drafts_version', 'calendar_drafts', ['version'], unique=True)


def _recomputations() -> None:
    op.create_table(
        'calendar_recomputations',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('was_version', sa.Integer(), nullable=False),
        sa.Column('draft_id', sa.Uuid(), nullable=False),
        sa.Column('mover', sa.Integer(), nullable=False),
        sa.Column('after', sa.Uuid()),
        sa.Column('busy', sa.Integer(), nullable=False),
        sa.Column('looked_at', sa.Integer(), nullable=False),
        sa.Column('moved', sa.Integer(), nullable=False),
        sa.Column('began_at', INSTANT, nullable=False),
        sa.Column('finished_at', INSTANT),
        sa.ForeignKeyConstraint(
            ['version'], ['calendar_versions.version'],
            name=op.f('fk_calendar_recomputations_version'),
        ),
        sa.ForeignKeyConstraint(
            ['was_version'], ['calendar_versions.version'],
            name=op.f('fk_calendar_recomputations_was_version'),
        ),
        sa.ForeignKeyConstraint(
            ['draft_id'], ['calendar_drafts.id'],
            name=op.f('fk_calendar_recomputations_draft_id'),
        ),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_calendar_recomputations')),
    )
    op.create_index(
        'ix_calendar_recomputations_open', 'calendar_recomputations', ['version'],
        postgresql_where=sa.text('finished_at IS NULL'),
    )


def _breach_voids() -> None:
    op.add_column('clocks', sa.Column('breach_voided_at', INSTANT))
    for name in COUNTS:
        op.add_column(
            'figure_counts', sa.Column(name, sa.Integer(), server_default='0', nullable=False)
        )
    op.create_table(
        'breach_voids',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('clock_id', sa.Uuid(), nullable=False),
        sa.Column('request_id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('note', sa.LargeBinary(), nullable=False),
        sa.Column('asked_by', sa.Uuid(), nullable=False),
        sa.Column('asked_at', INSTANT, nullable=False),
        sa.Column('decided_by', sa.Uuid()),
        sa.Column('decided_at', INSTANT),
        sa.CheckConstraint(
            "state <> 'void' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name=op.f('ck_breach_voids_second_person'),
        ),
        sa.ForeignKeyConstraint(
            ['clock_id'], ['clocks.id'], name=op.f('fk_breach_voids_clock_id')
        ),
        sa.ForeignKeyConstraint(
            ['request_id'], ['requests.id'], name=op.f('fk_breach_voids_request_id')
        ),
        sa.ForeignKeyConstraint(
            ['asked_by'], ['accounts.id'], name=op.f('fk_breach_voids_asked_by')
        ),
        sa.ForeignKeyConstraint(
            ['decided_by'], ['accounts.id'], name=op.f('fk_breach_voids_decided_by')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_breach_voids')),
    )
    op.create_index(op.f('ix_breach_voids_request_id'), 'breach_voids', ['request_id'])
    op.create_index(
        'uq_breach_voids_one', 'breach_voids', ['clock_id'], unique=True,
        postgresql_where=sa.text("state IN ('open', 'void')"),
    )
    op.create_index(
        'ix_breach_voids_open', 'breach_voids', ['id'],
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table('breach_voids')
    for name in COUNTS:
        op.drop_column('figure_counts', name)
    op.drop_column('clocks', 'breach_voided_at')
    for name in WITH_CLOCKS:
        op.drop_column(name, 'generation')
        op.drop_column(name, 'calendar_version')
    op.drop_table('calendar_recomputations')
    op.drop_table('calendar_drafts')
    op.drop_table('calendar_versions')
