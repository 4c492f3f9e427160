"""The house rules, read from the code itself: arrows, sizes, docstrings, what importing does."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import median

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
ROOMS = ("content_engine", "assets", "pipelines", "qa", "serving")
BELOW = {
    "assets": {"assets"},
    "content_engine": {"content_engine", "assets"},
    "pipelines": {"pipelines", "content_engine", "assets"},
    "qa": {"qa", "content_engine", "assets"},
    "serving": set(ROOMS),
}
HEAVY = ("torch", "ray", "onnxruntime", "transformers", "diffusers", "rapidocr", "lingua", "ncnn")
ONE_SUBJECT = {"content_engine/types.py"}  # the noun file: split, nobody could read it in one go

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> tuple[tuple[str, ast.Module, str], ...]:
    paths = (path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py")))
    texts = ((path, path.read_text(encoding="utf-8")) for path in paths)
    return tuple(
        (path.relative_to(REPOSITORY).as_posix(), ast.parse(text), text) for path, text in texts
    )


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in nodes(tree) if isinstance(node, Function))


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def imported_roots(tree: ast.Module) -> Iterator[str]:
    """Roots of every import, those inside functions and under TYPE_CHECKING included."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_arrows_run_one_way_down() -> None:
    wrong = [
        f"{name} imports {root}"
        for name, tree, _ in sources()
        for root in imported_roots(tree)
        if root in ROOMS and root not in BELOW[name.split("/")[0]]
    ]
    assert not wrong, "imports against the arrows of ARCHITECTURE.md:\n" + "\n".join(wrong)


def test_import_linter_agrees() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_importing_every_module_loads_nothing_heavy() -> None:
    names = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name, _, _ in sources()
        if not name.startswith("serving/")
    ]
    program = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout.splitlines()[-1]) == [], "loaded by a mere import"


def test_only_serving_knows_ray_and_http() -> None:
    banned = {"ray", "fastapi", "starlette", "uvicorn"}
    wrong = [
        f"{name} imports {root}"
        for name, tree, _ in sources()
        for root in imported_roots(tree)
        if root in banned and not name.startswith("serving/")
    ]
    assert not wrong, wrong


def test_files_hold_one_thing() -> None:
    sizes = {name: text.count("\n") for name, _, text in sources() if name not in ONE_SUBJECT}
    long = [f"{name}: {lines}" for name, lines in sizes.items() if lines > 300]
    assert not long, "files over 300 lines:\n" + "\n".join(long)


def test_functions_are_short() -> None:
    lengths = [
        (length(f), f"{name}:{f.lineno} {f.name}") for name, t, _ in sources() for f in functions(t)
    ]
    long = [f"{n} {where}" for n, where in sorted(lengths, reverse=True) if n > 40]
    assert not long, "functions over 40 lines:\n" + "\n".join(long)
    assert median(n for n, _ in lengths) <= 10


def test_signatures_take_no_bags() -> None:
    wrong = [
        f"{name}:{f.lineno} {f.name}(**{f.args.kwarg.arg})"
        for name, tree, _ in sources()
        for f in functions(tree)
        if f.args.kwarg is not None
    ]
    assert not wrong, wrong


def test_broad_excepts_stand_in_two_places_only() -> None:
    found = [
        name
        for name, tree, _ in sources()
        for node in nodes(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert len(found) <= 2, f"allowed: the dispatcher and the HTTP error handler; found {found}"
    assert all(name.startswith("serving/") for name in found), found


def test_the_environment_is_read_in_config_only() -> None:
    # narrow.py writes what Ray and its workers read from nowhere else.
    allowed = {"content_engine/config.py", "serving/narrow.py"}
    reads = re.compile(r"\bos\.(environ|getenv)\b|from os import (environ|getenv)")
    wrong = [name for name, _, text in sources() if reads.search(text) and name not in allowed]
    assert not wrong, f"read settings through content_engine.config, not the environment: {wrong}"


def test_public_names_are_documented() -> None:
    bare = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree, _ in sources()
        for node in tree.body
        if isinstance(node, (*Function.__args__, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not bare, "public names without a docstring:\n" + "\n".join(bare)


@pytest.mark.parametrize("room", ROOMS)
def test_no_installed_package_shadows_a_room(room: str) -> None:
    owners = set(packages_distributions().get(room, [])) - {"content-engine"}
    assert not owners, f"{room} is also shipped by {owners}"


def test_the_tree_names_no_machine_and_no_registry() -> None:
    pattern = re.compile(
        "|".join((r"python" + r"hosted", r"pypi" + r"\.org", r"/wor" + r"k/", r"/roo" + r"t/"))
    )
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = [
        name
        for name in listed
        if Path(name).suffix in {".py", ".md", ".toml", ".txt", ".sql", ".html", ""}
    ]
    wrong = [
        name
        for name in texts
        if pattern.search((REPOSITORY / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert not wrong, f"registry hosts or paths of one machine in {wrong}"


def test_every_rung_of_a_repair_ladder_answers_a_metric_that_the_gate_has() -> None:
    from pipelines import image_repair, video_repair
    from qa.gate import load_policy

    known = {metric for metric, _ in load_policy().bounds}
    asked = {
        metric
        for ladder in (image_repair.LADDER, video_repair.LADDER)
        for rung in ladder
        for metric in rung.metrics
    }
    assert asked <= known, f"no judge will ever name {sorted(asked - known)}"
