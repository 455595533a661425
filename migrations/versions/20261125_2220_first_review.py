"""A first review with a budget of its own, what a loan costs and for how long, results with files

Revision: 41ca4dfe2220, after: 41ca4dfe2260
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service import sealing

revision = '41ca4dfe2220'
down_revision = '41ca4dfe2260'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('loans', sa.Column('annual_rate_percent', sa.Numeric(6, 4)))
    op.add_column('loans', sa.Column('term_months', sa.Integer()))
    _fill_loans()
    op.add_column(
        'dispatches',
        sa.Column('result_files', postgresql.JSONB(), server_default='[]', nullable=False),
    )
    op.create_index(
        'ix_dispatches_result_files', 'dispatches', ['result_files'],
        postgresql_using='gin', postgresql_ops={'result_files': 'jsonb_path_ops'},
    )
    op.add_column('offering_versions', sa.Column('first_review_wd', sa.Integer()))
    op.add_column('requests', sa.Column('stage', sa.Text()))


def _fill_loans() -> None:
    """Rate and term of what was granted before lie sealed in form and result of the request."""
    bind = op.get_bind()
    query = 'SELECT l.id, r.form, r.result FROM loans l JOIN requests r ON r.id = l.request_id'
    for loan_id, form, result in bind.execute(sa.text(query)).all():
        ring = sealing.ring()
        asked = json.loads(ring.open(bytes(form), 'requests.form'))
        decided = json.loads(ring.open(bytes(result), 'requests.result')) if result else {}
        bind.execute(
            sa.text('UPDATE loans SET annual_rate_percent = :rate, term_months = :months'
                    ' WHERE id = :id'),
            {
                'id': loan_id,
                'rate': decided.get('annual_rate_percent'),
                'months': decided.get('term_months') or asked.get('term_months'),
            },
        )


def downgrade() -> None:
    op.drop_index('ix_dispatches_result_files', 'dispatches')
    op.drop_column('dispatches', 'result_files')
    op.drop_column('loans', 'term_months')
    op.drop_column('loans', 'annual_rate_percent')
    op.drop_column('requests', 'stage')
    op.drop_column('offering_versions', 'first_review_wd')
