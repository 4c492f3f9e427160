"""Fixtures every layer shares."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


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
