"""`python -m cards verify 码或图片`: 拿着公布的公钥,自己核对一个惠才卡二维码,逐条说明。

核对什么由给的东西决定:
  --keys 文件     公布的密钥(/.well-known/jwks.json 或 /.well-known/cose-keys):真伪与时限(7.1–7.19)
  --pack 文件     离线包(/v1/offline-pack):再查卡状态,像断网的网点一样判定(7.1–7.21,只认动态码)
  --journal 文件  网点自己的日志:查重;有效时记下一条,联网后整理上传(需要 --pack 和 --offering)

退出状态: 0 有效,1 不能接受,2 用法或文件有误。
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cards import explain, journal, offline, pictures, token
from cards.explain import MARKS, Step
from cards.journal import BadJournal
from cards.keys import CardKey, KeySet, Profile
from cards.offline import BadPack, Pack
from cards.token import Claims, Refused

LARGEST_FILE = 64 * 1024 * 1024
PICTURES = (".png", ".jpg", ".jpeg")
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a key file of any other content may raise."""


class Misused(ValueError):
    """The command cannot be understood or a file not read; one sentence."""


def main(words: Sequence[str]) -> int:
    """Do what the words ask for; returns the exit status."""
    try:
        given = _parsed(words)
        if given.command == "upload":
            return _upload(given.journal, given.service_point)
        return _verify(given)
    except Misused as wrong:
        print(f"✗ {wrong}", file=sys.stderr)
        return 2


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m cards", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="核对一个码")
    verify.add_argument("code", help="码的文字、印制码的网址、图片文件,或 - 从标准输入读")
    verify.add_argument("--keys", type=Path, help="公布的密钥")
    verify.add_argument("--pack", type=Path, help="离线包")
    verify.add_argument("--offering", help="要核销的服务事项代码")
    verify.add_argument("--journal", type=Path, help="网点自己的日志")
    verify.add_argument("--issuer", default="hck37", help="签发者(默认山东 hck37)")
    verify.add_argument("--now", help="以此刻核对:秒数或 RFC 3339;默认本机时钟")
    verify.add_argument("--sm2", action="store_true", help="也认国密 SM2 签的码(要装 gmssl-pyx)")
    verify.add_argument("--json", action="store_true", help="给机器读的答复")
    upload = commands.add_parser("upload", help="把日志整理成上传的内容,每 500 条一行")
    upload.add_argument("journal", type=Path)
    upload.add_argument("--service-point", required=True, help="网点的 id")
    return parser.parse_args(words)


def _verify(given: argparse.Namespace) -> int:
    now = _instant(given.now)
    text = _text(given.code)
    if given.pack:
        verdict, last = _at_counter(given, text, now)
    elif given.keys:
        keys = _keys(_read(given.keys), _profiles(given.sm2))
        verdict = token.examine(text, now=now, keys=keys, issuer=given.issuer)
        last = "7.19"
    else:
        raise Misused("请用 --keys 给出公布的密钥,或用 --pack 给出离线包。")
    steps = explain.steps(verdict, last=last)
    (_print_json if given.json else _print)(verdict, steps, last)
    return 1 if isinstance(verdict, Refused) else 0


def _at_counter(given: argparse.Namespace, text: str, now: int) -> tuple[Claims | Refused, str]:
    if given.journal and not given.offering:
        raise Misused("记日志时请用 --offering 写明服务事项代码。")
    try:
        pack = offline.read_pack(_read(given.pack), now=now, profiles=_profiles(given.sm2))
    except BadPack:
        raise Misused("离线包不完整,应为 /v1/offline-pack 的原文。") from None
    try:
        with journal.opened(given.journal) if given.journal else nullcontext() as own:
            verdict = offline.verify(pack, text, offering=given.offering, now=now, journal=own)
            if own and isinstance(verdict, Claims):
                own.add(verdict, _entry(pack, text, verdict, given.offering, now))
    except BadJournal:
        raise Misused(f"{given.journal} 不是网点的日志,没有动它。") from None
    except OSError as wrong:
        raise Misused(f"日志读写不了({wrong.strerror}),不要提供服务。") from None
    return verdict, "7.21"


