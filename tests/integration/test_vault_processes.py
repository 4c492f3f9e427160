"""The vault in several processes: what one forgets, none can read or write."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assets.errors import AssetMissing
from assets.vault import Vault

WRITER = """
import sys
from pathlib import Path
from assets.errors import AssetMissing
from assets.vault import Vault
vault = Vault.open(Path(sys.argv[1]), keys=Path(sys.argv[2]))
handle = sys.argv[3]
print(len(vault.get(handle)), flush=True)
written = 0
try:
    while True:
        vault.put(handle, f"piece {written % 7}", b"x" * 4096)
        written += 1
        if written == 20:
            print("busy", flush=True)
except AssetMissing:
    print("gone", flush=True)
"""


def test_what_one_process_forgets_no_other_reads_or_writes(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "vault", keys=tmp_path / "keys")
    handle = vault.admit(b"p" * 1000, ttl_s=60)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, vault.folder, vault.keys, handle],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "1000\n"
        assert writer.stdout.readline() == "busy\n"
    vault.forget(handle)
    for writer in writers:
        said, _ = writer.communicate(timeout=20)
        assert said == "gone\n"
    vault.sweep()
    assert not [*vault.folder.iterdir(), *vault.keys.iterdir()], "late writes left something"


def test_many_threads_admit_read_sweep_and_forget_at_once(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "vault", keys=tmp_path / "keys")

    def life(number: int) -> bool:
        data, short = str(number).encode() * 50, number % 3 == 0
        try:
            handle = vault.admit(data, ttl_s=0.001 if short else 60)
            vault.sweep()
            whole = vault.get(vault.put(handle, "result", data)) == data == vault.get(handle)
            vault.forget(handle)
        except AssetMissing:
            return short
        return whole and not vault.has(handle)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(life, range(200)))
    vault.sweep()
    assert not [*vault.folder.iterdir(), *vault.keys.iterdir()]
