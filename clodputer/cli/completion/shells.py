"""How bash, zsh and fish ask for completions, and how they are answered: candidates that are read back as they were meant."""

from __future__ import annotations

import os
from typing import Any

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from clodputer.cli.completion.commandline import Word, for_bash, words

# Ours for bash, since that of click asks for bash 4.4, and macOS has 3.2. bash is given what is to be in the line; zsh and
# fish quote by themselves. Each line of the answer is `kind,word`.
BASH = """\
_clodputer_completion() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("${line#*,}")
    done < <(env COMP_TYPED="${COMP_LINE:0:$COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
        _CLODPUTER_COMPLETE=bash_complete "$1" 2>/dev/null)
}
complete -F _clodputer_completion clodputer
"""
ZSH = """\
#compdef clodputer

_clodputer_completion() {
    local -a found
    (( $+commands[clodputer] )) || return 1
    found=("${(@f)$(env COMP_TYPED="${(j: :)words[1,CURRENT]}" _CLODPUTER_COMPLETE=zsh_complete clodputer 2>/dev/null)}")
    found=("${(@)${(@)found:#}#*,}")
    (( $#found )) && compadd -U -V unsorted -a found
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _clodputer_completion "$@"
else
    compdef _clodputer_completion clodputer
fi
"""
FISH = """\
function _clodputer_completion
    set -l typed (commandline -cp | string collect --allow-empty)
    env COMP_TYPED="$typed" _CLODPUTER_COMPLETE=fish_complete clodputer 2>/dev/null | string replace -r '^[^,]*,' ''
end
complete --no-files --command clodputer --arguments "(_clodputer_completion)"
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


class _Shell(ShellComplete):
    """What the three have in common: the line up to the cursor is in COMP_TYPED."""

    source_template = ""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.typed = Word("")

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being typed, without the program's, and that one."""
        *before, self.typed = words(os.environ.get("COMP_TYPED", ""), os.environ.get("COMP_BREAKS", ""))
        return [word.value for word in before[1:]], self.typed.value

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Without those that cannot be in one line of a terminal."""
        found = super().get_completions(args, incomplete)
        return [item for item in found if str(item.value).isprintable()]

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the answer."""
        return f"{item.type},{item.value}"


class _Bash(_Shell):
    name = "bash"

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{for_bash(str(item.value), self.typed)}"


class _Zsh(_Shell):
    name = "zsh"


class _Fish(_Shell):
    name = "fish"


def register() -> None:
    """Let click answer by these."""
    for kind in (_Bash, _Zsh, _Fish):
        add_completion_class(kind)
