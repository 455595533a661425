"""A file out of an npm package, fetched as a lock file would have it: one version, one digest."""

import base64
import hashlib
import io
import os
import tarfile
import tempfile
import urllib.request
from pathlib import Path

REGISTRY = "https://registry.npmjs.org"
KEPT = Path(tempfile.gettempdir()) / f"huicaika-npm-{os.getuid()}"
"""Beside the tests' other scratch; checked again each time it is read."""


def file_of(package: str, version: str, integrity: str, path: str) -> bytes:
    """The octets of `path` in an archive; raises ValueError where it is not the pinned one."""
    name = f"{package.rpartition('/')[2]}-{version}.tgz"
    kept = KEPT / name
    if not kept.exists():
        KEPT.mkdir(exist_ok=True)
        registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")
        address = f"{registry}/{package}/-/{name}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            fresh = kept.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(answer.read())
            fresh.rename(kept)
    archive = kept.read_bytes()
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if f"sha512-{found}" != integrity:
        kept.unlink()
        raise ValueError(f"{package} {version} is not the archive that was pinned")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        member = files.extractfile(f"package/{path}")
        assert member is not None
        return member.read()
