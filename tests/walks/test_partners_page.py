"""docs/partners.md followed to the letter, with a shell and curl, from an empty folder."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.walks.running import ROOT, Product

PAGE = ROOT / "docs" / "partners.md"


@pytest.fixture(scope="module")
def broker_url() -> str:
    """The embedded one: no message has a part in this walk."""
    return ""


def blocks() -> list[str]:
    """The page's commands, in order."""
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)


def test_a_partner_s_engineer_follows_the_page_with_curl_alone(
    product: Product, tmp_path: Path
) -> None:
    head = [f"BASE={product.base_url}", f"LOCAL={product.data / 'local.json'}", "set -e"]
    script = "\n".join([*head, *blocks(), 'echo "the end of $REQUEST"'])
    done = subprocess.run(
        ["bash"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"the end of [0-9a-f-]{36}", done.stdout)
    assert '"state":"completed"' in done.stdout
    assert "一件不漏" in done.stdout
    assert '"type":"hck.webhook.test.v1"' in done.stdout
    assert re.search(r"^v1,[A-Za-z0-9+/]{43}=$", done.stdout, re.M)
    assert '"access_token":"' in done.stdout  # by an assertion that openssl signed


def test_every_step_of_the_page_has_commands() -> None:
    steps = re.split(r"^## \d", PAGE.read_text(), flags=re.M)[1:]
    assert len(steps) == 10
    assert all("```sh" in step for step in steps)
