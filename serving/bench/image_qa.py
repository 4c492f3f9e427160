"""The image judge examined: real outputs of the image pipeline, and the same with planted faults.

    python -m serving.bench.image_qa --feed assets/samples/products.jsonl

Every photo of the feed is made into a packshot, a scene and a cut-out. Each of them carries every
kind of fault once, the strengths taking turns. A fault is found when the gate does not accept the
picture; a good picture that the gate does not accept is a false alarm.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from assets.fetch import Fetcher
from assets.media import Picture, decode_picture, encode_jpeg, encode_png
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import GenerationFailed
from content_engine.feeds import FeedItem, read_feed
from content_engine.ingest import ingest_photos
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Kind,
    Product,
    Recipe,
    Shot,
)
from qa.vision.lettering import Reader
from qa.vision.observed import Box
from qa.vision.register import align, features
from serving.app import gate, image_judge, image_maker
from serving.bench.image_goods import Good
from serving.bench.image_plants import PLANTS, STRENGTHS, plant
from serving.bench.image_report import ImageQaReport, Trial, print_report

CHANNEL = "web"
ASPECTS = {Shot.PACKSHOT: "1:1", Shot.SCENE: "4:5", Shot.CUTOUT: "1:1"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Made:
    """One photo's pictures as the pipeline gave them, by shot, with their briefs."""

    product: Product
    photo: int
    assets: dict[Shot, Asset]
    pictures: dict[Shot, Picture]

    def brief(self, shot: Shot) -> Brief:
        """The brief that the picture of that shot answers."""
        return _brief(self.product, photo=self.photo, shot=shot)


