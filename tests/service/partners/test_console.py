"""The console of an agency's engineers, as a browser sends its forms."""

import re

import msgspec
import pytest

from tests.city import City, Someone
from tests.service.partners.test_clients import clerk, token
from tests.service.partners.test_feed import append, offer
from tests.service.partners.webhooks.receiver import receiving
from workers import webhooks

CONSOLE = "/console"


@pytest.fixture(autouse=True)
def _receivers_are_on_the_loopback_address(city: City) -> None:
    allowed = msgspec.structs.replace(city.settings, webhook_networks="127.0.0.0/8")
    city.settings = city.app.state.settings = allowed


async def send(who: Someone, path: str, **form: str) -> str:
    """Send a form; the page that is shown afterwards."""
    answer = await who.send("POST", path, data=form)
    if answer.status_code == 303:
        answer = await who.get(answer.headers["Location"])
    return answer.text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def secret_of(page: str) -> str:
    found = re.search(r'data-test="secret-value">([^<]+)<', page)
    assert found, page
    return found[1]


async def test_an_address_is_given_tried_changed_and_taken_away(city: City) -> None:
    someone, housing = await clerk(city), await city.client("housing")
    async with receiving() as receiver:
        page = await send(someone, CONSOLE, do="make", url=receiver.url)
        assert secret_of(page).startswith("whsec_")
        page = (await someone.get(CONSOLE)).text
        assert "whsec_" not in page
        found = re.search(r'href="(/console/webhooks/[^"]+)"', page)
        assert found
        path = found[1]
        page = (await someone.get(path)).text
        await send(someone, path, do="test")
        async with city.sessions.begin() as session:
            await append(session, city, offer(housing))
        pusher = webhooks.Caller(city.settings)
        await webhooks.push_due(city.sessions, pusher, lambda: city.now)
        page = (await someone.get(path)).text
        assert page.count('data-state="delivered"') == 2
        assert "hck.request.offered.v1" in page
        again = await send(someone, path, do="redeliver", delivery=hidden(page, "delivery"))
        assert 'data-state="waiting"' in again
        page = await send(someone, path, do="rotate", _revision=hidden(page, "_revision"))
        assert secret_of(page).startswith("whsec_")
        page = (await someone.get(path)).text
        gone = await send(someone, path, do="delete", _revision=hidden(page, "_revision"))
        assert 'data-test="webhook"' not in gone


async def test_what_is_refused_is_said_and_nothing_typed_is_lost(city: City) -> None:
    someone = await clerk(city)
    page = await send(someone, CONSOLE, do="make", url="https://10.1.2.3/events")
    assert "内部或保留网段" in page
    assert 'value="https://10.1.2.3/events"' in page
    assert 'data-test="webhook"' not in page


async def test_a_rotated_client_secret_is_shown_once_and_works(city: City) -> None:
    someone = await clerk(city)
    mine = (await city.client("housing")).entry["client_id"]
    page = await send(someone, CONSOLE, do="rotate-client", client=mine)
    secret = secret_of(page)
    assert await token(city, mine, secret) == 200
    assert secret not in (await someone.get(CONSOLE)).text


async def test_a_stale_form_changes_nothing(city: City) -> None:
    someone = await clerk(city)
    async with receiving() as receiver:
        await send(someone, CONSOLE, do="make", url=receiver.url)
        page = (await someone.get(CONSOLE)).text
        found = re.search(r'href="(/console/webhooks/[^"]+)"', page)
        assert found
        path, old = found[1], hidden((await someone.get(found[1])).text, "_revision")
        await send(someone, path, do="rotate", _revision=old)
        refused = await someone.send("POST", path, data={"do": "delete", "_revision": old})
        assert refused.status_code == 412
        assert 'data-test="webhook"' in (await someone.get(CONSOLE)).text


async def test_the_console_is_for_the_agency_s_people(city: City) -> None:
    talent = await city.person("talent", region="370100")
    assert (await talent.get(CONSOLE)).status_code == 403
