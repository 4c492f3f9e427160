"""The bench of chat models, on a tiny one: every number is there and hangs together."""

from pathlib import Path

import pytest

from serving.bench.chat import measured
from tests import tiny_language


def test_a_chat_models_report_is_whole(tmp_path: Path) -> None:
    report = measured(tiny_language.qwen3(tmp_path / "tiny"), tokens=8)
    assert (report.model, report.device) == ("tiny", "cpu")
    assert [company.answers for company in report.together] == [1, 2, 4, 8, 16]
    eight = report.together[3]
    assert eight.over_alone == pytest.approx(eight.tokens_per_s / report.alone_tokens_per_s)
    assert eight.over_alone > 1.5, "eight answers together cost as much as eight alone"
    assert 1000 < report.shared_tokens < report.prompt_tokens < 2000
    assert report.kept_saves > 1.2, "a kept beginning saves nothing"
