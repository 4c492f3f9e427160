"""One Ray cluster a session: its replicas run makers that do nothing, fail, dawdle or paint."""

import sys
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from content_engine.types import Kind
from serving.deployments import INSPECTOR, Cluster, InspectorReplica, MakerReplica, Place

sys.path.insert(0, str(Path(__file__).parent))
import loop_kit
import moody
import tryon_kit


@pytest.fixture(scope="session")
def boutique_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cluster's painting maker finds its store and vault."""
    return tmp_path_factory.mktemp("boutique")


@pytest.fixture(scope="session")
def cluster(boutique_folder: Path) -> Iterator[Cluster]:
    """A running cluster: a maker of text that fails when told to, one that paints, a loop, an inspector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, at its import; ours stay errors
        running = started(boutique_folder)
    yield running
    running.close()


def started(folder: Path) -> Cluster:
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(loop_kit)
    cloudpickle.register_pickle_by_value(moody)
    cloudpickle.register_pickle_by_value(tryon_kit)
    painter = Place(
        name=Kind.TRYON.value,
        replica=MakerReplica,
        build=partial(tryon_kit.painting_maker, folder),
        waiting=15,
        replicas=1,
        cpus=0.1,
    )
    maker = Place(
        name=Kind.TEXT.value,
        replica=MakerReplica,
        build=partial(moody.traced_maker, folder / "spans"),
        replicas=1,
        cpus=0.1,
    )
    inspector = Place(
        name=INSPECTOR,
        replica=InspectorReplica,
        build=tryon_kit.judges,
        replicas=1,
        cpus=0.1,
        waiting=7,
    )
    device = Place(
        name="device",
        replica=loop_kit.CountingReplica,
        build=partial(loop_kit.CountingMaker, folder / "device"),
        replicas=1,
        cpus=0.1,
        waiting=255,
        check_every_s=0.5,
    )
    return Cluster.start((maker, painter, inspector, device), cpus=2)