def run(
    feeds: Sequence[Path], *, limit: int | None = None, show: Path | None = None
) -> ImageQaReport:
    """What the judge found in the feeds' pictures, good and spoilt. Prints the tables.

    `limit` is the most photos of each feed. Pictures that were judged wrongly are written to the
    folder `show`, where one is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Settings(data_dir=Path(folder)), show)
        made = [item for feed in feeds for item in islice(bench.made(feed), limit)]
        trials: list[Trial] = []
        for index, item in enumerate(made):
            trials += bench.trials(made, index)
            done = f"{index + 1}/{len(made)}"
            print(f"{done} {item.product.sku} photo {item.photo}: {len(trials)} judged", flush=True)
    report = ImageQaReport(trials=tuple(trials))
    print_report(report)
    return report


class Bench:
    """Makes, spoils and judges pictures."""

    def __init__(self, settings: Settings, show: Path | None) -> None:
        self._store, self._show = AssetStore.open(settings.assets_url), show
        self._maker, self._judge = image_maker(settings), image_judge(settings)
        self._decide, self._reader = gate(), Reader()

    def made(self, feed: Path) -> Iterator[Made]:
        """The pictures of every photo of a feed that the pipeline can make pictures of."""
        fetcher = Fetcher(base_dir=feed.parent)
        for item in read_feed(feed):
            if isinstance(item, FeedItem):
                product = ingest_photos(item, fetcher=fetcher, store=self._store)
                for photo in range(len(product.photos)):
                    yield from self._made(product, photo)

    def trials(self, made: Sequence[Made], index: int) -> Iterator[Trial]:
        """The judgements on one photo's good pictures and on the same with faults."""
        item = made[index]
        for shot, asset in item.assets.items():
            trial = self._judged(item, shot, asset)
            self._keep(trial, item.pictures[shot])
            yield trial
            good = self._good(made, index, shot)
            if good is not None:
                yield from self._spoilt(item, good, turn=index)

    def _made(self, product: Product, photo: int) -> Iterator[Made]:
        assets: dict[Shot, Asset] = {}
        for shot in ASPECTS:
            recipe = next(iter(self._maker.plan(_brief(product, photo=photo, shot=shot))))
            try:
                assets[shot] = self._maker.generate(recipe).assets[0]
            except GenerationFailed as error:
                print(f"{product.sku} photo {photo} {shot}: not made: {error}")
                return
        pictures = {shot: decode_picture(self._store.get(a.digest)) for shot, a in assets.items()}
        yield Made(product=product, photo=photo, assets=assets, pictures=pictures)

    def _spoilt(self, item: Made, good: Good, *, turn: int) -> Iterator[Trial]:
        for number, kind in enumerate(PLANTS):
            strength = STRENGTHS[(turn + number) % len(STRENGTHS)]
            planted = plant(good, kind=kind, strength=strength, seed=turn)
            if planted is not None:
                asset = self._stored(planted.picture, item.assets[good.shot])
                trial = self._judged(item, good.shot, asset)
                trial = replace(trial, kind=kind, strength=strength, box=planted.box)
                self._keep(trial, planted.picture)
                yield trial

    def _judged(self, item: Made, shot: Shot, asset: Asset) -> Trial:
        brief = item.brief(shot)
        recipe = Recipe(
            kind=Kind.IMAGE, backend="bench", model="", prompt="", seed=0, parameters="{}"
        )
        candidate = Candidate(recipe=recipe, assets=(asset,), seconds=0.0)
        began = time.process_time()
        scores = tuple(self._judge.score(brief, candidate))
        cpu_s = time.process_time() - began
        verdict = self._decide(brief, scores)
        return Trial(
            item=f"{item.product.sku} photo {item.photo}",
            shot=shot,
            verdict=verdict,
            faults=tuple(fault for score in scores for fault in score.evidence),
            metrics=tuple(reason.split()[0].strip(":") for reason in verdict.reasons),
            values={score.metric: score.value for score in scores},
            cpu_s=cpu_s,
        )

    def _stored(self, picture: Picture, asset: Asset) -> Asset:
        """The spoilt picture in the store, coded like the good one."""
        data = encode_png(picture) if asset.media_type == "image/png" else encode_jpeg(picture)
        return replace(
            asset,
            digest=Digest(self._store.put(data)),
            size_bytes=len(data),
            width_px=picture.width_px,
            height_px=picture.height_px,
        )

    def _good(self, made: Sequence[Made], index: int, shot: Shot) -> Good | None:
        """The good picture and where its product is: the cut-out's alpha, found in the picture."""
        item, cutout = made[index], made[index].pictures[Shot.CUTOUT]
        alpha, picture = cutout.alpha, item.pictures[shot]
        if alpha is None:
            return None
        grey = _on_grey(cutout)
        size = (picture.width_px, picture.height_px)
        found = align(features(grey, alpha > 127), features(_on_grey(picture)))
        if found is None:
            return None
        mask = cv2.warpAffine(alpha, found.matrix, size, flags=cv2.INTER_LINEAR) > 127
        photo = decode_picture(self._store.get(item.product.photos[item.photo].digest))
        source = align(features(_on_grey(photo)), features(grey, alpha > 127))
        return Good(
            picture=picture,
            shot=shot,
            mask=mask,
            enlargement=found.scale * (source.scale if source else 1.0),
            sibling=made[(index + 1) % len(made)].pictures[Shot.CUTOUT],
            stranger=made[(index + len(made) // 2) % len(made)].pictures[Shot.CUTOUT],
            lines=self._reader.boxes(_on_grey(picture), within=mask),
        )

    def _keep(self, trial: Trial, picture: Picture) -> None:
        """Writes a picture that was judged wrongly, for a person to look at."""
        if self._show is None or trial.right:
            return
        self._show.mkdir(parents=True, exist_ok=True)
        small = cv2.resize(_on_grey(picture), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for box, colour in [(fault.box, (255, 0, 0)) for fault in trial.faults] + [
            (trial.box, (0, 160, 0))
        ]:
            if box is not None:
                _frame(small, box, colour)
        name = f"{trial.item} {trial.shot} {trial.kind} {trial.strength}".replace("/", "-")
        (self._show / f"{name.strip()}.png").write_bytes(encode_png(Picture(small)))


def _brief(product: Product, *, photo: int, shot: Shot) -> Brief:
    spec = ImageSpec(shot=shot, photo=photo, aspects=(ASPECTS[shot],))
    return Brief(kind=Kind.IMAGE, product=product, spec=spec, locale="und", channel=CHANNEL)


def _on_grey(picture: Picture) -> np.ndarray:
    if picture.alpha is None:
        return picture.rgb
    share = picture.alpha[..., None].astype(np.float32) / 255.0
    return np.rint(picture.rgb * share + 128.0 * (1.0 - share)).astype(np.uint8)


def _frame(image: np.ndarray, box: Box, colour: tuple[int, int, int]) -> None:
    height, width = image.shape[:2]
    corners = np.rint(np.array(box) * [width, height, width, height]).astype(int).tolist()
    cv2.rectangle(image, (corners[0], corners[1]), (corners[2], corners[3]), colour, 3)


def main() -> None:
    """Runs the examination from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--feed", type=Path, action="append", required=True)
    parser.add_argument("--limit", type=int, default=None, help="most photos of each feed")
    parser.add_argument("--show", type=Path, default=None, help="folder for what was judged wrong")
    chosen = parser.parse_args()
    run(chosen.feed, limit=chosen.limit, show=chosen.show)


if __name__ == "__main__":
    main()
