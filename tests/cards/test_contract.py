import re
from pathlib import Path
from typing import Any

import pytest

from cards import cbor, qr, reasons, status
from cards.keys import KeySet

PAGE = Path(__file__).resolve().parents[3] / "shared" / "contract" / "card-token.md"


def test_7_25_every_reason_has_the_very_message_of_the_contract() -> None:
    table = PAGE.read_text("utf-8").split("7.25 ")[1].split("## 8")[0]
    rows = re.findall(r"^\| (`.*) \| (.*) \|$", table, re.MULTILINE)
    told = {code: said for codes, said in rows for code in re.findall(r"`([^`]+)`", codes)}
    assert told == reasons.MESSAGES
    assert reasons.RULES.keys() == told.keys() - {"number-not-usable"}


@pytest.mark.parametrize("header", [[], [1, 2], "abc", b"abc", 7, {}, {4: []}, {4: "x"}])
def test_8_3_no_header_of_another_shape_makes_a_reader_throw(header: Any) -> None:
    message = cbor.Tag(18, [cbor.encode(header), {}, b"\xa0", b""])
    with pytest.raises(status.NotAList):
        status.read_cwt(cbor.encode(message), keys=KeySet(), now=0)


def test_4_1_level_mask_and_quiet_zone_stand_in_the_code_itself() -> None:
    rows = qr.modules("HCK1:" + "A" * 306)
    edge = rows[:4] + rows[-4:] + [row[:4] + row[-4:] for row in rows]
    assert not any(any(row) for row in edge)
    bits = "".join(str(int(dark)) for dark in rows[4 + 8][4 : 4 + 5])
    told = int(bits, 2) ^ 0b10101
    assert (told >> 3, told & 7) == (0b00, 3)  # ISO 18004: 00 is level M
