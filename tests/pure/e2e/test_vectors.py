import json
from pathlib import Path

from tests.pure.e2e.vectors import build, to_json

VECTORS = Path(__file__).parents[2] / "vectors" / "e2e.json"


def test_the_code_gives_the_published_vectors() -> None:
    published = json.loads(VECTORS.read_text(encoding="utf-8"))
    computed = json.loads(to_json(build()))
    assert computed.keys() == published.keys()
    for name, vectors in published.items():
        assert computed[name] == vectors, name
