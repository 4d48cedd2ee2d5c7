from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from engine import Engine
from settings import Settings
from tests.fakes import BrightDetector
from web.metrics import Metrics

DASHBOARD = json.loads((Path(__file__).parents[1] / "ops/grafana.json").read_text())
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")


def test_the_dashboard_asks_for_what_there_is() -> None:
    metrics = Metrics(Settings(_env_file=None), Engine(BrightDetector()))
    families = text_string_to_metric_families(metrics.render().decode())
    known = {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES}
    asked = {
        name
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\b((?:editscope|process)_\w+)", target["expr"])
    }
    assert len(asked) > 10
    assert asked <= known


def test_no_two_panels_overlap() -> None:
    cells = [
        (column, row)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24
