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


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("localhost", True), ("::", False), ("a.example", False)],
)
def test_settings_know_whether_others_can_reach_the_door(host: str, near: bool) -> None:
    assert Settings(host=host).is_loopback is near


def test_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text("port = \n")
    with pytest.raises(InvalidSettings, match=r"engine\.toml"):
        load_settings(file, environ={})


def test_lists_come_from_the_environment_by_comma() -> None:
    settings = load_settings(environ={"CE_FETCH_ALLOW_NETWORKS": "10.0.0.0/8, 127.0.0.0/8"})
    assert settings.fetch_allow_networks == ("10.0.0.0/8", "127.0.0.0/8")


SHOP = """
[[shops]]
name = "shoes"
key_sha256 = "KEY"
origins = ["https://shop.example", "http://localhost:3000"]
photo_ttl_s = 300
""".replace("KEY", "a" * 64)


def test_shops_stand_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(SHOP)
    (shop,) = load_settings(file, environ={}).shops
    assert (shop.name, shop.photo_ttl_s, shop.cache_results) == ("shoes", 300, False)
    assert shop.origins == ("https://shop.example", "http://localhost:3000")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SHOP.replace("origins", "origin"), r"'origin' in \[\[shops\]\] of .*engine\.toml"),
        (SHOP.replace("aaaa", "key!"), "64 hex digits"),
        (SHOP.replace("shop.example", "shop.example/cart"), "without a path"),
        (SHOP + "tryons_per_minute = 0\n", "1 or more"),
        (SHOP + SHOP, "two shops have the same name: shoes"),
    ],
)
def test_a_shop_that_cannot_work_refuses_to_start(tmp_path: Path, wrong: str, said: str) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(wrong)
    with pytest.raises(InvalidSettings, match=said):
        load_settings(file, environ={})


def test_keys_of_uploads_stand_in_memory_and_apart_for_each_engine(tmp_path: Path) -> None:
    one, other = (Settings(data_dir=tmp_path / name).vault_keys_path for name in "ab")
    assert one != other
    assert not one.is_relative_to(tmp_path), "a key must never stand on the disk of its photo"
