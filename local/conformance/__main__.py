"""`python3 dev.py conformance --url 地址 --client 标识`: 按事件推送规范逐项检查一个接收端。

签名密钥(登记接收地址时得到的 whsec_…)放在环境变量 HCK_WEBHOOK_SECRET 里,不写在命令行上。
只访问给出的地址;事件是编的,不涉及任何真实申请。
"""

import argparse
import asyncio
import base64
import binascii
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from local.conformance import checks
from local.conformance.checks import Finding, Run
from service.partners.webhooks.signatures import SECRET
from service.settings import Settings
from workers.webhooks import Caller

LOOPBACK = "127.0.0.0/8,::1/128"
MISSING = "请用环境变量 HCK_WEBHOOK_SECRET 给出签名密钥(whsec_ 开头)。"


def is_secret(text: str) -> bool:
    """Whether it could be a signing secret."""
    try:
        return (
            text.startswith(SECRET) and len(base64.b64decode(text[len(SECRET) :], None, True)) > 0
        )
    except binascii.Error:
        return False


def say(findings: Sequence[Finding]) -> int:
    """Print what was found; returns the exit status."""
    wrong = [each for each in findings if each.wrong]
    for each in findings:
        print(f"✗ {each.asked}: {each.wrong}" if each.wrong else f"✓ {each.asked}")
    print(f"发现 {len(wrong)} 处不合规范。" if wrong else "全部合乎规范。")
    return 1 if wrong else 0


def main(words: Sequence[str]) -> int:
    """Check a receiver: 0 all right, 1 something is wrong, 2 not understood."""
    parser = argparse.ArgumentParser(prog="python3 dev.py conformance", description=__doc__)
    parser.add_argument("--url", required=True, help="接收地址")
    parser.add_argument("--client", required=True, help="client_id")
    given = parser.parse_args(words)
    secret = os.environ.get("HCK_WEBHOOK_SECRET", "")
    if not is_secret(secret):
        print(f"✗ {MISSING}", file=sys.stderr)
        return 2
    base_url = os.environ.get("HCK_BASE_URL", "http://127.0.0.1:8000")
    caller = Caller(Settings(
        database_url="", database_owner_url="", base_url=base_url,
        webhook_networks=os.environ.get("HCK_WEBHOOK_NETWORKS", LOOPBACK),
    ))  # fmt: skip
    partner_id = uuid5(NAMESPACE_URL, given.client)
    run = Run(caller, given.url, secret, partner_id, datetime.now(UTC))
    return say(asyncio.run(checks.find(run)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
