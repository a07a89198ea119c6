"""The JSON Schemas: as the models say, and named by every file, so that editors find them."""

import json
import re
from pathlib import Path

import pytest

from bot.content.json_schema import MODELS, written
from tests.support.planting import ROOT

FILES = sorted([*(ROOT / "flows").rglob("*.yaml"), *(ROOT / "messages").rglob("*.yaml")])


def test_the_schemas_on_disk_are_those_of_the_models() -> None:
    """When this fails, the models have changed: `make schemas` writes the files anew."""
    on_disk = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "schemas").glob("*.json")}
    assert on_disk == written()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_content_file_names_its_schema_in_its_first_line(file: Path) -> None:
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named is not None
    schema = (file.parent / named[1]).resolve()
    assert schema.is_file()
    assert schema.name.removesuffix(".schema.json") in MODELS


def test_every_key_is_described_for_editors() -> None:
    undescribed = [
        f"{name}: {part}.{key}"
        for name, text in written().items()
        for part, shape in json.loads(text).get("$defs", {}).items()
        for key, value in shape.get("properties", {}).items()
        if "description" not in value
    ]
    assert undescribed == []
