"""Try-ons end to end through a real vault and store: pictures, previews, and nothing left behind."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assets.media import decode_picture
from assets.provenance import Signer, read_manifest
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.errors import GenerationFailed, InvalidBrief, Refused, Stopped
from content_engine.review import Regenerate, Replace
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Outcome,
    Product,
    Recipe,
    TryonSpec,
    Verdict,
)
from pipelines.studio.fitting.backend import FittingBackend
from pipelines.studio.fitting.order import FittingOrder
from pipelines.tryon import TryonPipeline

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
PERSON = (SAMPLES / "people" / "person-a.jpg").read_bytes()
TEE = (SAMPLES / "tshirt-main.jpg").read_bytes()
PRODUCT = Product(sku="tee", title="Tee", brand="", category=(), facts=(), photos=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The pipeline with its store and vault, both in `folder`."""

    folder: Path
    store: AssetStore
    vault: Vault
    maker: TryonPipeline

    def brief(self, *, private: bool, person: bytes = PERSON) -> Brief:
        where = self.vault.admit(person, ttl_s=600) if private else self.store.put(person)
        worn = Garment(
            kind=GarmentKind.UPPER, picture=Digest(self.store.put(TEE)), layer=1, sku="tee"
        )
        spec = TryonSpec(
            person=Digest(where), garments=(worn,), longer_side_px=768, private=private
        )
        return Brief(kind=Kind.TRYON, product=PRODUCT, spec=spec, locale="und")

    def recipe(self, *, private: bool) -> Recipe:
        return next(iter(self.maker.plan(self.brief(private=private))))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder = tmp_path_factory.mktemp("room")
    store = AssetStore.open(str(folder / "store"))
    vault = Vault.open(folder / "vault", keys=folder / "keys")
    signer = Signer.open(folder / "signing")
    maker = TryonPipeline(store=store, vault=vault, signer=signer, backend=FittingBackend())
    return Room(folder=folder, store=store, vault=vault, maker=maker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A shopper's try-on and what was in the store before it."""

    recipe: Recipe
    candidate: Candidate
    stored_before: frozenset[str]


@pytest.fixture(scope="module")
def shopper(room: Room) -> Tried:
    recipe = room.recipe(private=True)
    before = frozenset(files(room.folder / "store"))
    return Tried(recipe=recipe, candidate=room.maker.generate(recipe), stored_before=before)


def files(folder: Path) -> Iterator[str]:
    return (str(path) for path in folder.rglob("*") if path.is_file())


def pixels(data: bytes) -> np.ndarray:
    return decode_picture(data).rgb.astype(float)


def test_a_shopper_gets_a_signed_picture_of_themselves_in_the_garment(
    room: Room, shopper: Tried
) -> None:
    (asset,) = shopper.candidate.assets
    data = room.vault.get(asset.digest)
    assert (asset.role, asset.media_type, max(asset.width_px, asset.height_px)) == (
        "tryon",
        "image/jpeg",
        768,
    )
    photo = Image.open(io.BytesIO(PERSON)).resize((asset.width_px, asset.height_px))
    apart = np.abs(pixels(data) - np.asarray(photo, float)).max(axis=2) > 25
    height, width = apart.shape
    assert apart[: height // 8].mean() < 0.02, "the head's surroundings were changed"
    trunk = apart[height // 3 : height // 2, width // 3 : 2 * width // 3]
    assert trunk.mean() > 0.3, "the trunk looks as it did: nothing was put on"


def test_its_credentials_name_the_garment_and_do_not_hold_the_photo(
    room: Room, shopper: Tried
) -> None:
    data = room.vault.get(shopper.candidate.assets[0].digest)
    manifest = read_manifest(data, "image/jpeg")
    assert manifest is not None
    told = json.dumps(manifest)
    assert "garment tee" in told
    assert "shopper's photo" in told
    active = manifest["manifests"][manifest["active_manifest"]]
    titles = [item["title"] for item in active["ingredients"]]
    assert titles == ["garment tee"]
    assert "thumbnail" not in told


def test_nothing_of_a_shopper_is_left_outside_the_vault(room: Room, shopper: Tried) -> None:
    assert frozenset(files(room.folder / "store")) == shopper.stored_before
    start = PERSON[200:264]
    inside = [path for path in files(room.folder) if start in Path(path).read_bytes()]
    assert not inside, "bytes of the photo lie in the clear"
    notes = json.dumps(shopper.candidate.notes)
    assert shopper.recipe.ingredients[0].digest not in notes


def test_a_preview_and_the_body_are_kept_with_the_upload_and_vanish_with_it(room: Room) -> None:
    recipe = room.recipe(private=True)
    upload = recipe.ingredients[0].digest
    asset = room.maker.generate(recipe).assets[0]
    preview = room.vault.get(room.vault.named(upload, f"preview:{recipe.digest}"))
    assert max(pixels(preview).shape) <= 384
    room.vault.forget(upload)
    assert not room.vault.has(asset.digest)
    with pytest.raises(GenerationFailed, match="gone"):
        room.maker.generate(recipe)


def test_the_second_look_at_a_body_gives_the_same_pixels(room: Room, shopper: Tried) -> None:
    first = pixels(room.vault.get(shopper.candidate.assets[0].digest))
    again = room.maker.generate(shopper.recipe)
    assert np.array_equal(first, pixels(room.vault.get(again.assets[0].digest)))
    assert again.notes == shopper.candidate.notes


def test_a_report_tells_what_was_measured(shopper: Tried) -> None:
    note = next(each for each in shopper.candidate.notes if each.startswith("report: "))
    report = json.loads(note.removeprefix("report: "))
    assert report["garments"][0]["kind"] == "upper"
    assert report["composed"]["made.background"] >= 0


def test_nobody_wanting_it_stops_the_work_between_two_steps(room: Room) -> None:
    calls = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        room.maker.generate(room.recipe(private=True), stop=stop)
    assert len(calls) == 3


def test_a_photo_without_a_person_is_refused_in_a_shoppers_words(room: Room) -> None:
    mug = (SAMPLES / "mug-main.jpg").read_bytes()
    recipe = next(iter(room.maker.plan(room.brief(private=True, person=mug))))
    with pytest.raises(Refused) as told:
        room.maker.generate(recipe)
    assert told.value.reason == "no-person"


def attempt(candidate: Candidate, *reasons: str) -> Attempt:
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=reasons)
    return Attempt(candidate=candidate, scores=(), verdict=verdict)


def test_a_models_picture_is_stored_repaired_and_corrected(room: Room) -> None:
    brief = room.brief(private=False)
    recipe = next(iter(room.maker.plan(brief)))
    candidate = room.maker.generate(recipe)
    assert room.store.has(candidate.assets[0].digest)
    rung = room.maker.repair(brief, attempt(candidate, "tryon.colour 4.1 is above 3"))
    assert rung is not None
    assert FittingOrder.of(rung).carried_light < FittingOrder.of(recipe).carried_light
    wished = Regenerate(seed=1, parameters='{"carried_light": 0}')
    corrected = room.maker.correct(brief, attempt(candidate), wished)
    assert FittingOrder.of(corrected).carried_light == 0
    upload = Digest(room.store.put(PERSON))
    replaced = room.maker.correct(
        brief, attempt(candidate), Replace(digest=upload, media_type="image/jpeg")
    )
    made = room.maker.generate(replaced)
    assert room.store.has(made.assets[0].digest)


@pytest.mark.parametrize(
    "ordered",
    [lambda: Regenerate(seed=1), lambda: Replace(digest=Digest("0" * 64), media_type="image/jpeg")],
)
def test_what_cannot_be_corrected_says_why(
    room: Room, shopper: Tried, ordered: Callable[[], Regenerate | Replace]
) -> None:
    private = room.brief(private=True)
    with pytest.raises(InvalidBrief, match="nobody else"):
        room.maker.correct(private, attempt(shopper.candidate), ordered())
    with pytest.raises(InvalidBrief):
        room.maker.correct(room.brief(private=False), attempt(shopper.candidate), ordered())
