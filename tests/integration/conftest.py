"""One Ray cluster a session: its replicas run makers and judges that do nothing."""

import warnings
from collections.abc import Iterator

import pytest

from content_engine.types import Kind
from serving.bench_noop import NoopMaker, noop_judges
from serving.deployments import INSPECTOR, Cluster, InspectorReplica, MakerReplica, Place


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster with a no-op maker for text and a no-op inspector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, at its import; ours stay errors
        running = started()
    yield running
    running.close()


def started() -> Cluster:
    return Cluster.start(
        (
            Place(
                name=Kind.TEXT.value, replica=MakerReplica, build=NoopMaker, replicas=1, cpus=0.1
            ),
            Place(
                name=INSPECTOR,
                replica=InspectorReplica,
                build=noop_judges,
                replicas=1,
                cpus=0.1,
                waiting=7,
            ),
        ),
        cpus=2,
    )
