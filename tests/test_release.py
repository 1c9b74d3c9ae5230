"""What a release is made of: its checks, its notes, its workflow, and the Homebrew formula, which Ruby itself reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.house import CHECKOUT

pytestmark = pytest.mark.slow

CHANGELOG = """# Changelog

## Unreleased: 0.3.0

## 0.2.0 - 2027-01-31

### Added

- A thing.

## 0.1.0 - 2026-12-24

- The first.

## 0.0.1 - 2026-12-01
"""

# A formula as Homebrew reads one, as far as ours goes: what it says is printed as JSON.
HOMEBREW = r"""
require "json"
SAID = {"depends" => [], "resources" => {}}
module Language; module Python; module Virtualenv; end; end; end
class Formula
  [:desc, :homepage, :url, :sha256, :license].each { |key| define_singleton_method(key) { |value| SAID[key.to_s] = value } }
  def self.depends_on(what) = SAID["depends"] << (what.is_a?(Hash) ? what.keys[0] : what)
  def self.resource(name, &body)
    one = Class.new { extend Keeper }
    one.class_eval(&body)
    SAID["resources"][name] = one.said
  end
  def self.test(&body) = SAID["test"] = !body.nil?
end
module Keeper
  def said = @said ||= {}
  def url(value) = said["url"] = value
  def sha256(value) = said["sha256"] = value
end
load ARGV[0]
SAID["methods"] = Clodputer.instance_methods(false).sort
SAID["caveats"] = Clodputer.new.caveats
puts JSON.generate(SAID)
"""


def script(name: str) -> Any:
    """A file of bin/ as a module."""
    spec = spec_from_file_location(name, f"{CHECKOUT}/bin/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


release = script("release")
formula = script("formula")


@pytest.mark.parametrize(
    ("tag", "version", "problem"),
    [
        ("v0.2.0", "0.2.0", ""),
        ("v0.2.1", "0.2.0", "the tag is v0.2.1"),
        ("0.2.0", "0.2.0", "set one of them right (v0.2.0)"),
        ("v0.3.0", "0.3.0", 'no heading "## 0.3.0 - YYYY-MM-DD"'),
        ("v0.2", "0.2", 'no heading "## 0.2 - YYYY-MM-DD"'),
        ("v0.0.1", "0.0.1", "says nothing about 0.0.1"),
    ],
)
def test_what_may_be_released(tag: str, version: str, problem: str) -> None:
    """A tag that is the version of the program, of which the changelog tells."""
    found = release.problems(tag, version, CHANGELOG)
    assert [problem in one for one in found] == ([True] if problem else [])


def test_the_notes_of_a_release() -> None:
    """One section, without its heading; and our own changelog and version are read."""
    assert release.notes("0.2.0", CHANGELOG) == "### Added\n\n- A thing."
    assert release.notes("0.9.0", CHANGELOG) == ""
    ended = subprocess.run(
        [sys.executable, f"{CHECKOUT}/bin/release.py", "check", "v0.0.0"], capture_output=True, text=True
    )
    assert (ended.returncode, "the tag is v0.0.0" in ended.stderr) == (1, True)


def page(*filenames: str) -> dict[str, Any]:
    """The index's page of a project with these files."""
    files = [
        {"filename": name, "url": f"https://files.example/{name}#sha256=x", "hashes": {"sha256": name[::-1]}}
        for name in filenames
    ]
    return {"files": files}


def test_the_formula(tmp_path: Path) -> None:
    """Ruby reads it: the archive of the release, each library's, and everything that is linked."""
    if shutil.which("ruby") is None:
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail("the formula is read by ruby, which is missing")
        pytest.skip("the formula is read by ruby, which is missing")
    report = {
        "install": [
            {"metadata": {"name": name, "version": version}}
            for name, version in (
                ("clodputer-cli", "0.2.0"),
                ("PyYAML", "6.0.2"),
                ("annotated_types", "0.7.0"),
            )
        ]
    }
    assert formula.wanted(report) == [("annotated_types", "0.7.0"), ("pyyaml", "6.0.2")]
    sources = [
        formula.source(
            page("annotated_types-0.7.0.tar.gz", "annotated_types-0.7.0.whl"), "annotated-types", "0.7.0"
        ),
        formula.source(page("PyYAML-6.0.1.tar.gz", "PyYAML-6.0.2.tar.gz"), "pyyaml", "6.0.2"),
    ]
    itself = formula.source(page("clodputer_cli-0.2.0.tar.gz"), formula.DISTRIBUTION, "0.2.0")
    (tmp_path / "clodputer.rb").write_text(formula.formula(itself, sources))
    (tmp_path / "homebrew.rb").write_text(HOMEBREW)
    said = json.loads(
        subprocess.run(
            ["ruby", "-w", tmp_path / "homebrew.rb", tmp_path / "clodputer.rb"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    assert said["url"] == "https://files.example/clodputer_cli-0.2.0.tar.gz"
    assert said["depends"] == ["rust", "libyaml", "python@3.13"]
    assert said["resources"]["pyyaml"] == {
        "url": "https://files.example/PyYAML-6.0.2.tar.gz",
        "sha256": "zg.rat.2.0.6-LMAYyP",
    }
    assert (said["methods"], said["test"]) == (["caveats", "install"], True)
    assert "clodputer install" in said["caveats"]


def test_a_library_without_a_source_archive() -> None:
    """Homebrew builds from sources: without one there is no formula."""
    with pytest.raises(ValueError, match=r"no source archive of psutil 7\.0"):
        formula.source(page("psutil-7.0-cp313.whl", "psutil-7.0.1.tar.gz"), "psutil", "7.0")


def test_the_workflows_are_what_github_reads() -> None:
    """By GitHub's own schema of them, which comes with the checker."""
    if find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema needs Python 3.10")
    files = sorted(map(str, Path(CHECKOUT, ".github", "workflows").glob("*.yml")))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    ended = subprocess.run([*command, *files], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
