"""`content-engine keys new`: a key, and settings that know it by its hash alone."""

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from content_engine.config import load_settings
from content_engine.errors import InvalidSettings
from serving.cli import cli
from serving.keys import PREFIX, new_key


def test_what_it_prints_lets_the_shop_in(tmp_path: Path) -> None:
    pages = ["--origin", "https://shop.example", "--origin", "http://localhost:3000"]
    said = CliRunner().invoke(cli, ["keys", "new", "--shop", 'Ruth\'s "Best" Schuhe', *pages])
    assert said.exit_code == 0, said.output
    key = next(line for line in said.output.splitlines() if line.startswith(PREFIX))
    file = tmp_path / "engine.toml"
    file.write_text(said.output[said.output.index("[[shops]]") :], encoding="utf-8")
    (shop,) = load_settings(file, environ={}).shops
    assert shop.name == 'Ruth\'s "Best" Schuhe'
    assert shop.key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert shop.origins == ("https://shop.example", "http://localhost:3000")
    assert key not in file.read_text(encoding="utf-8")


def test_every_key_is_another_one() -> None:
    made = {new_key("s", origins=["https://a.example"]).key for _ in range(20)}
    assert len(made) == 20
    assert all(len(key) == len(PREFIX) + 43 for key in made)


def test_an_origin_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="without a path"):
        new_key("s", origins=["https://shop.example/"])
