"""The vault: sealed on disk, readable by handle until its time, unreadable for ever after."""

import base64
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.errors import AssetMissing, StoreUnavailable
from assets.vault import Vault

PHOTO = b"a shopper's photo, byte for byte: " + bytes(range(256)) * 8


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault", keys=tmp_path / "keys")


def on_disk(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below the folders with its bytes, names of files and folders included."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            yield path, path.name.encode() + (path.read_bytes() if path.is_file() else b"")


def holds(folders: tuple[Path, ...], secret: bytes) -> list[Path]:
    """The files that hold the secret raw, in hexadecimal or in base64."""
    forms = (secret, secret.hex().encode(), base64.b64encode(secret)[:-4])
    return [path for path, content in on_disk(*folders) if any(form in content for form in forms)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(original=st.binary(max_size=400), piece=st.binary(max_size=400), label=st.text(max_size=40))
def test_what_was_put_comes_back(vault: Vault, original: bytes, piece: bytes, label: str) -> None:
    handle = vault.admit(original, ttl_s=60)
    named = vault.named(handle, label)
    assert not vault.has(named), "nothing was put under this label yet"
    assert vault.put(handle, label, piece) == named == vault.named(named, label)
    assert (vault.get(handle), vault.get(named)) == (original, piece)


def test_a_piece_of_the_same_label_is_replaced(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    first = vault.put(handle, "result", b"first")
    assert vault.put(handle, "result", b"second") == first
    assert vault.get(first) == b"second"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=st.one_of(st.text(max_size=80), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)))
def test_a_guessed_handle_opens_nothing(vault: Vault, wrong: str) -> None:
    vault.admit(PHOTO, ttl_s=60)
    assert not vault.has(wrong)
    with pytest.raises(AssetMissing):
        vault.get(wrong)
    with pytest.raises(AssetMissing):
        vault.named(wrong, "result")


def test_the_name_of_the_upload_alone_opens_nothing(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    guessed = handle[:32] + "0" * 32
    assert not vault.has(guessed)
    with pytest.raises(AssetMissing):
        vault.get(guessed)


def test_a_sealed_piece_opens_under_its_own_name_only(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    piece = vault.put(handle, "result", b"result")
    folder = vault.folder / handle[:32]
    (folder / piece[32:]).write_bytes((folder / handle[32:]).read_bytes())
    with pytest.raises(AssetMissing, match="changed on disk"):
        vault.get(piece)
    (folder / handle[32:]).write_bytes(b"short")
    with pytest.raises(AssetMissing, match="changed on disk"):
        vault.get(handle)


def test_nothing_on_disk_shows_the_photo(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    vault.put(handle, "body:1", PHOTO)
    folders = (vault.folder, vault.keys)
    for start in range(0, len(PHOTO) - 24, 24):
        assert not holds(folders, PHOTO[start : start + 24]), f"24 bytes from {start} in the clear"
    modes = {oct(path.stat().st_mode)[-3:] for path, _ in on_disk(*folders) if path.is_file()}
    assert modes == {"600"}
    assert {oct(path.stat().st_mode)[-3:] for path in folders} == {"700"}


def test_forgetting_leaves_neither_photo_nor_key_nor_name(vault: Vault) -> None:
    handle, other = vault.admit(PHOTO, ttl_s=60), vault.admit(b"another's", ttl_s=60)
    result = vault.put(handle, "result", b"the result")
    key = (vault.keys / handle[:32]).read_bytes()[8:]
    sealed = (vault.folder / handle[:32] / handle[32:]).read_bytes()
    folders = (vault.folder, vault.keys)
    assert holds((vault.keys,), key), "this test looks for the key in the right place"
    assert not holds((vault.folder,), key), "the key must never stand beside what it seals"

    vault.forget(result)

    for secret in (PHOTO[:32], key, sealed[12:60], bytes.fromhex(handle[:32])):
        assert not holds(folders, secret)
    for gone in (handle, result):
        assert not vault.has(gone)
        with pytest.raises(AssetMissing):
            vault.get(gone)
        with pytest.raises(AssetMissing):
            vault.put(gone, "late", b"late")
    assert vault.get(other) == b"another's"
    vault.forget(handle)


def test_a_copy_of_the_sealed_files_is_worth_nothing_without_the_key(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    place = vault.folder / handle[:32] / handle[32:]
    copy = place.read_bytes()
    vault.forget(handle)
    place.parent.mkdir()
    place.write_bytes(copy)
    with pytest.raises(AssetMissing):
        vault.get(handle)
    vault.sweep()
    assert not place.parent.exists(), "what has no key goes with the next sweep"


def test_an_upload_ends_with_its_time_and_not_with_the_sweep(tmp_path: Path) -> None:
    now = [1e9]
    vault = Vault(tmp_path / "vault", tmp_path / "keys", clock=lambda: now[0])
    handle, kept = vault.admit(PHOTO, ttl_s=30), vault.admit(PHOTO, ttl_s=60)
    now[0] += 29.9
    assert vault.get(handle) == PHOTO
    assert vault.expires_at(handle) < vault.expires_at(kept)
    now[0] += 0.1
    assert not vault.has(handle)
    for asked in (vault.get, vault.expires_at):
        with pytest.raises(AssetMissing):
            asked(handle)
    assert vault.sweep() == {handle[:32]}
    assert [path.name for path in vault.folder.iterdir()] == [kept[:32]]
    assert [path.name for path in vault.keys.iterdir()] == [kept[:32]]
    assert not vault.sweep()


def test_a_power_cut_erases_everything(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    for key in vault.keys.iterdir():  # what is in memory is gone
        key.unlink()
    vault.keys.rmdir()
    again = Vault.open(vault.folder, keys=vault.keys)
    assert not again.has(handle)
    again.sweep()
    assert not list(vault.folder.iterdir())
    assert again.get(again.admit(b"the next one", ttl_s=60)) == b"the next one"


def test_it_crosses_processes_as_its_folders(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    crossed = pickle.dumps(vault)
    assert pickle.loads(crossed).get(handle) == PHOTO
    assert (vault.keys / handle[:32]).read_bytes()[8:] not in crossed


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    vault = Vault.open(tmp_path / "file" / "vault", keys=tmp_path / "keys")
    with pytest.raises(StoreUnavailable, match="cannot keep uploads"):
        vault.admit(PHOTO, ttl_s=60)


def test_a_vault_that_ends_forgets_everything(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    vault.clear()
    assert not vault.has(handle)
    assert not vault.keys.exists()
    assert not list(vault.folder.iterdir())
    assert not vault.sweep()


def test_errors_name_no_upload(vault: Vault) -> None:
    handle = vault.admit(PHOTO, ttl_s=60)
    vault.forget(handle)
    with pytest.raises(AssetMissing) as raised:
        vault.get(handle)
    assert handle[:32] not in str(raised.value)
    assert raised.value.__suppress_context__, "a logged traceback would show the path"
