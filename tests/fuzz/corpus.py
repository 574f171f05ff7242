"""The corpora: inputs that a fuzzer found to reach different code, one compressed file for each target.

A file is a JSON array of texts in which each character is one byte (Latin-1): `zcat FILE | python -m json.tool`.
"""

import gzip
import json
from collections.abc import Collection
from pathlib import Path

_DIRECTORY = Path(__file__).parent / "corpus"


def read(name: str) -> list[bytes]:
    """Return the corpus of a target; empty if there is none yet."""
    try:
        texts = json.loads(gzip.decompress(_file(name).read_bytes()))
    except FileNotFoundError:
        return []
    return [text.encode("latin-1") for text in texts]


def write(name: str, inputs: Collection[bytes]) -> None:
    """Replace the corpus of a target; the same inputs give the same file."""
    texts = [data.decode("latin-1") for data in sorted(inputs, key=lambda data: (len(data), data))]
    _DIRECTORY.mkdir(exist_ok=True)
    _file(name).write_bytes(gzip.compress(json.dumps(texts, indent=0).encode(), mtime=0))


def _file(name: str) -> Path:
    return _DIRECTORY / f"{name}.json.gz"
