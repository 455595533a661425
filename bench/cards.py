"""The card library alone: signing, verifying, codes and faces, each beside what it stands on."""

import time
from collections.abc import Callable
from datetime import date

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cards import qr, token
from cards.face import writers
from cards.face.layout import Face
from cards.keys import KeySet, SigningKey

SECONDS = 2.0
NOW = 1_772_413_200
LIVE = token.Live("A" * 12, NOW, b"c" * 16, "hck:s1abcd", 31_234, 2, "张*")
FACE = Face(
    name="张明远", number="40833-90439-Z", tier="A", valid_until=date(2031, 2, 28),
    authority="中共山东省委组织部 山东省人力资源和社会保障厅",
    code="https://huicaika.example/c#" + "A" * 200,
)  # fmt: skip


def rate(work: Callable[[], object], seconds: float = SECONDS) -> float:
    """How often a second."""
    work()
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - begun)


def measure() -> str:
    """A table: each job, the bare operation under it in the same run, and their ratio."""
    key = SigningKey.from_secret(7, nbf=NOW - 10, exp=NOW + 10**6)
    keys, text = KeySet([key]), token.mint_live(LIVE, key, issuer="hck37")
    bare = ec.derive_private_key(7, ec.SECP256R1())
    ecdsa = ec.ECDSA(hashes.SHA256())
    signature, public = bare.sign(b"x" * 150, ecdsa), bare.public_key()
    modules = qr.modules(FACE.code, version=qr.PRINTED_VERSION)
    jobs: list[tuple[str, Callable[[], object], str, Callable[[], object]]] = [
        ("签发动态码", lambda: token.mint_live(LIVE, key, issuer="hck37"),
         "裸 ECDSA 签名", lambda: bare.sign(b"x" * 150, ecdsa)),
        ("核对动态码(7.1–7.19)", lambda: token.examine(text, now=NOW, keys=keys, issuer="hck37"),
         "裸 ECDSA 验签", lambda: public.verify(signature, b"x" * 150, ecdsa)),
        ("动态码图 SVG", lambda: qr.svg(text), "只算模块", lambda: qr.modules(text)),
        ("卡面 SVG", lambda: writers.svg(FACE), "只算模块", lambda: qr.modules(
            FACE.code, version=qr.PRINTED_VERSION)),
        ("卡面 PNG 300 dpi", lambda: writers.png(FACE), "卡面 SVG", lambda: writers.svg(FACE)),
        ("印制页 PDF(8 张)", lambda: writers.pdf([FACE] * 8), "卡面 SVG",
         lambda: writers.svg(FACE)),
    ]  # fmt: skip
    assert len(modules) == 69
    lines = ["| 事 | 次/秒 | 底 | 底次/秒 | 比值 |", "|---|---:|---|---:|---:|"]
    for name, work, floor_name, floor in jobs:
        ours, under = rate(work), rate(floor)
        lines.append(f"| {name} | {ours:.0f} | {floor_name} | {under:.0f} | {ours / under:.2f} |")
    return "\n".join(lines)
