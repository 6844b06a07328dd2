"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepnb.whole import written_whole


@pytest.mark.parametrize("name", ["a.txt", "n" * 255, "é" * 127])
def test_a_file_is_the_old_one_until_it_is_whole(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("old")
    with pytest.raises(FileNotFoundError), written_whole(file) as part:
        part.with_name("nowhere").rename(part)
    assert file.read_text() == "old"
    with written_whole(file, durable=True) as part:
        part.write_text("new")
        assert (file.read_text(), part.suffix, part.name[0]) == ("old", ".part", ".")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
