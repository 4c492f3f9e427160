from pathlib import Path

import pytest

from content_engine.config import Settings, load_settings
from content_engine.errors import InvalidSettings


def test_environment_beats_file_and_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text("port = 9000\nlease_s = 5\n")
    settings = load_settings(file, environ={"CE_PORT": "9100", "HOME": "/nowhere"})
    assert (settings.port, settings.lease_s, settings.image_replicas) == (9100, 5.0, 2)


def test_unknown_key_refuses_to_start_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text("prot = 9000\n")
    with pytest.raises(InvalidSettings, match=r"'prot' in .*engine\.toml"):
        load_settings(file, environ={})
    with pytest.raises(InvalidSettings, match="'prot' in the environment"):
        load_settings(environ={"CE_PROT": "1"})


def test_bad_value_names_key_and_value() -> None:
    with pytest.raises(InvalidSettings, match=r"port.*'many'"):
        load_settings(environ={"CE_PORT": "many"})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.com"])
def test_other_than_loopback_is_refused(host: str) -> None:
    with pytest.raises(InvalidSettings, match="loopback"):
        Settings(host=host)


def test_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text("port = \n")
    with pytest.raises(InvalidSettings, match=r"engine\.toml"):
        load_settings(file, environ={})


def test_lists_come_from_the_environment_by_comma() -> None:
    settings = load_settings(environ={"CE_FETCH_ALLOW_NETWORKS": "10.0.0.0/8, 127.0.0.0/8"})
    assert settings.fetch_allow_networks == ("10.0.0.0/8", "127.0.0.0/8")
