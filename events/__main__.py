"""`python -m events check 文件… [--keys 文件]`: 拿着导出的日志和公钥,不靠本系统核对。

文件      `audit-export`(或 GET /v1/audit/export)导出的一日或多日,按日期先后给出时连日期之间也核对
--keys   验签名的公钥(GET /v1/audit/keys),不给就只核对哈希

退出状态: 0 全部相符,1 有出入,2 用法或文件有误。
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt

from events.chain import day_of
from events.checking import Export, Finding, NotAnExport, check, read


def main(words: Sequence[str]) -> int:
    """Do what the words ask for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m events", description=__doc__)
    checking = parser.add_subparsers(dest="command", required=True).add_parser("check")
    checking.add_argument("files", nargs="+", type=Path)
    checking.add_argument("--keys", type=Path)
    given = parser.parse_args(words)
    try:
        keys = keys_of(given.keys.read_bytes()) if given.keys else None
        exports = [_read(path) for path in given.files]
    except (OSError, NotAnExport) as wrong:
        print(f"✗ {wrong}", file=sys.stderr)
        return 2
    found = findings(exports, keys)
    for each in found:
        print(f"✗ [{each.kind}] {each.where} {each.text}")
    if not found:
        count = sum(len(export.events) for export in exports)
        signed = "签名有效" if keys is not None else "签名未核对(没有给公钥)"
        print(f"✓ {len(exports)} 日 {count} 条事件与封存逐条相符,{signed}。")
    return 1 if found else 0


def _read(path: Path) -> Export:
    with path.open("rb") as lines:
        try:
            return read(lines)
        except NotAnExport as wrong:
            raise NotAnExport(f"{path}: {wrong}") from wrong


def keys_of(document: bytes) -> dict[str, Any]:
    """The keys of a JWK set, by kid; raises NotAnExport."""
    try:
        return {
            str(key.key_id): key.key for key in jwt.PyJWKSet.from_dict(json.loads(document)).keys
        }
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as wrong:
        raise NotAnExport("公钥文件不是 JWK 集。") from wrong


def findings(exports: Sequence[Export], keys: dict[str, Any] | None) -> list[Finding]:
    """What is wrong with these days and with the way from each to the next."""
    found: list[Finding] = []
    before: Export | None = None
    for export in exports:
        found += check(export, _hash_before(export, before))
        if keys is not None:
            found += _signature(export.seal, keys)
        before = export
    return found


def _hash_before(export: Export, before: Export | None) -> str | None:
    """The hash that this day must name, where the file before is the day before."""
    try:
        if before and day_of(export.seal["day"]) == day_of(before.seal["day"]) + timedelta(days=1):
            return str(before.seal["hash"])
    except (KeyError, TypeError, ValueError):
        return None
    return None


def _signature(seal: dict[str, Any], keys: dict[str, Any]) -> list[Finding]:
    """Whether one of the keys signed this very day, hash and day before."""
    day = str(seal.get("day"))
    try:
        header = jwt.get_unverified_header(seal["signature"])
        claims = jwt.decode(
            seal["signature"], keys[header["kid"]], algorithms=["ES256"],
            options={"verify_iat": False},
        )  # fmt: skip
    except (jwt.PyJWTError, KeyError, TypeError):
        return [Finding("signature", day, "封存的签名不是由所给公钥签的。")]
    same = all(claims.get(name) == seal.get(name) for name in ("day", "hash", "previous"))
    right = same and header.get("typ") == "hck-seal+jwt"
    return [] if right else [Finding("signature", day, "签名签的不是这份封存记录。")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