def _entry(pack: Pack, text: str, claims: Claims, offering: str, now: int) -> dict[str, object]:
    iat = pack.lists[claims.uri or ""].iat
    return journal.entry_of(text, offering, uuid4(), now=now, iat=iat)


def _profiles(sm2: bool) -> tuple[Profile, ...]:
    """The kinds of keys that are accepted; SM2 only where it is asked for (6.1)."""
    if not sm2:
        return (CardKey,)
    try:
        from cards.sm2 import Sm2CardKey  # its package is there only where somebody wants it
    except ImportError:
        raise Misused("没有 gmssl-pyx,请先运行: pip install gmssl-pyx") from None
    return (CardKey, Sm2CardKey)


def _instant(text: str | None) -> int:
    if text is None:
        return int(datetime.now(UTC).timestamp())
    try:
        if text.lstrip("-").isdecimal():
            return int(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused("--now 应为秒数,或带时区的 RFC 3339 时刻。") from None
    if moment.tzinfo is None:
        raise Misused("--now 的时刻要带时区。")
    return int(moment.timestamp())


def _text(code: str) -> str:
    """The token's text, out of a picture or an address where it is in one."""
    if code == "-":
        octets = sys.stdin.buffer.read(LARGEST_FILE + 1)
    elif _is_file(code):
        octets = _read(Path(code))
    elif code.lower().endswith(PICTURES):
        raise Misused(f"没有图片文件 {code}。")
    else:
        return token.from_url(code) or code
    if pictures.is_picture(octets):
        try:
            text = pictures.read_code(octets)
        except pictures.BadPicture as wrong:
            raise Misused(str(wrong)) from wrong
    else:
        text = octets.decode("utf-8", "replace").strip("\r\n")
    return token.from_url(text) or text


def _is_file(code: str) -> bool:
    try:
        return not code.startswith(token.PREFIX) and Path(code).exists()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as wrong:
        raise Misused(f"文件 {path} 读不了: {wrong.strerror}。") from wrong
    if len(content) > LARGEST_FILE:
        raise Misused(f"文件 {path} 太大。")
    return content


def _keys(content: bytes, profiles: Sequence[Profile]) -> KeySet:
    """The published card keys, in either form (5.2, 5.3)."""
    try:
        if content.lstrip()[:1] == b"{":
            return KeySet.from_jwks(json.loads(content), profiles)
        return KeySet.from_cose(content, profiles)
    except BROKEN:
        raise Misused("密钥文件不对,应为 jwks.json 或 cose-keys 的原文。") from None


def _print(verdict: Claims | Refused, steps: Sequence[Step], last: str) -> None:
    for step in steps:
        print(f"{MARKS[step.result]} {step.rule:<5} {step.asks}")
    if isinstance(verdict, Refused):
        print(f"\n不能接受({verdict.reason}): {verdict.message}")
        return
    kind = "动态码" if verdict.typ == "L" else "印制码"
    who = f",{verdict.name}" if verdict.name else ""
    until = datetime.fromtimestamp(verdict.exp, UTC).astimezone().isoformat()
    print(f"\n有效: {kind}{who},{until} 前。")
    if last != "7.21":
        print("没有给离线包,卡状态没有查;要当场确认,请联网核验。")


def _print_json(verdict: Claims | Refused, steps: Sequence[Step], last: str) -> None:
    refused = isinstance(verdict, Refused)
    answer = {
        "result": "refused" if refused else "valid",
        "reason": verdict.reason if isinstance(verdict, Refused) else None,
        "message": verdict.message if isinstance(verdict, Refused) else None,
        "typ": verdict.typ,
        "status_checked": last == "7.21" and not refused,
        "steps": [{"rule": each.rule, "result": each.result} for each in steps],
    }
    print(json.dumps(answer, ensure_ascii=False))


def _upload(path: Path, service_point: str) -> int:
    """Print the bodies of `POST /v1/offline-journals`, one a line (13.3)."""
    try:
        for body in journal.bodies(_read(path), service_point):
            print(json.dumps(body, ensure_ascii=False))
    except BadJournal:
        raise Misused(f"{path} 不是网点的日志。") from None
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
