"""What a simulated partner does next, and with which result; no service needed."""

from datetime import date
from typing import Any

import pytest

from local.simulator.__main__ import parse
from local.simulator.agency import BOUNCED, DECLINED, PROGRESS, Act, next_act
from local.simulator.manner import Manner, words_of
from local.simulator.results import result_for
from service.offerings import details, forms
from tests.city import MONDAY

CODES = sorted(path.stem for path in (details.DATA / "forms").glob("*.json"))


def seen(*allowed: str, kinds: tuple[str, ...] = (), code: str = "FI-01") -> dict[str, Any]:
    """A request as its partner sees it."""
    form = details.form_of(code, "case")
    return {
        "number": "Q26-0001",
        "allowed": list(allowed),
        "messages": [{"kind": kind} for kind in kinds],
        "form": form.form_schema["examples"][0],
        "result_schema": form.result_schema,
    }


def test_an_offer_is_accepted() -> None:
    assert next_act(seen("accept", "bounce"), MONDAY) == Act("accept", None)


def test_an_accepted_request_is_told_of_once_and_then_completed() -> None:
    open_acts = ("ask", "progress", "complete")
    assert next_act(seen(*open_acts), MONDAY) == Act("progress", {"note": PROGRESS})
    done = next_act(seen(*open_acts, kinds=("message", "progress")), MONDAY)
    assert done is not None
    assert (done.name, done.body["outcome"]) == ("complete", "granted")  # type: ignore[index]


@pytest.mark.parametrize("allowed", [(), ("progress",)])
def test_nothing_is_done_while_the_holder_or_nobody_is_to_act(allowed: tuple[str, ...]) -> None:
    assert next_act(seen(*allowed), MONDAY) is None


@pytest.mark.parametrize("code", CODES)
def test_the_result_fits_every_shipped_schema(code: str) -> None:
    form = details.form_of(code, "case")
    result = result_for(
        form.result_schema, form.form_schema["examples"][0], number="Q1", today=date(2026, 3, 2)
    )
    forms.check_result(form.result_schema, result)


def test_a_loan_is_given_as_asked_for_under_the_requests_own_number() -> None:
    form = details.form_of("FI-01", "case")
    asked = {**form.form_schema["examples"][0], "amount_yuan": "123456.00", "term_months": 12}
    result = result_for(form.result_schema, asked, number="Q1", today=date(2026, 3, 2))
    assert (result["amount_yuan"], result["term_months"]) == ("123456.00", 12)
    assert (result["reference"], result["drawdown_on"]) == ("MQ1", "2026-03-09")


def test_a_share_of_offers_is_bounced_and_each_partner_decides_for_itself() -> None:
    manner = Manner(bounce=0.3, seed=7)
    met = {
        key: [manner.meets(manner.bounce, "bounce", key, f"Q{n}") for n in range(2000)]
        for key in ("housing", "housing_lixia")
    }
    assert all(0.26 < sum(each) / 2000 < 0.34 for each in met.values())
    assert met["housing"] != met["housing_lixia"]


@pytest.mark.parametrize("share", [0, 1])
def test_nobody_or_everybody_is_bounced_or_declined(share: int) -> None:
    offer, worked = seen("accept", "bounce"), seen("progress", "complete", kinds=("progress",))
    bounced = next_act(offer, MONDAY, Manner(bounce=share), "housing")
    assert bounced == (Act("bounce", BOUNCED) if share else Act("accept", None))
    done = next_act(worked, MONDAY, Manner(decline=share), "housing")
    assert done is not None
    assert (done == Act("complete", DECLINED)) is bool(share)


def test_the_environment_sets_the_manners() -> None:
    words = words_of({"HCK_SIMULATOR": "--bounce 0.2 --crash 0.05 --pace 30"})
    told = parse(["--pace", "2", *words])
    assert (told.bounce, told.crash, told.pace) == (0.2, 0.05, 30)
    with pytest.raises(SystemExit):
        parse(["--bounce", "2"])
