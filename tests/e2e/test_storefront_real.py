"""A shopper's whole way with nothing stood in for: the fitting room, its judge, gate and vault."""

from pathlib import Path
from typing import Any

import pytest

from serving.app import gate
from tests.browser import launched
from tests.e2e.storefront_kit import TENANT, Storefront, opened_real
from tests.e2e.storefront_pages import PERSON, events, opened_room, sent, visited

pytestmark = pytest.mark.browser

MEAN_OF_CHEST = """
(image) => {
  const canvas = document.createElement("canvas");
  const [width, height] = [canvas.width = image.naturalWidth, canvas.height = image.naturalHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(width * 0.36, height * 0.6, width * 0.28, height * 0.1);
  return [0, 1, 2].map((channel) => data.filter((_, at) => at % 4 === channel).reduce((a, b) => a + b) / (data.length / 4));
}
"""


def reasons(front: Storefront) -> list[str]:
    """What the last try-on's attempts were judged by."""
    job = front.ledger.job_rows(TENANT, limit=1).items[0]
    found = front.ledger.attempts(job.id, TENANT)
    return [reason for attempt in found for reason in attempt.verdict.reasons]


def test_a_sample_person_wears_the_sample_tee(tmp_path: Path) -> None:
    with opened_real(tmp_path, verdict=gate()) as front, launched() as browser:
        page = visited(browser, f"{front.url}/storefront/?sku=SC-TEE-SOLA-BLU", size="phone")
        opened_room(page)
        sent(page, PERSON.with_name("person-b.jpg"))
        page.locator("[data-view=result], [data-view=refused]").wait_for(timeout=60_000)
        assert page.locator("[data-view=result]").count(), f"refused: {reasons(front)}"
        (done,) = events(page, "tryon-result")
        worn: dict[str, Any] = done["garments"][0]
        assert (worn["sku"], worn["kind"]) == ("SC-TEE-SOLA-BLU", "upper")
        assert done["report"], "what was measured comes with the answer"
        before, after = (
            page.locator(f".{each}").evaluate(MEAN_OF_CHEST) for each in ("before", "after")
        )
        assert after[2] - before[2] > 30, "the dark tee of the photo is the blue one of the shop"
        assert after[2] > after[1] > after[0]
        assert page.complaints == []
        page.context.close()
