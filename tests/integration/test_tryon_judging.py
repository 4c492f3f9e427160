"""The try-on judge on a real try-on: shown as made, not shown with a fault, private things private."""

from pathlib import Path

import pytest

from assets.store import AssetStore
from assets.vault import Vault
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Outcome,
    Recipe,
    Score,
    TryonSpec,
)
from qa.gate import decide, load_policy
from qa.tryon import TryonJudge
from serving.bench.tryon_goods import FittingTable, Good, bare_product, coded
from serving.bench.tryon_plants import plant

RECIPE = Recipe(kind=Kind.TRYON, backend="b", model="", prompt="", seed=0, parameters="{}")


@pytest.fixture(scope="module")
def pictures(shared_data: Path) -> tuple[Path, Path]:
    person = shared_data / "people" / "images" / "ms05-black_main.jpg"
    return person, shared_data / "catalogs" / "saleor" / "images" / "saleor-team-tee-front.png"


@pytest.fixture(scope="module")
def good(pictures: tuple[Path, Path]) -> Good:
    person, garment = pictures
    return FittingTable().made(person, garment, kind=GarmentKind.UPPER, side_px=1024)


class Bench:
    """A judge with a store and a vault of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = AssetStore.open(str(folder / "store"))
        self.vault = Vault.open(folder / "vault", keys=folder / "keys")
        self.judge = TryonJudge(store=self.store, vault=self.vault)

    def scores(self, spec: TryonSpec, digest: str) -> list[Score]:
        product = bare_product("tee")
        brief = Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und")
        asset = Asset(role="tryon", digest=Digest(digest), media_type="image/jpeg", size_bytes=1)
        candidate = Candidate(recipe=RECIPE, assets=(asset,), seconds=0.0)
        return list(self.judge.score(brief, candidate))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("judge"))


def spec_of(bench: Bench, pictures: tuple[Path, Path], *, private: bool) -> TryonSpec:
    person, garment = (path.read_bytes() for path in pictures)
    named = bench.vault.admit(person, ttl_s=600) if private else bench.store.put(person)
    worn = Garment(
        kind=GarmentKind.UPPER, picture=Digest(bench.store.put(garment)), layer=1, sku="tee"
    )
    return TryonSpec(person=Digest(named), garments=(worn,), private=private)


def outcome(scores: list[Score]) -> tuple[Outcome, str]:
    verdict = decide(scores, kind="tryon", channel="web", policy=load_policy())
    return verdict.outcome, "; ".join(verdict.reasons)


def test_a_good_try_on_is_shown(bench: Bench, pictures: tuple[Path, Path], good: Good) -> None:
    spec = spec_of(bench, pictures, private=False)
    found, why = outcome(bench.scores(spec, bench.store.put(coded(good.rgb))))
    assert found is Outcome.ACCEPT, why


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        ("face_blur", "tryon.face"),
        ("background", "tryon.background"),
        ("hand_over", "tryon.hands"),
        ("residue_collar", "tryon.residue"),
        ("residue_rim", "tryon.collar"),
        ("colour", "tryon.colour"),
        ("print_turned", "tryon.print"),
        ("sleeve_long", "tryon.sleeves"),
        ("hem_waved", "tryon.hem_line"),
        ("halo", "tryon.halo"),
    ],
)
def test_a_planted_fault_is_found_by_its_own_metric_and_place(
    bench: Bench, pictures: tuple[Path, Path], good: Good, kind: str, metric: str
) -> None:
    spoilt = plant(good, kind=kind, strength="plain", seed=1)
    assert spoilt is not None, f"{kind} can't be planted in this result"
    spec = spec_of(bench, pictures, private=False)
    scores = bench.scores(spec, bench.store.put(coded(spoilt.rgb)))
    missed = {score.metric: score for score in scores if score.evidence}
    assert metric in missed, f"found by {sorted(missed)} only"
    item = missed[metric].evidence[0]
    assert item.asset == "tryon"
    assert item.number is not None
    assert item.threshold is not None
    x0, y0, x1, y1 = item.box or (0, 0, 0, 0)
    a0, b0, a1, b1 = spoilt.box
    assert min(x1, a1) >= max(x0, a0), "the evidence lies beside the fault"
    assert min(y1, b1) >= max(y0, b0), "the evidence lies above or below the fault"


def test_what_was_found_in_a_private_photo_lies_in_the_vault_and_goes_with_it(
    bench: Bench, pictures: tuple[Path, Path], good: Good
) -> None:
    spec = spec_of(bench, pictures, private=True)
    result = bench.vault.put(spec.person, "result", coded(good.rgb))
    first = bench.scores(spec, result)
    label = next(piece for piece in bench.vault.folder.rglob("*") if piece.is_file())
    assert first, "nothing was scored"
    assert label.parent.name == spec.person[:32]
    again = bench.scores(spec, result)
    values = [score.value for score in first]
    assert [score.value for score in again] == pytest.approx(values, rel=1e-3, abs=1e-3)
    bench.vault.forget(spec.person)
    assert all(score.value is None for score in bench.scores(spec, result))
