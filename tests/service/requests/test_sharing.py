"""Nothing but what an offering declares for a partner ever leaves to it (api.md 5.4): every
offering, every partner, every way out: the partner's API, its queue, its messages, its feed (which
webhooks send), the clerk's page (which is also the print).
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from service.offerings import details
from service.offerings.models import OfferingVersion
from service.partners.models import Route
from service.requests import fields, views
from service.requests.models import Request
from service.requests.queries import Found
from service.requests.states import State
from tests.city import City, Someone
from tests.service.requests.ask import Case, accepted
from tests.service.requests.make import NOON, request

FORMS = sorted(path.stem for path in (details.DATA / "forms").glob("*.json"))


def telltale(name: str, when: str) -> str:
    """A value that is found again wherever it comes out."""
    return f"{when}-{name.encode().hex()}-end"


def filled(schema: dict[str, Any], when: str) -> dict[str, Any]:
    return {name: telltale(name, when) for name in schema["properties"]}


@pytest.mark.parametrize("code", FORMS)
@given(data=st.data())
def test_a_partner_s_view_has_the_declared_members_alone(code: str, data: st.DataObject) -> None:
    form = details.form_of(code, "case")
    names = sorted(form.form_schema["properties"])
    shared = data.draw(st.lists(st.sampled_from(names), unique=True))
    fewer = data.draw(st.none() | st.lists(st.sampled_from(names), unique=True))
    declared = [name for name in shared if fewer is None or name in fewer]
    row = request(State.ACCEPTED, form=filled(form.form_schema, "now"), offering=code)
    row.category, row.beneficiaries, row.files = 1, ["holder"], []
    row.submitted_at = row.accepted_at = row.correction_asked_at = NOON
    row.correction_items = ["请更正"]
    row.correction_answer = {
        "form": filled(form.form_schema, "now"), "before": filled(form.form_schema, "then"),
        "files": [], "note": "",
    }  # fmt: skip
    version = OfferingVersion(
        name_zh="事项", form_schema=form.form_schema, result_schema=form.result_schema,
        shared_fields=shared, partner_fields={} if fewer is None else {str(row.partner_id): fewer},
    )  # fmt: skip
    view = views.partner_view(Found(row, version, "单位", None), [], [])
    said = msgspec.json.encode(view).decode()
    read = "".join(line.value for line in fields.lines(form.form_schema, view.form))
    for name in names:
        for when in ("now", "then"):
            assert (telltale(name, when) in said) is (name in declared)
        assert telltale(name, "now") not in read or name in declared


@dataclass
class Way:
    """One way out to a partner, and what came by it."""

    name: str
    said: str


async def test_each_partner_of_each_offering_gets_what_is_declared_for_it(city: City) -> None:
    async with city.sessions() as session:
        rows = await session.execute(
            select(OfferingVersion, Route.partner_id)
            .join(Route, Route.offering == OfferingVersion.code)
            .where(OfferingVersion.mode == "case")
        )
        pairs = [(version, partner) for version, partner in rows.all()]
    assert len({version.code for version, _ in pairs}) == 27
    for number, (version, partner) in enumerate(pairs):
        fewer = version.shared_fields[number % 2 :: 2]
        form = filled(version.form_schema, "now")
        for own, narrowed in ((version.shared_fields, {}), (fewer, {str(partner): fewer})):
            version.partner_fields = narrowed | {str(UUID(int=1)): []}
            row = request(State.ACCEPTED, form=form, offering=version.code, partner_id=partner)
            assert set(views.shared(row, version, form)) == set(own), (version.code, partner)
        row.partner_id = None
        assert set(views.shared(row, version, form)) == set(version.shared_fields)


async def test_no_way_out_tells_what_is_not_declared(city: City) -> None:
    case = await accepted(city)
    clerk = await city.person("partner_clerk", login="clerk-housing")
    seen = 0
    for code, hidden in await _each_narrowed(city, case):
        names = await _become(city, case, code)
        for way in await _ways(case, clerk):
            told = {name for name in names if telltale(name, "now") in way.said}
            assert not told & hidden, (code, way.name, told & hidden)
            seen += bool(told)
    assert seen > len(FORMS), "what is declared does come out"


async def _each_narrowed(city: City, case: Case) -> list[tuple[str, set[str]]]:
    """Every handled offering with what of its form must not leave to the partner of the case."""
    [row] = await city.sql("SELECT partner_id FROM requests WHERE id = $1", UUID(case.id))
    partner, found = row["partner_id"], []
    async with city.sessions.begin() as session:
        query = select(OfferingVersion).where(OfferingVersion.mode == "case")
        for version in await session.scalars(query.order_by(OfferingVersion.code)):
            names = list(version.form_schema["properties"])
            # Every other member is shared, of which this partner gets every other: a quarter.
            version.shared_fields, own = names[::2], names[::4]
            version.partner_fields = {str(partner): own}
            found.append((version.code, set(names) - set(own)))
    return found


async def _become(city: City, case: Case, code: str) -> list[str]:
    """The case as it were of that offering, each member of its form filled in."""
    async with city.sessions.begin() as session:
        query = select(OfferingVersion).where(OfferingVersion.code == code)
        version = (await session.scalars(query)).one()
        row = await session.get_one(Request, UUID(case.id))
        row.offering, row.offering_version_id = code, version.id
        row.form = filled(version.form_schema, "now")
        row.correction_asked_at, row.correction_items = NOON, ["请更正"]
        row.correction_answer = {"form": row.form, "before": row.form, "note": ""}
        return list(version.form_schema["properties"])


async def _ways(case: Case, clerk: Someone) -> list[Way]:
    paths = (case.desk, f"{case.desk}/messages", "/v1/partner/requests", "/v1/partner/events")
    asked = [(case.partner, path) for path in paths]
    asked += [(clerk, f"/desk/{case.id}"), (clerk, "/desk")]
    found = []
    for who, path in asked:
        answer = await who.get(path)
        assert answer.status_code == 200, (path, answer.text)
        found.append(Way(path, answer.text))
    return found
