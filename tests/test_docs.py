"""What README and ARCHITECTURE name exists: files, functions, commands."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from serving.cli import cli

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "docs/bulk.md",
    "docs/doors.md",
    "docs/generative.md",
    "docs/operating.md",
    "docs/tryon.md",
    "docs/video-judge.md",
    "pipelines/language/LOCALES.md",
)
NAMED_PLACE = re.compile(
    r"`((?:content_engine|assets|pipelines|qa|serving|tests)/[\w./<>*-]*)(?::([\w.]+))?"
)
COMMAND = re.compile(r"content-engine ([a-z]+)(?: ([a-z]+-qa))?")


def named_places() -> list[tuple[str, str, str]]:
    return [
        (document, path, name)
        for document in DOCUMENTS
        for path, name in NAMED_PLACE.findall((REPOSITORY / document).read_text("utf-8"))
        if "<" not in path and "*" not in path
    ]


@pytest.mark.parametrize(("document", "path", "name"), named_places())
def test_every_named_place_exists(document: str, path: str, name: str) -> None:
    place = REPOSITORY / path
    assert place.exists(), f"{document} names {path}, which does not exist"
    if not name:
        return
    source = place / "__init__.py" if place.is_dir() else place
    text = source.read_text("utf-8")
    for part in name.split("."):
        assert re.search(rf"\b(class|def) {part}\b", text), f"{document}: no {name} in {path}"


def commands() -> set[tuple[str, str]]:
    text = "".join((REPOSITORY / document).read_text("utf-8") for document in DOCUMENTS)
    return set(COMMAND.findall(text + (REPOSITORY / "Makefile").read_text("utf-8")))


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_named_command_exists(command: tuple[str, str]) -> None:
    words = [word for word in command if word]
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0, f"the documents name `content-engine {' '.join(words)}`"
