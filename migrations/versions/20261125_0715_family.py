"""Families, consents and municipal cards

Only additions, each with a default of its own, so that the code before it still runs.

Revision: 41ca4dfe06c0, after: 41ca4dfe05c0
"""

import sqlalchemy as sa
from alembic import op

revision = '41ca4dfe06c0'
down_revision = '41ca4dfe05c0'
branch_labels = None
depends_on = None


THERE = sa.text('removed_at IS NULL')
SPOUSE = sa.text("relation = 'spouse' AND removed_at IS NULL")


def upgrade() -> None:
    op.create_table('family_members',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('relation', sa.Text(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('id_kind', sa.Text(), nullable=True),
    sa.Column('id_number', sa.LargeBinary(), nullable=True),
    sa.Column('id_blind', sa.LargeBinary(), nullable=True),
    sa.Column('born_on', sa.LargeBinary(), nullable=True),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('erased_at IS NULL OR id_number IS NULL', name=op.f('ck_family_members_erased_is_gone')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_family_members_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_family_members'))
    )
    op.create_index('uq_family_members_once', 'family_members', ['person_id', 'id_blind'], unique=True, postgresql_where=THERE)
    op.create_index('uq_family_members_one_spouse', 'family_members', ['person_id'], unique=True, postgresql_where=SPOUSE)
    op.create_index('uq_family_members_spouse_of_one', 'family_members', ['id_blind'], unique=True, postgresql_where=SPOUSE)
    op.create_table('consents',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('text_version', sa.Text(), nullable=False),
    sa.Column('guardian', sa.Boolean(), nullable=False),
    sa.Column('informed', sa.Boolean(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('given_by', sa.Uuid(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['given_by'], ['accounts.id'], name=op.f('fk_consents_given_by')),
    sa.ForeignKeyConstraint(['member_id'], ['family_members.id'], name=op.f('fk_consents_member_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_consents_person_id')),
    sa.ForeignKeyConstraint(['withdrawn_by'], ['accounts.id'], name=op.f('fk_consents_withdrawn_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    op.create_index(op.f('ix_consents_member_id'), 'consents', ['member_id'], unique=False)
    op.create_index(op.f('ix_consents_person_id'), 'consents', ['person_id'], unique=False)
    op.create_table('municipal_cards',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('tier', sa.Text(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('declared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_municipal_cards_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_municipal_cards'))
    )
    op.create_index('uq_municipal_cards_one_a_city', 'municipal_cards', ['person_id', 'region'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('municipal_choices',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('uses', sa.Text(), nullable=False),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("uses IN ('province', 'municipal')", name=op.f('ck_municipal_choices_uses_one')),
    sa.ForeignKeyConstraint(['offering'], ['offerings.code'], name=op.f('fk_municipal_choices_offering')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_municipal_choices_person_id')),
    sa.PrimaryKeyConstraint('person_id', 'year', 'offering', name=op.f('pk_municipal_choices'))
    )
    op.create_table('request_members',
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['family_members.id'], name=op.f('fk_request_members_member_id')),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_request_members_request_id')),
    sa.PrimaryKeyConstraint('request_id', 'member_id', name=op.f('pk_request_members'))
    )
    op.create_index(op.f('ix_request_members_member_id'), 'request_members', ['member_id'], unique=False)


def downgrade() -> None:
    for table in ('request_members', 'municipal_choices', 'municipal_cards', 'consents', 'family_members'):
        op.drop_table(table)
