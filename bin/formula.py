"""Write the Homebrew formula of a release: `formula.py VERSION`, once its source archive is on the index.

Which libraries it needs, and in which versions, is asked of pip; where their source archives are, of the index.
Only the standard library.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

DISTRIBUTION = "clodputer-cli"
INDEX = "https://pypi.org/simple"
# The Python of Homebrew for which pip chooses, and what the formula depends on.
PYTHON = "3.13"


class Source(NamedTuple):
    """A source archive on the index."""

    name: str
    url: str
    sha256: str


def wanted(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and version of everything that pip would install beside Clodputer, from its report, in order of their names."""
    found = {(item["metadata"]["name"].lower(), item["metadata"]["version"]) for item in report["install"]}
    return sorted((name, version) for name, version in found if canonical(name) != DISTRIBUTION)


def source(page: Mapping[str, Any], name: str, version: str) -> Source:
    """The source archive of one version, from the index's page about a project (PEP 691). Raises ValueError."""
    stem = canonical(name)
    for file in page["files"]:
        filename = file["filename"]
        if not filename.endswith(".tar.gz"):
            continue
        project, _, found = filename.removesuffix(".tar.gz").rpartition("-")
        if canonical(project) == stem and found == version:
            return Source(name, file["url"].partition("#")[0], file["hashes"]["sha256"])
    raise ValueError(f"the index has no source archive of {name} {version}")


def canonical(name: str) -> str:
    """A project's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def formula(itself: Source, libraries: Sequence[Source]) -> str:
    """The text of the formula."""
    resources = "".join(
        f'  resource "{library.name}" do\n    url "{library.url}"\n    sha256 "{library.sha256}"\n  end\n\n'
        for library in libraries
    )
    return f"""\
class Clodputer < Formula
  include Language::Python::Virtualenv

  desc "Run Claude Code unattended, with no daemon"
  homepage "https://pypi.org/project/{DISTRIBUTION}/"
  url "{itself.url}"
  sha256 "{itself.sha256}"
  license "MIT"

  depends_on "rust" => :build # two libraries are written in it
  depends_on "libyaml"
  depends_on "python@{PYTHON}"

{resources}  def install
    virtualenv_install_with_resources
    share_of_it = libexec/"share"
    man1.install_symlink share_of_it/"man/man1/clodputer.1"
    bash_completion.install_symlink share_of_it/"bash-completion/completions/clodputer"
    zsh_completion.install_symlink share_of_it/"zsh/site-functions/_clodputer"
    fish_completion.install_symlink share_of_it/"fish/vendor_completions.d/clodputer.fish"
  end

  def caveats
    <<~EOS
      Next: `clodputer init` makes ~/.clodputer, and `clodputer install` has launchd start what is due.
      After each upgrade run `clodputer install` again.
    EOS
  end

  test do
    ENV["CLODPUTER_HOME"] = testpath/"home"
    assert_match version.to_s, shell_output("#{{bin}}/clodputer --version")
    system bin/"clodputer", "init", "--yes"
    assert_path_exists testpath/"home/config.yaml"
  end
end
"""


def page_of(name: str) -> Any:
    """The index's page about a project. Raises OSError and ValueError."""
    request = Request(
        f"{INDEX}/{canonical(name)}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main(arguments: list[str]) -> int:
    """Print the formula; 0 when it could be made."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    (version,) = arguments
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
            *("--python-version", PYTHON, "--only-binary", ":all:", "--target", "unused"),
            *("--report", "-", f"{DISTRIBUTION}=={version}"),
        ],
        check=True,
        stdout=subprocess.PIPE,
    )
    libraries = [source(page_of(name), name, which) for name, which in wanted(json.loads(asked.stdout))]
    print(formula(source(page_of(DISTRIBUTION), DISTRIBUTION, version), libraries), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
