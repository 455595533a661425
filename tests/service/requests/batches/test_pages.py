"""The pages of a batch: announced and ruled on by a clerk, answered by a holder, read by all."""

import re
from typing import Any

from tests.city import City, Someone
from tests.service.requests.batches.season import Season, Wanting, opened, queueing

FORM = {
    "offering": "HO-01", "title": "2026年3月人才公寓", "region": "370100",
    "opens_at": "2026-03-02T09:00", "closes_at": "2026-03-06T17:00", "places": "1",
    "group_field": "", "leftover": "carry", "rule": ["tier", "form:family_size:largest", ""],
}  # fmt: skip


async def clerk(city: City) -> Someone:
    return await city.person("partner_clerk", organisation="济南市住房和城乡建设局")


async def post(who: Someone, path: str, **given: Any) -> Any:
    return await who.send("POST", path, data=given, follow_redirects=False)


async def on_page(who: Wanting, **given: Any) -> Any:
    me, path = await who.who(), f"/my/requests/{who.request}"
    page = (await me.get(path)).text
    found = re.search(r'name="_revision" value="(\d+)"', page)
    assert found
    return await post(me, f"{path}/place", _revision=found[1], **given)


async def test_a_clerk_announces_places_and_a_wrong_form_loses_nothing(city: City) -> None:
    who = await clerk(city)
    chosen = (await who.get("/desk/batches?offering=HO-01")).text
    assert "共同居住人数(含本人)(多者在前)" in chosen
    assert "按“意向户型”分类" in chosen
    wrong = await post(who, "/desk/batches", **(FORM | {"places": "", "title": "三月的公寓"}))
    assert wrong.status_code == 422
    assert "请填写名额数" in wrong.text
    assert "三月的公寓" in wrong.text
    made = await post(who, "/desk/batches", **FORM)
    assert made.status_code == 303, made.text
    page = await who.get(made.headers["Location"])
    assert "已公布" in page.text
    public = await city.nobody.get(made.headers["Location"].split("?")[0].replace("/desk", ""))
    assert "共同居住人数(含本人)(多者在前)" in public.text
    assert "2026年3月人才公寓" in (await city.nobody.get("/batches")).text


async def test_classes_of_places_are_announced_on_the_page_too(city: City) -> None:
    who = await clerk(city)
    divided = FORM | {
        "places": "", "group_field": "layout", "group:layout:studio": "3",
        "group:layout:one_bedroom": "2", "rule": ["form:layout", "tier"],
    }  # fmt: skip
    made = await post(who, "/desk/batches", **divided)
    assert made.status_code == 303, made.text
    page = await city.nobody.get(made.headers["Location"].split("?")[0].replace("/desk", ""))
    assert "5 个:单间 3 个、一室一厅 2 个" in page.text
    assert (
        await post(who, "/desk/batches", **(divided | {"rule": ["shoe-size"]}))
    ).status_code == 422


async def test_a_holder_reads_objects_and_takes_the_place(city: City) -> None:
    season = await opened(city, places=1)
    first, second = await queueing(city, season, 1, 2)
    page = (await (await first.who()).get(f"/my/requests/{first.request}")).text
    assert "目前 2 件在轮候" in page.replace(",", "")
    desk = await clerk(city)
    assert "名额由批次排序分配" in (await desk.get(f"/desk/{first.request}")).text

    await season.at("2026-03-06T17:00")
    desk = await clerk(city)
    page = (await (await second.who()).get(f"/my/requests/{second.request}")).text
    assert "您排在第 2 位,名额 1 个。" in page
    assert (await on_page(second, do="object", words="短")).status_code == 422
    entry = (await first.place())["entry_id"]
    said = await on_page(second, do="object", words="这一位在本市有住房", about=entry)
    assert said.status_code == 303, said.text
    await rules(city, season)
    page = (await (await second.who()).get(f"/my/requests/{second.request}")).text
    assert "异议不成立:经核对无自有住房" in page

    await season.at("2026-03-12T00:00")
    city.at("2026-03-12T10:00")
    took = await on_page(first, do="accept")
    assert took.headers["Location"].endswith("done=place_taken")
    desk = await clerk(city)
    page = (await desk.get(f"/desk/{first.request}")).text
    assert "名额由批次排序分配" not in page
    assert "已接受,办理中" in page


async def rules(city: City, season: Season) -> None:
    """A clerk rejects the only objection on the page."""
    who, path = await clerk(city), f"/desk/batches/{season.id}"
    page = (await who.get(path)).text
    assert "这一位在本市有住房" in page
    found = re.search(r'name="objection" value="([^"]+)"', page)
    assert found
    short = await post(who, path, do="rule", objection=found[1], ruling="rejected", reason="无")
    assert short.status_code == 422
    assert "请写明裁定的理由" in short.text
    told = {"objection": found[1], "ruling": "rejected", "reason": "经核对无自有住房"}
    assert (await post(who, path, do="rule", **told)).status_code == 303


async def test_a_clerk_corrects_a_fact_ranks_and_cancels_on_the_page(city: City) -> None:
    season = await opened(city, ranks_at="2026-03-10T17:00:00+08:00")
    one, _ = await queueing(city, season, 3, 3)
    city.at("2026-03-07T10:00")
    path = f"/desk/batches/{season.id}"
    assert (await post(await clerk(city), path, do="rank")).status_code == 303
    me = await one.who()
    await me.post(f"/v1/requests/{one.request}/place/objections", {"words": "登记的人数有误"})
    objection = (await season.seen())["objections"][0]
    told = {
        "objection": objection["id"], "ruling": "correct", "entry": objection["about"],
        "fact": "family_size", "value": "6", "reason": "户口簿为六口人",
    }  # fmt: skip
    done = await post(await clerk(city), path, do="rule", **told)
    assert done.status_code == 303, done.text
    assert (await season.seen())["objections"][0]["facts"] == {"family_size": 6}
    refused = await post(await clerk(city), path, do="cancel")
    assert refused.status_code == 409
    assert (await post(await clerk(city), path, do="dance")).status_code == 404


async def test_the_public_page_forgets_names_when_the_publicity_is_over(city: City) -> None:
    season = await opened(city)
    await queueing(city, season, 1, 2)
    await season.at("2026-03-06T17:00")
    assert "林*" in (await city.nobody.get(f"/batches/{season.id}")).text
    await season.at("2026-03-12T00:00")
    page = (await city.nobody.get(f"/batches/{season.id}")).text
    assert "林*" not in page
    assert "第 1 类" not in page
    nothing = await city.nobody.get("/batches/0198c0de-0000-7000-8000-000000000000")
    assert nothing.status_code == 404
