"""What the commands write: a file of somebody else's is never lost."""

from pathlib import Path

import pytest
from PIL import Image

from bot.cli.outputs import marked, not_ours
from bot.cli.rendering import render
from tests.support.command_line import afterword, err
from tests.support.small import small

FLOW = "after_interview"


@pytest.mark.parametrize("command", [["draw", "small", "-o"], ["atlas", "--out"]], ids=["draw", "atlas"])
def test_only_an_earlier_output_is_written_over(tmp_path: Path, command: list[str]) -> None:
    content = str(small(tmp_path / "content"))
    file = tmp_path / ("flow.dot" if command[0] == "draw" else "atlas.html")
    file.write_text("digraph { mine }")
    done = afterword(*command, str(file), "--content", content)
    assert done.returncode == 1
    assert f"{file} was not made by Afterword and is left as it is. Name another file, or add --force." in err(done)
    assert file.read_text() == "digraph { mine }"
    assert afterword(*command, str(file), "--content", content, "--force").returncode == 0
    first = file.read_bytes()
    assert afterword(*command, str(file), "--content", content).returncode == 0
    assert file.read_bytes() == first


def test_of_several_parts_none_is_written_where_one_would_be_lost(tmp_path: Path) -> None:
    (tmp_path / "flow-2.mmd").write_text("mine")
    done = afterword("draw", FLOW, "--parts", "--output", str(tmp_path / "flow.mmd"))
    assert (done.returncode, [file.name for file in tmp_path.iterdir()]) == (1, ["flow-2.mmd"])
    assert "flow-2.mmd was not made by Afterword" in err(done)


def test_parts_without_a_file_are_told_so() -> None:
    done = afterword("draw", FLOW, "--parts")
    assert done.returncode == 1
    assert f"Name them with -o: afterword draw {FLOW} --parts -o {FLOW}.png" in err(done)


def test_the_mark_is_found_and_leaves_every_form_a_picture(tmp_path: Path) -> None:
    dot = "digraph { a -> b }"
    for form, made in {".svg": render(dot, "svg"), ".png": render(dot, "png"), ".dot": dot.encode()}.items():
        ours, others = tmp_path / f"ours{form}", tmp_path / f"others{form}"
        ours.write_bytes(marked(made, form))
        others.write_bytes(made)
        assert not_ours([ours, others, tmp_path / "none"]) == [others], form
    assert render((tmp_path / "ours.dot").read_text(), "svg") == render(dot, "svg")
    with Image.open(tmp_path / "ours.png") as png:
        png.load()
        assert png.info["Software"] == "made by afterword"
