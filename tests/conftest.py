"""Fixtures every layer shares."""

import gc
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# A law holds for all: fifteen other cases after every change look for the one it does not hold
# for, forty (`--hypothesis-profile thorough`) in the whole suite. No deadline: the first case pays
# for what is loaded once.
settings.register_profile("house", max_examples=15, deadline=None)
settings.register_profile("thorough", max_examples=40, deadline=None)
settings.load_profile("house")


gc.disable()


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not walk it again and again.

    A tenth of the unit layer's CPU; what a test leaves behind it, a rarer look finds as well.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


REPOSITORY = Path(__file__).resolve().parents[1]

SYLIUS_CLASSES = {
    "caps_cap": ("Cap", "Apparel & Accessories > Clothing Accessories > Hats"),
    "dresses_dress": ("Dress", "Apparel & Accessories > Clothing > Dresses"),
    "jeans_man_jeans": ("Men's Jeans", "Apparel & Accessories > Clothing > Pants"),
    "jeans_woman_jeans": ("Women's Jeans", "Apparel & Accessories > Clothing > Pants"),
    "t-shirts_man_t-shirt": ("Men's T-Shirt", "Apparel & Accessories > Clothing > Shirts & Tops"),
    "t-shirts_woman_t-shirt": (
        "Women's T-Shirt",
        "Apparel & Accessories > Clothing > Shirts & Tops",
    ),
}


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the project's own sample catalog."""
    return REPOSITORY / "assets" / "samples"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data folder beside the checkout; skips where it is absent."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return path


@pytest.fixture(scope="session")
def sylius_feed(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Google Merchant feed over photographs of worn apparel, pictures copied beside it."""
    folder = tmp_path_factory.mktemp("sylius")
    shutil.copytree(shared_data / "catalogs" / "sylius" / "images", folder / "images")
    feed = folder / "products.jsonl"
    lines = [_sylius_line(image) for image in sorted((folder / "images").glob("*.jpg"))]
    feed.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return feed


def _sylius_line(image: Path) -> dict[str, str]:
    group, number = image.stem.rsplit("_", 1)
    noun, category = SYLIUS_CLASSES[group]
    return {
        "id": f"sylius-{image.stem}",
        "title": f"{noun} {int(number)}",
        "brand": "Sylius",
        "google_product_category": category,
        "price": "29.00 EUR",
        "image_link": f"images/{image.name}",
    }
