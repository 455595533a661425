"""first tables

Revision: 5984a0418d87, after: 
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '5984a0418d87'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('day_keys',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_day_keys'))
    )
    op.create_table('figure_counts',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('category', sa.Integer(), nullable=False),
    sa.Column('sector', sa.Text(), nullable=False),
    sa.Column('grade_1', sa.Integer(), nullable=False),
    sa.Column('grade_2', sa.Integer(), nullable=False),
    sa.Column('grade_3', sa.Integer(), nullable=False),
    sa.Column('grade_4', sa.Integer(), nullable=False),
    sa.Column('grade_5', sa.Integer(), nullable=False),
    sa.Column('completed', sa.Integer(), nullable=False),
    sa.Column('completed_in_time', sa.Integer(), nullable=False),
    sa.Column('redeemed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'offering', 'partner_id', 'region', 'category', name=op.f('pk_figure_counts'))
    )
    op.create_table('idempotency_keys',
    sa.Column('caller', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('caller', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_index(op.f('ix_idempotency_keys_made_at'), 'idempotency_keys', ['made_at'], unique=False)
    op.create_table('login_failures',
    sa.Column('login_blind', sa.LargeBinary(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('login_blind', name=op.f('pk_login_failures'))
    )
    op.create_table('offerings',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_offerings'))
    )
    op.create_table('partners',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partners'))
    )
    op.create_table('people',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('id_kind', sa.Text(), nullable=False),
    sa.Column('id_number', sa.LargeBinary(), nullable=False),
    sa.Column('id_blind', sa.LargeBinary(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('phone_blind', sa.LargeBinary(), nullable=True),
    sa.Column('address', sa.LargeBinary(), nullable=True),
    sa.Column('born_on', sa.Date(), nullable=True),
    sa.Column('steward_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
    sa.UniqueConstraint('id_blind', name=op.f('uq_people_id_blind'))
    )
    op.create_index(op.f('ix_people_phone_blind'), 'people', ['phone_blind'], unique=False)
    op.create_table('rate_counters',
    sa.Column('bucket', sa.Text(), nullable=False),
    sa.Column('window_start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', 'window_start', name=op.f('pk_rate_counters')),
    prefixes=['UNLOGGED']
    )
    op.create_table('signing_keys',
    sa.Column('kid', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('private_pem', sa.LargeBinary(), nullable=False),
    sa.Column('x', sa.Text(), nullable=False),
    sa.Column('y', sa.Text(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signs_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('kid', name=op.f('pk_signing_keys'))
    )
    op.create_index('ix_signing_keys_purpose', 'signing_keys', ['purpose', 'not_before'], unique=False)
    op.create_table('status_lists',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('free', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_lists'))
    )
    op.create_index(op.f('ix_status_lists_day'), 'status_lists', ['day'], unique=False)
    op.create_table('table_versions',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('rows', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('loaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', 'version', name=op.f('pk_table_versions'))
    )
    op.create_table('units',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('uscc', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('uscc', name=op.f('uq_units_uscc'))
    )
    op.create_table('used_assertions',
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('jti', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('client_id', 'jti', name=op.f('pk_used_assertions'))
    )
    op.create_index(op.f('ix_used_assertions_expires_at'), 'used_assertions', ['expires_at'], unique=False)
    op.create_table('verifications',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('service_point_id', sa.Uuid(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=True),
    sa.Column('by_number', sa.Boolean(), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('iss', sa.Text(), nullable=True),
    sa.Column('cti', sa.LargeBinary(), nullable=True),
    sa.Column('card_id', sa.Uuid(), nullable=True),
    sa.Column('trace', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verifications'))
    )
    op.create_index(op.f('ix_verifications_at'), 'verifications', ['at'], unique=False)
    op.create_table('accounts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('login', sa.Text(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('totp_secret', sa.LargeBinary(), nullable=True),
    sa.Column('totp_step', sa.Integer(), nullable=False),
    sa.Column('totp_origin', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_accounts_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('login', name=op.f('uq_accounts_login'))
    )
    op.create_index(op.f('ix_accounts_person_id'), 'accounts', ['person_id'], unique=False)
    op.create_table('clients',
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=True),
    sa.Column('public_jwk', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_clients_partner_id')),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_clients'))
    )
    op.create_index(op.f('ix_clients_partner_id'), 'clients', ['partner_id'], unique=False)
    op.create_table('offering_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('name_zh', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('sector', sa.Text(), nullable=False),
    sa.Column('mode', sa.Text(), nullable=False),
    sa.Column('department', sa.Text(), nullable=False),
    sa.Column('accept_hours', sa.Integer(), nullable=True),
    sa.Column('complete_wd', sa.Integer(), nullable=True),
    sa.Column('correction_wd', sa.Integer(), nullable=True),
    sa.Column('publicity_wd', sa.Integer(), nullable=True),
    sa.Column('categories', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('beneficiaries', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('annual_limit', sa.Integer(), nullable=True),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('companions_max', sa.Integer(), nullable=False),
    sa.Column('low_value', sa.Boolean(), nullable=False),
    sa.Column('materials', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('window', sa.Text(), nullable=True),
    sa.Column('exclusive_with', sa.Text(), nullable=True),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('policy_text', sa.Text(), nullable=False),
    sa.Column('policy_source', sa.Text(), nullable=False),
    sa.Column('form_schema', sa.JSON(), nullable=False),
    sa.Column('result_schema', sa.JSON(), nullable=False),
    sa.Column('shared_fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['code'], ['offerings.code'], name=op.f('fk_offering_versions_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offering_versions')),
    sa.UniqueConstraint('code', 'version', name=op.f('uq_offering_versions_code'))
    )
    op.create_index('ix_offering_versions_valid', 'offering_versions', ['code', 'valid_from'], unique=False)
    op.create_table('routes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('share', sa.Integer(), nullable=False),
    sa.Column('daily_capacity', sa.Integer(), nullable=True),
    sa.Column('opens_at', sa.Time(), nullable=True),
    sa.Column('closes_at', sa.Time(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['offering'], ['offerings.code'], name=op.f('fk_routes_offering')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_routes_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_routes'))
    )
    op.create_index('ix_routes_offering', 'routes', ['offering', 'region'], unique=False)
    op.create_index(op.f('ix_routes_partner_id'), 'routes', ['partner_id'], unique=False)
    op.create_table('service_points',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_service_points_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_points'))
    )
    op.create_index(op.f('ix_service_points_partner_id'), 'service_points', ['partner_id'], unique=False)
    op.create_table('card_applications',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('category', sa.Integer(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('contract_until', sa.Date(), nullable=True),
    sa.Column('management_until', sa.Date(), nullable=True),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('path', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('return_to', sa.Text(), nullable=True),
    sa.Column('mend_at', sa.Text(), nullable=True),
    sa.Column('specialist_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('step_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_card_applications_account_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_card_applications_person_id')),
    sa.ForeignKeyConstraint(['specialist_id'], ['accounts.id'], name=op.f('fk_card_applications_specialist_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_card_applications_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_applications'))
    )
    op.create_index(op.f('ix_card_applications_account_id'), 'card_applications', ['account_id'], unique=False)
    op.create_index(op.f('ix_card_applications_person_id'), 'card_applications', ['person_id'], unique=False)
    op.create_index(op.f('ix_card_applications_specialist_id'), 'card_applications', ['specialist_id'], unique=False)
    op.create_index('ix_card_applications_step', 'card_applications', ['step', 'region', 'id'], unique=False)
    op.create_index(op.f('ix_card_applications_unit_id'), 'card_applications', ['unit_id'], unique=False)
    op.create_table('files',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('octets', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_files_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_files'))
    )
    op.create_index(op.f('ix_files_account_id'), 'files', ['account_id'], unique=False)
    op.create_table('grants',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=True),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_grants_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grants'))
    )
    op.create_index(op.f('ix_grants_account_id'), 'grants', ['account_id'], unique=False)
    op.create_table('notices',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_notices_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    op.create_index('ix_notices_account', 'notices', ['account_id', 'id'], unique=False)
    op.create_table('sessions',
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sessions_account_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_sessions'))
    )
    op.create_index(op.f('ix_sessions_account_id'), 'sessions', ['account_id'], unique=False)
    op.create_index(op.f('ix_sessions_expires_at'), 'sessions', ['expires_at'], unique=False)
    op.create_table('cards',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.Column('category', sa.Integer(), nullable=False),
    sa.Column('tier', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('masked_name', sa.LargeBinary(), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('print_cti', sa.LargeBinary(), nullable=True),
    sa.Column('replaced_by', sa.Uuid(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['card_applications.id'], name=op.f('fk_cards_application_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_cards_person_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_cards_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cards')),
    sa.UniqueConstraint('application_id', name=op.f('uq_cards_application_id')),
    sa.UniqueConstraint('number', name=op.f('uq_cards_number'))
    )
    op.create_index('ix_cards_region', 'cards', ['region', 'id'], unique=False)
    op.create_index(op.f('ix_cards_unit_id'), 'cards', ['unit_id'], unique=False)
    op.create_index('ix_cards_valid_until', 'cards', ['valid_until'], unique=False)
    op.create_index('uq_cards_one_live_a_person', 'cards', ['person_id'], unique=True, postgresql_where=sa.text("state IN ('active', 'suspended')"))
    op.create_table('opinions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('opinion', sa.LargeBinary(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_opinions_account_id')),
    sa.ForeignKeyConstraint(['application_id'], ['card_applications.id'], name=op.f('fk_opinions_application_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinions'))
    )
    op.create_index(op.f('ix_opinions_application_id'), 'opinions', ['application_id'], unique=False)
    op.create_table('card_days',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('sub', sa.Text(), nullable=False),
    sa.Column('list_id', sa.Text(), nullable=False),
    sa.Column('idx', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_card_days_card_id')),
    sa.ForeignKeyConstraint(['list_id'], ['status_lists.id'], name=op.f('fk_card_days_list_id')),
    sa.PrimaryKeyConstraint('day', 'card_id', name=op.f('pk_card_days')),
    sa.UniqueConstraint('day', 'sub', name=op.f('uq_card_days_day')),
    sa.UniqueConstraint('list_id', 'idx', name=op.f('uq_card_days_list_id'))
    )
    op.create_index('ix_card_days_card', 'card_days', ['card_id'], unique=False)
    op.create_table('quota_uses',
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.CheckConstraint('used >= 0', name=op.f('ck_quota_uses_used_not_negative')),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_quota_uses_card_id')),
    sa.PrimaryKeyConstraint('card_id', 'offering', 'year', name=op.f('pk_quota_uses'))
    )
    op.create_table('redemptions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('iss', sa.Text(), nullable=False),
    sa.Column('cti', sa.LargeBinary(), nullable=False),
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('offering_version_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('service_point_id', sa.Uuid(), nullable=False),
    sa.Column('companions', sa.Integer(), nullable=False),
    sa.Column('redeemed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_redemptions_card_id')),
    sa.ForeignKeyConstraint(['offering_version_id'], ['offering_versions.id'], name=op.f('fk_redemptions_offering_version_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_redemptions_partner_id')),
    sa.ForeignKeyConstraint(['service_point_id'], ['service_points.id'], name=op.f('fk_redemptions_service_point_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redemptions')),
    sa.UniqueConstraint('iss', 'cti', name=op.f('uq_redemptions_iss'))
    )
    op.create_index('ix_redemptions_card', 'redemptions', ['card_id', 'redeemed_at'], unique=False)
    op.create_index('ix_redemptions_partner', 'redemptions', ['partner_id', 'redeemed_at'], unique=False)
    op.create_table('requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('card_id', sa.Uuid(), nullable=False),
    sa.Column('category', sa.Integer(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('offering_version_id', sa.Uuid(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('form', sa.LargeBinary(), nullable=False),
    sa.Column('beneficiaries', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('files', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('outcome_reason', sa.LargeBinary(), nullable=True),
    sa.Column('result', sa.LargeBinary(), nullable=True),
    sa.Column('correction_items', sa.LargeBinary(), nullable=True),
    sa.Column('correction_asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('correction_answer', sa.LargeBinary(), nullable=True),
    sa.Column('bounces', sa.Integer(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('in_time', sa.Boolean(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['card_id'], ['cards.id'], name=op.f('fk_requests_card_id')),
    sa.ForeignKeyConstraint(['offering'], ['offerings.code'], name=op.f('fk_requests_offering')),
    sa.ForeignKeyConstraint(['offering_version_id'], ['offering_versions.id'], name=op.f('fk_requests_offering_version_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_requests_partner_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_requests_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requests')),
    sa.UniqueConstraint('number', name=op.f('uq_requests_number'))
    )
    op.create_index('ix_requests_completed', 'requests', ['completed_at'], unique=False)
    op.create_index('ix_requests_partner', 'requests', ['partner_id', 'state', 'id'], unique=False)
    op.create_index('ix_requests_person', 'requests', ['person_id', 'id'], unique=False)
    op.create_index('ix_requests_state', 'requests', ['state', 'region'], unique=False)
    op.create_table('clocks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('leg', sa.Text(), nullable=False),
    sa.Column('budget', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('calendar_version', sa.Integer(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provisional', sa.Boolean(), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_rung', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_clocks_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clocks'))
    )
    op.create_index('ix_clocks_due', 'clocks', ['due_at'], unique=False, postgresql_where='stopped_at IS NULL')
    op.create_index('ix_clocks_next', 'clocks', ['next_at'], unique=False, postgresql_where='next_at IS NOT NULL')
    op.create_index(op.f('ix_clocks_request_id'), 'clocks', ['request_id'], unique=False)
    op.create_table('dispatches',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('considered', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_dispatches_partner_id')),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_dispatches_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dispatches'))
    )
    op.create_index('ix_dispatches_partner', 'dispatches', ['partner_id', 'offered_at'], unique=False)
    op.create_index(op.f('ix_dispatches_request_id'), 'dispatches', ['request_id'], unique=False)
    op.create_table('pauses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_pauses_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pauses'))
    )
    op.create_index('ix_pauses_ends', 'pauses', ['ends_at'], unique=False, postgresql_where='ended_at IS NULL')
    op.create_index('ix_pauses_request', 'pauses', ['request_id'], unique=False)
    op.create_index('uq_pauses_one_open', 'pauses', ['request_id'], unique=True, postgresql_where='ended_at IS NULL')
    op.create_table('ratings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=True),
    sa.Column('redemption_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('offering', sa.Text(), nullable=False),
    sa.Column('sector', sa.Text(), nullable=False),
    sa.Column('category', sa.Integer(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('grade', sa.Integer(), nullable=False),
    sa.Column('tags', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('comment', sa.LargeBinary(), nullable=True),
    sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('void_reason', sa.Text(), nullable=True),
    sa.CheckConstraint('(request_id IS NULL) <> (redemption_id IS NULL)', name=op.f('ck_ratings_about_one_thing')),
    sa.CheckConstraint('grade BETWEEN 1 AND 5', name=op.f('ck_ratings_grade_in_range')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_ratings_partner_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_ratings_person_id')),
    sa.ForeignKeyConstraint(['redemption_id'], ['redemptions.id'], name=op.f('fk_ratings_redemption_id')),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_ratings_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ratings')),
    sa.UniqueConstraint('redemption_id', name=op.f('uq_ratings_redemption_id')),
    sa.UniqueConstraint('request_id', name=op.f('uq_ratings_request_id'))
    )
    op.create_index('ix_ratings_partner', 'ratings', ['partner_id', 'rated_at'], unique=False)
    op.create_index(op.f('ix_ratings_rated_at'), 'ratings', ['rated_at'], unique=False)
    op.create_table('request_notes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('author_role', sa.Text(), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_request_notes_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_notes'))
    )
    op.create_index(op.f('ix_request_notes_request_id'), 'request_notes', ['request_id'], unique=False)
    op.create_table('bad_ratings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('rating_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('call_back_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('called_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('called_back_by', sa.Uuid(), nullable=True),
    sa.Column('verdict', sa.Text(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.Column('rectify_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rectified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('plan', sa.LargeBinary(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ruling', sa.Text(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['rating_id'], ['ratings.id'], name=op.f('fk_bad_ratings_rating_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bad_ratings')),
    sa.UniqueConstraint('rating_id', name=op.f('uq_bad_ratings_rating_id'))
    )
    op.create_table('rungs',
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('rung', sa.Text(), nullable=False),
    sa.Column('fell_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['clock_id'], ['clocks.id'], name=op.f('fk_rungs_clock_id')),
    sa.PrimaryKeyConstraint('clock_id', 'generation', 'rung', name=op.f('pk_rungs'))
    )
    op.create_table('events',
    sa.Column('id', sa.UUID(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('trace', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.UUID(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('xact', sa.BigInteger(), server_default=sa.text('(pg_current_xact_id()::text::bigint)'), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('subject', 'sequence', name='uq_events_subject')
    )
    op.create_index('ix_events_at', 'events', ['at'], unique=False)
    op.create_index('ix_events_partner', 'events', ['partner_id', 'xact', 'id'], unique=False, postgresql_where=sa.text('partner_id IS NOT NULL'))
    op.create_index('ix_events_unpublished', 'events', ['id'], unique=False, postgresql_where=sa.text('published_at IS NULL'))
    op.create_table('inbox',
    sa.Column('consumer', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'subject')
    )

    op.execute(
        """
        CREATE FUNCTION keep_the_log() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.published_at IS NULL
               AND (to_jsonb(NEW) - 'published_at') = (to_jsonb(OLD) - 'published_at') THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'the event log is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_the_log BEFORE UPDATE OR DELETE ON events"
        " FOR EACH ROW EXECUTE FUNCTION keep_the_log()"
    )
    op.execute(
        "CREATE TRIGGER keep_the_whole_log BEFORE TRUNCATE ON events"
        " FOR EACH STATEMENT EXECUTE FUNCTION keep_the_log()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_the_log ON events")
    op.execute("DROP TRIGGER keep_the_whole_log ON events")
    op.execute("DROP FUNCTION keep_the_log")
    op.drop_table('inbox')
    op.drop_index('ix_events_unpublished', table_name='events', postgresql_where=sa.text('published_at IS NULL'))
    op.drop_index('ix_events_partner', table_name='events', postgresql_where=sa.text('partner_id IS NOT NULL'))
    op.drop_index('ix_events_at', table_name='events')
    op.drop_table('events')
    op.drop_table('rungs')
    op.drop_table('bad_ratings')
    op.drop_index(op.f('ix_request_notes_request_id'), table_name='request_notes')
    op.drop_table('request_notes')
    op.drop_index(op.f('ix_ratings_rated_at'), table_name='ratings')
    op.drop_index('ix_ratings_partner', table_name='ratings')
    op.drop_table('ratings')
    op.drop_index('uq_pauses_one_open', table_name='pauses', postgresql_where='ended_at IS NULL')
    op.drop_index('ix_pauses_request', table_name='pauses')
    op.drop_index('ix_pauses_ends', table_name='pauses', postgresql_where='ended_at IS NULL')
    op.drop_table('pauses')
    op.drop_index(op.f('ix_dispatches_request_id'), table_name='dispatches')
    op.drop_index('ix_dispatches_partner', table_name='dispatches')
    op.drop_table('dispatches')
    op.drop_index(op.f('ix_clocks_request_id'), table_name='clocks')
    op.drop_index('ix_clocks_next', table_name='clocks', postgresql_where='next_at IS NOT NULL')
    op.drop_index('ix_clocks_due', table_name='clocks', postgresql_where='stopped_at IS NULL')
    op.drop_table('clocks')
    op.drop_index('ix_requests_state', table_name='requests')
    op.drop_index('ix_requests_person', table_name='requests')
    op.drop_index('ix_requests_partner', table_name='requests')
    op.drop_index('ix_requests_completed', table_name='requests')
    op.drop_table('requests')
    op.drop_index('ix_redemptions_partner', table_name='redemptions')
    op.drop_index('ix_redemptions_card', table_name='redemptions')
    op.drop_table('redemptions')
    op.drop_table('quota_uses')
    op.drop_index('ix_card_days_card', table_name='card_days')
    op.drop_table('card_days')
    op.drop_index(op.f('ix_opinions_application_id'), table_name='opinions')
    op.drop_table('opinions')
    op.drop_index('uq_cards_one_live_a_person', table_name='cards', postgresql_where=sa.text("state IN ('active', 'suspended')"))
    op.drop_index('ix_cards_valid_until', table_name='cards')
    op.drop_index(op.f('ix_cards_unit_id'), table_name='cards')
    op.drop_index('ix_cards_region', table_name='cards')
    op.drop_table('cards')
    op.drop_index(op.f('ix_sessions_expires_at'), table_name='sessions')
    op.drop_index(op.f('ix_sessions_account_id'), table_name='sessions')
    op.drop_table('sessions')
    op.drop_index('ix_notices_account', table_name='notices')
    op.drop_table('notices')
    op.drop_index(op.f('ix_grants_account_id'), table_name='grants')
    op.drop_table('grants')
    op.drop_index(op.f('ix_files_account_id'), table_name='files')
    op.drop_table('files')
    op.drop_index(op.f('ix_card_applications_unit_id'), table_name='card_applications')
    op.drop_index('ix_card_applications_step', table_name='card_applications')
    op.drop_index(op.f('ix_card_applications_specialist_id'), table_name='card_applications')
    op.drop_index(op.f('ix_card_applications_person_id'), table_name='card_applications')
    op.drop_index(op.f('ix_card_applications_account_id'), table_name='card_applications')
    op.drop_table('card_applications')
    op.drop_index(op.f('ix_service_points_partner_id'), table_name='service_points')
    op.drop_table('service_points')
    op.drop_index(op.f('ix_routes_partner_id'), table_name='routes')
    op.drop_index('ix_routes_offering', table_name='routes')
    op.drop_table('routes')
    op.drop_index('ix_offering_versions_valid', table_name='offering_versions')
    op.drop_table('offering_versions')
    op.drop_index(op.f('ix_clients_partner_id'), table_name='clients')
    op.drop_table('clients')
    op.drop_index(op.f('ix_accounts_person_id'), table_name='accounts')
    op.drop_table('accounts')
    op.drop_index(op.f('ix_verifications_at'), table_name='verifications')
    op.drop_table('verifications')
    op.drop_index(op.f('ix_used_assertions_expires_at'), table_name='used_assertions')
    op.drop_table('used_assertions')
    op.drop_table('units')
    op.drop_table('table_versions')
    op.drop_index(op.f('ix_status_lists_day'), table_name='status_lists')
    op.drop_table('status_lists')
    op.drop_index('ix_signing_keys_purpose', table_name='signing_keys')
    op.drop_table('signing_keys')
    op.drop_table('rate_counters')
    op.drop_index(op.f('ix_people_phone_blind'), table_name='people')
    op.drop_table('people')
    op.drop_table('partners')
    op.drop_table('offerings')
    op.drop_table('login_failures')
    op.drop_index(op.f('ix_idempotency_keys_made_at'), table_name='idempotency_keys')
    op.drop_table('idempotency_keys')
    op.drop_table('figure_counts')
    op.drop_table('day_keys')
