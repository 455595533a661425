"""Sample 办理单位: agencies, their counters, their machines, and who gets which offering."""

from datetime import date, datetime
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.ext.asyncio import AsyncSession

from service import ids
from service.auth.models import Client
from service.auth.tokens import new_client_id, secret_hash
from service.offerings.queries import in_force
from service.partners.models import Partner, Route, ServicePoint

HANDLE = ("requests:handle",)
COUNTER = ("cards:verify", "cards:redeem")
HOUSING = ("HO-01", "HO-02", "HO-03")
SCHOOLS = ("ED-01", "ED-02", "ED-03")
LOANS = ("FI-01", "FI-02", "FI-03")
REST = ("*",)
"""Every offering that is handled, but for the loans, which only banks give."""


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One agency: what it gets (`offerings`, the lower `rank` first) and where cards are shown."""

    key: str
    name: str
    kind: str
    region: str
    scopes: tuple[str, ...] = HANDLE
    offerings: tuple[str, ...] = ()
    rank: int = 1
    share: int = 1
    points: tuple[str, ...] = ()
    private_key: bool = False


AGENCIES = (
    Agency(
        key="housing", name="济南市住房和城乡建设局", kind="住建", region="370100",
        offerings=HOUSING, points=("龙奥大厦住建服务窗口",),
    ),
    Agency(
        key="housing_lixia", name="济南市历下区住房和城乡建设局", kind="住建", region="370102",
        offerings=HOUSING, points=("历下区政务服务大厅住建窗口",),
    ),
    Agency(
        key="education", name="济南市教育局", kind="教育", region="370100",
        offerings=SCHOOLS, points=("市教育局学位服务窗口",),
    ),
    Agency(
        key="bank1", name="泉城银行股份有限公司济南科技支行", kind="银行", region="370000",
        offerings=LOANS, share=2, private_key=True,
    ),
    Agency(
        key="bank2", name="岱岳银行股份有限公司人才金融中心", kind="银行", region="370000",
        offerings=LOANS,
    ),
    Agency(
        key="bank3", name="黄海商业银行股份有限公司青岛分行", kind="银行", region="370000",
        offerings=LOANS,
    ),
    Agency(
        key="window", name="山东省高层次人才服务综合窗口", kind="综合", region="370000",
        offerings=REST, rank=9, points=("省人才服务大厅综合窗口",),
    ),
    Agency(
        key="hospital", name="山东省立医院", kind="医院", region="370102", scopes=COUNTER,
        points=("门诊大厅高层次人才服务台", "健康管理中心"),
    ),
    Agency(
        key="airport", name="济南遥墙国际机场", kind="机场", region="370112", scopes=COUNTER,
        points=("T1 国内出发贵宾厅", "T1 国际出发贵宾厅"),
    ),
    Agency(
        key="museum", name="山东博物馆", kind="文旅", region="370102", scopes=COUNTER,
        points=("正门检票处",),
    ),
)  # fmt: skip


class Placed(msgspec.Struct, frozen=True):
    """The partners by key, and what `var/local.json` says of their machines."""

    by_key: dict[str, Partner]
    clients: list[dict[str, Any]]


async def plant(session: AsyncSession, now: datetime) -> Placed:
    """Write every agency with its counters, machine and routes."""
    handled = [each.code for each in await in_force(session, now.date()) if each.mode == "case"]
    placed = Placed({}, [])
    for agency in AGENCIES:
        partner = Partner(
            id=ids.new_id(),
            name=agency.name,
            kind=agency.kind,
            region=agency.region,
            last_seen_at=None,
            created_at=now,
        )
        session.add(partner)
        await session.flush()
        placed.by_key[agency.key] = partner
        session.add_all(
            ServicePoint(id=ids.new_id(), partner_id=partner.id, name=name, region=agency.region)
            for name in agency.points
        )
        session.add_all(_routes(agency, partner, handled, now.date()))
        placed.clients.append(_client(session, agency, partner, now))
    await session.flush()
    return placed


def _routes(agency: Agency, partner: Partner, handled: list[str], today: date) -> list[Route]:
    codes = agency.offerings
    if codes == REST:
        codes = tuple(code for code in handled if code not in LOANS)
    return [
        Route(
            id=ids.new_id(),
            offering=code,
            region=agency.region,
            partner_id=partner.id,
            rank=agency.rank,
            share=agency.share,
            daily_capacity=None,
            opens_at=None,
            closes_at=None,
            valid_from=date(2018, 1, 1),
            valid_to=None,
        )
        for code in codes
    ]


def _client(
    session: AsyncSession, agency: Agency, partner: Partner, now: datetime
) -> dict[str, Any]:
    secret = ids.new_secret()
    pem, jwk = _key_pair() if agency.private_key else (None, None)
    client = Client(
        client_id=new_client_id(agency.key.replace("_", "-")),
        partner_id=partner.id,
        name=agency.name,
        scopes=list(agency.scopes),
        secret_hash=secret_hash(secret),
        public_jwk=jwk,
        created_at=now,
        disabled_at=None,
    )
    session.add(client)
    entry = {
        "key": agency.key,
        "partner": agency.name,
        "partner_id": str(partner.id),
        "scopes": list(agency.scopes),
        "client_id": client.client_id,
        "client_secret": secret,
        "private_key_pem": pem,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _key_pair() -> tuple[str, dict[str, Any]]:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    jwk: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return pem, jwk
