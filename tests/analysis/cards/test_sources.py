"""Where files come from: paths beside the card, lists, several sources, and plug-ins with a cache."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

import pytest

from hepnb.analysis.cards import Card, register_source, sources
from hepnb.errors import CardError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "_registered", {})


def files(folder: FilePath, said: str, **options: object) -> list[str]:
    """The files of a dataset with this source, as they are seen from the card's folder."""
    text = f"hepnb: 1\ndatasets:\n  a: {{{said}}}\n"
    card = Card(text.encode(), folder / "card.yaml", **options)  # type: ignore[arg-type]
    return [file.removeprefix(f"{folder}/") for file in card.datasets[0].files]


def test_paths_begin_at_the_folder_of_the_card(tmp_path: FilePath) -> None:
    (tmp_path / "more").mkdir()
    for name in ("a.root", "b.root", "more/c.root", "more/d.root", "x[1].root"):
        (tmp_path / name).touch()
    assert files(tmp_path, "files: a.root") == ["a.root"]
    assert files(tmp_path, "files: 'file:x[1].root'") == ["x[1].root"]
    assert files(tmp_path, "files: 'glob:?.root'") == ["a.root", "b.root"]
    assert files(tmp_path, "files: more") == ["more/c.root", "more/d.root"]
    assert files(tmp_path, "files: [more/*.root, a.root]") == [
        "more/c.root",
        "more/d.root",
        "a.root",
    ]
    assert files(tmp_path, "files: 'a.root:Events'") == ["a.root"]
    assert files(tmp_path, f"files: {tmp_path}/b.root") == ["b.root"]
    assert files(tmp_path, "files: 'root://eos.example.org//a.root'") == [
        "root://eos.example.org//a.root"
    ]
    assert files(tmp_path, "files: 'https://example.org/a.root'") == ["https://example.org/a.root"]
    assert files(tmp_path, "files: 'HTTPS://example.org/a.root'") == ["HTTPS://example.org/a.root"]


def test_paths_of_a_list_begin_at_its_folder(tmp_path: FilePath) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "tt.txt").write_text(
        "# all of it\na.root   # the first\n\n../b.root\nfile:c.root\nhttps://example.org/d.root\n"
    )
    expected = ["lists/a.root", "lists/../b.root", "lists/c.root", "https://example.org/d.root"]
    assert files(tmp_path, "files: 'list:lists/tt.txt'") == expected
    (tmp_path / "lists" / "tt.txt").write_text("# nothing\n")
    with pytest.raises(CardError, match=r"card\.yaml:3:14: .* lists no file"):
        files(tmp_path, "files: 'list:lists/tt.txt'")
    (tmp_path / "lists" / "tt.txt").write_bytes(b"\xff")
    with pytest.raises(CardError, match="not UTF-8"):
        files(tmp_path, "files: 'list:lists/tt.txt'")


def test_one_of_several_sources_is_chosen(tmp_path: FilePath) -> None:
    several = "sources: {skim: 'https://x.org/s.root', full: 'https://x.org/f.root'}"
    assert files(tmp_path, several, source="full") == ["https://x.org/f.root"]
    assert files(tmp_path, "sources: {only: 'https://x.org/o.root'}") == ["https://x.org/o.root"]
    assert files(tmp_path, "files: 'https://x.org/a.root'", source="full") == [
        "https://x.org/a.root"
    ]
    with pytest.raises(CardError, match=r"card\.yaml:3:16: .*say which"):
        files(tmp_path, several)
    with pytest.raises(CardError, match="no source 'ful'; did you mean 'full'"):
        files(tmp_path, several, source="ful")
    text = f"hepnb: 1\nsource: skim\ndatasets: {{a: {{{several}}}}}\n".encode()
    assert Card(text).datasets[0].files == ("https://x.org/s.root",)
    assert Card(text, source="full").datasets[0].files == ("https://x.org/f.root",)


def test_another_redirector_is_another_question(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(name: str) -> list[str]:
        return [f"{os.environ.get('HEPNB_XROOTD', 'root://one.org')}/{name}"]

    register_source("redirected", answer)
    assert files(tmp_path, "files: 'redirected:a'") == ["root://one.org/a"]
    monkeypatch.setenv("HEPNB_XROOTD", "root://two.org")
    assert files(tmp_path, "files: 'redirected:a'") == ["root://two.org/a"]
    monkeypatch.delenv("HEPNB_XROOTD")
    monkeypatch.setenv("HEPNB_OFFLINE", "1")
    assert files(tmp_path, "files: 'redirected:a'") == ["root://one.org/a"]


def test_a_plug_in_answers_once_and_then_the_cache(tmp_path: FilePath) -> None:
    asked: list[str] = []

    def catalogue(name: str) -> list[str]:
        asked.append(name)
        return [f"root://eos.example.org/{name}/{len(asked)}.root"]

    register_source("catalogue", catalogue)
    source = "files: 'catalogue:/TT/NANOAODSIM'"
    first = ["root://eos.example.org//TT/NANOAODSIM/1.root"]
    assert files(tmp_path, source) == first
    assert files(tmp_path, source) == first
    assert asked == ["/TT/NANOAODSIM"]
    assert files(tmp_path, source, refresh=True) == [first[0].replace("1.root", "2.root")]
    sources._registered.clear()  # offline: nobody there to answer
    assert files(tmp_path, source) == [first[0].replace("1.root", "2.root")]
    for file in (tmp_path / "cache" / "sources").iterdir():
        assert file.stat().st_mode & 0o077 == 0
        file.write_text("{")
    with pytest.raises(
        CardError, match=r"card\.yaml:3:14: nobody answers catalogue:/TT/NANOAODSIM"
    ):
        files(tmp_path, source)


def test_an_installed_package_answers(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "mycatalogue-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mycatalogue\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[hepnb.sources]\nrucio = mycatalogue:ask\nbroken = mycatalogue:none\n"
    )
    (tmp_path / "site" / "mycatalogue.py").write_text(
        "def ask(name):\n    return [f'https://example.org/{name}.root']\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert files(tmp_path, "files: 'rucio:user.me:tt'") == ["https://example.org/user.me:tt.root"]
    with pytest.raises(CardError, match=r"source broken: plug-in mycatalogue:none: AttributeError"):
        files(tmp_path, "files: 'broken:x'")


@pytest.mark.parametrize(
    ("answer", "reason"), [([], "gives no files"), ([1], "gives no files"), (None, "TypeError")]
)
def test_what_a_plug_in_gives_is_checked(answer: object, reason: str, tmp_path: FilePath) -> None:
    register_source("mine", lambda _: answer)  # type: ignore[arg-type, return-value]
    with pytest.raises(CardError, match=rf"card\.yaml:3:14: source mine:x: .*{reason}"):
        files(tmp_path, "files: 'mine:x'")
    assert not (tmp_path / "cache").exists()


def test_a_source_needs_a_name_of_its_own() -> None:
    for scheme in ("list", "servicex", "My", ""):
        with pytest.raises(CardError, match="cannot name a source"):
            register_source(scheme, lambda name: [name])
