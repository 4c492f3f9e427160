"""One Ray cluster a session: its replicas run makers and judges that do nothing, or fail."""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from content_engine.types import Kind
from serving.bench.noop import noop_judges
from serving.deployments import INSPECTOR, Cluster, InspectorReplica, MakerReplica, Place

sys.path.insert(0, str(Path(__file__).parent))
import moody


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster with a maker for text that fails when told to, and an inspector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, at its import; ours stay errors
        running = started()
    yield running
    running.close()


def started() -> Cluster:
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(moody)
    maker = Place(
        name=Kind.TEXT.value, replica=MakerReplica, build=moody.MoodyMaker, replicas=1, cpus=0.1
    )
    inspector = Place(
        name=INSPECTOR, replica=InspectorReplica, build=noop_judges, replicas=1, cpus=0.1, waiting=7
    )
    return Cluster.start((maker, inspector), cpus=2)
