"""The copy of the sample catalog, as people last read and approved it.

After a wanted change read the difference, then write the file anew:
`python -m pipelines.language.preview assets/samples/products.jsonl --locale de > tests/golden/text/samples.de.txt`
"""

from pathlib import Path

import pytest

from content_engine.channels import channel
from pipelines.language.preview import products, readable
from pipelines.language.realiser import Realiser

GOLDEN = sorted(Path(__file__).parent.glob("samples.*.txt"))


@pytest.fixture(scope="module")
def realiser() -> Realiser:
    return Realiser.load()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_samples_read_as_approved(path: Path, realiser: Realiser, samples: Path) -> None:
    locale, limits = path.stem.partition(".")[2], channel("web").text
    texts = [
        readable(item, realiser.write(item, locale=locale, voice="plain", limits=limits, seed=0))
        for item in products(samples / "products.jsonl")
    ]
    assert "".join(texts) == path.read_text(encoding="utf-8")
