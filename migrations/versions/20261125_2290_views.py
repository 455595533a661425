"""Read-only views for the city's own tools: counts without anybody's data, a stable shape

`docs/figures.md` describes them; a column is added at the end, never changed or taken away.

Revision: 41ca4dfe2290, after: 41ca4dfe2270
"""

from alembic import op

revision = '41ca4dfe2290'
down_revision = '41ca4dfe2270'
branch_labels = None
depends_on = None

OVER = "('completed', 'withdrawn', 'expired')"
VIEWS = {
    'places': """
        SELECT each->>'code' AS region, each->>'name_zh' AS region_name,
               each->>'level' AS level, nullif(each->>'parent', '') AS parent
        FROM (SELECT rows FROM table_versions WHERE name = 'regions'
              ORDER BY version DESC LIMIT 1) newest, jsonb_array_elements(newest.rows) each
    """,
    'offerings': """
        SELECT DISTINCT ON (code) code AS offering, name_zh AS offering_name, sector
        FROM offering_versions ORDER BY code, version DESC
    """,
    'daily': """
        SELECT f.day, f.offering, o.offering_name, f.sector, f.partner_id, p.name AS partner_name,
               f.region, r.region_name, coalesce(c.region, f.region) AS city,
               coalesce(c.region_name, r.region_name) AS city_name, f.category,
               f.grade_5, f.grade_4, f.grade_3, f.grade_2, f.grade_1, f.voided, f.defaults,
               f.completed, f.completed_in_time, f.redeemed, f.breached_promise,
               f.breached_acceptance, f.breached_handling, f.called_back, f.call_backs_ended,
               f.rectified_in_time, f.rectifications_ended, f.follow_ups, f.follow_ups_good,
               f.void_promise, f.void_acceptance, f.void_handling, f.completed_excused
        FROM figure_counts f
        LEFT JOIN partners p ON p.id = f.partner_id
        LEFT JOIN figures.offerings o ON o.offering = f.offering
        LEFT JOIN figures.places r ON r.region = f.region
        LEFT JOIN figures.places c ON c.region = r.parent AND c.level = 'city'
    """,
    'open_requests': f"""
        SELECT r.region, r.offering, r.partner_id, p.name AS partner_name, r.state,
               count(*) AS requests, count(*) FILTER (WHERE late.request_id IS NOT NULL) AS overdue
        FROM requests r
        LEFT JOIN partners p ON p.id = r.partner_id
        LEFT JOIN (SELECT DISTINCT request_id FROM clocks
                   WHERE leg = 'promise' AND NOT past AND stopped_at IS NULL
                     AND (breached_at IS NOT NULL OR due_at <= now())) late
               ON late.request_id = r.id
        WHERE r.state NOT IN {OVER} GROUP BY 1, 2, 3, 4, 5
    """,
    'open_deadlines': f"""
        SELECT c.leg, (c.due_at AT TIME ZONE 'Asia/Shanghai' - interval '1 microsecond')::date
               AS last_day, r.region, r.offering, r.partner_id, count(*) AS deadlines
        FROM clocks c JOIN requests r ON r.id = c.request_id
        WHERE c.stopped_at IS NULL AND c.due_at IS NOT NULL AND NOT c.past
          AND r.state NOT IN {OVER} GROUP BY 1, 2, 3, 4, 5
    """,
    'open_cases': """
        SELECT r.region, r.offering, r.partner_id, b.state, count(*) AS cases,
               count(*) FILTER (WHERE b.step_due_at <= now()) AS overdue
        FROM bad_ratings b JOIN ratings r ON r.id = b.rating_id
        WHERE b.state <> 'closed' AND r.voided_at IS NULL GROUP BY 1, 2, 3, 4
    """,
}


def upgrade() -> None:
    op.execute('CREATE SCHEMA figures')
    for name, query in VIEWS.items():
        op.execute(f'CREATE VIEW figures.{name} AS {query}')


def downgrade() -> None:
    op.execute('DROP SCHEMA figures CASCADE')
