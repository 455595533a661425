"""What a run tells whoever started it: the pages for each role."""

from pathlib import Path
from typing import Any

PAGES = (
    ("talent", "人才", "/card"),
    ("unit_manager", "用人单位", "/review"),
    ("reviewer", "人社窗口", "/review"),
    ("office", "省人才办", "/review"),
    ("partner_clerk", "办理单位", "/desk"),
    ("partner_clerk", "服务网点", "/counter"),
    ("centre", "专家中心", "/centre"),
)


def tell_pages(
    base_url: str, document: dict[str, Any], local_json: Path, caught_url: str = ""
) -> None:
    """Print the pages for each role, with a login where there are sample people."""
    logins: dict[str, str] = {}
    for person in document["people"]:
        logins.setdefault(person["role"], person["login"])
    print(f"\n山东惠才卡已就绪: {base_url}\n", flush=True)
    for role, name, path in PAGES:
        login = f"  样例登录名 {logins[role]}" if role in logins else ""
        print(f"  {name}\t{base_url}{path}{login}")
    if caught_url:
        print(f"\n外发的邮件和短信(模拟): {caught_url}")
    print(f"\n账号、口令、客户端密钥见 {local_json};按 Ctrl-C 停止。\n", flush=True)
