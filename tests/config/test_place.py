from __future__ import annotations

from pathlib import Path

import pytest

from cost_mcp.config.place import system_zone


@pytest.mark.parametrize(
    ("tz", "expected"),
    [("Europe/Paris", "Europe/Paris"), (":America/New_York", "America/New_York"), ("Etc/UTC", "UTC"), ("CET-1CEST", None)],
)
def test_tz_names_the_zone_unless_it_is_a_rule(tmp_path: Path, tz: str, expected: str | None):
    assert system_zone({"TZ": tz}, root=tmp_path) == expected


def test_the_link_of_localtime_names_the_zone(tmp_path: Path):
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")

    assert system_zone({}, root=tmp_path) == "Asia/Tokyo"
    assert system_zone({"TZ": "not a zone"}, root=tmp_path) == "Asia/Tokyo"


def test_the_timezone_file_is_asked_last(tmp_path: Path):
    (tmp_path / "timezone").write_text("Africa/Lagos\n", encoding="utf-8")

    assert system_zone({}, root=tmp_path) == "Africa/Lagos"


def test_a_machine_that_says_nothing_has_no_zone(tmp_path: Path):
    assert system_zone({}, root=tmp_path) is None
