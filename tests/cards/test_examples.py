"""docs/examples: a card is verified without us, in two languages, as the vectors say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cards.keys import jwks
from cards.reasons import RULES
from tests.cards.vectors import PUBLISHED, TOKENS

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BATCH = """
import { check } from "EXAMPLE";
import { readFileSync } from "node:fs";
const [jwks, tokens] = JSON.parse(readFileSync(0));
const told = {};
for (const each of tokens)
  told[each.name] = await check(each.token, jwks, each.now).then(() => null, (no) => no.message);
console.log(JSON.stringify(told));
"""
BEYOND = ("7.20", "7.21", "7.22")


def wanted() -> dict[str, str | None]:
    """The published reason of each vector, as far as keys alone can tell."""
    reasons = {name: vector["reason"] for name, vector in TOKENS.items()}
    return {n: None if r and RULES[r] in BEYOND else r for n, r in reasons.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": jwks(PUBLISHED)}))
    return tmp_path


def test_the_python_example_agrees_with_every_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import verify  # type: ignore[import-not-found]

    published = {"keys": jwks(PUBLISHED)}
    told: dict[str, str | None] = {}
    for name, vector in TOKENS.items():
        try:
            verify.check(vector["token"], published, vector["now"])
            told[name] = None
        except verify.Refused as refused:
            told[name] = str(refused)
    assert told == wanted()


def test_the_javascript_example_agrees_with_every_vector(folder: Path) -> None:
    script = folder / "all.mjs"
    script.write_text(BATCH.replace("EXAMPLE", (EXAMPLES / "verify.mjs").as_uri()))
    tokens = [{"name": n, "token": v["token"], "now": v["now"]} for n, v in TOKENS.items()]
    given = json.dumps([{"keys": jwks(PUBLISHED)}, tokens])
    done = subprocess.run([node(), script], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == wanted()


def node() -> str:
    found = shutil.which("node") or shutil.which("nodejs")
    assert found, "测试需要 nodejs: sudo apt-get install nodejs"
    return found


@pytest.mark.parametrize("name", ["live-full", "live-minimal"])
def test_both_are_used_from_the_command_line(name: str, folder: Path) -> None:
    vector = TOKENS[name]
    for command in ([sys.executable, EXAMPLES / "verify.py"], [node(), EXAMPLES / "verify.mjs"]):
        good = [*command, vector["token"], str(folder), str(vector["now"])]
        done = subprocess.run(good, capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, "valid"), done.stderr
        late = [*command, vector["token"], str(folder), str(vector["now"] + 3600)]
        done = subprocess.run(late, capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (1, "refused expired"), done.stderr
