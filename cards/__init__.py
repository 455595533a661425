"""The card as bytes: number, token, keys, status list, QR. Pure: no I/O, no clock."""
