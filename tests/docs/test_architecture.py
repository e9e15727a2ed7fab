"""The picture of the architecture shows the code as it is."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def architecture():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from _ext import architecture
    finally:
        sys.path.remove(str(ROOT / "docs"))
    return architecture


def test_the_picture_is_the_one_that_the_code_gives(architecture):
    assert architecture.PICTURE.read_text() == architecture.draw(), "draw it again: python docs/_ext/architecture.py"


def test_every_layer_and_room_of_the_contracts_is_in_the_picture(architecture):
    drawn = architecture.PICTURE.read_text()
    for container in ("affluence", "affluence_service"):
        for layer in architecture.layers_of(container):
            for name in layer.split(" | "):
                is_package = (ROOT / "src" / container / name).is_dir()
                assert f"{name}<" in drawn or f"{name}  ·" in drawn or not (is_package or container == "affluence"), (
                    name
                )
