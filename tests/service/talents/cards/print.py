"""The code on a card's face, read from the picture as any phone reads it."""

import io

import zxingcpp
from PIL import Image

from cards import token
from tests.city import City, Someone

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read(png: bytes) -> str:
    """The text of the code in a picture."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"), formats=QR)
    return str(found.text)


async def card_of(holder: Someone) -> str:
    """The path of somebody's card."""
    return f"/v1/cards/{(await holder.get('/v1/me/card')).json()['id']}"


async def address(city: City, region: str = "370100") -> str:
    """The address that is printed on the card of a city's sample holder."""
    holder = await city.person("talent", region=region)
    face = await holder.get(f"{await card_of(holder)}/face.png")
    assert face.status_code == 200, face.text
    return read(face.content)


async def printed(city: City, region: str = "370100") -> str:
    """The token in it."""
    text = token.from_url(await address(city, region))
    assert text is not None
    return text
