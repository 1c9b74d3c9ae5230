"""What a run may leave of git's own files: git of the person runs nothing of it, and writes nowhere else, afterwards."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from clodputer.isolate.sandbox import guarded, leftovers
from clodputer.isolate.sandbox.aside import put_aside
from tests.repositories import git

# What the person does afterwards without a thought, in the checkout and in what lies in it; their shell prompt does as much.
PERSON = """
git status; git cherry-pick --continue; GIT_EDITOR=true git rebase --continue
echo changed >file; git add -A; git commit -m mine; git checkout -b later; git fetch . HEAD
git gc --quiet; git stash; git pack-refs --all; git push origin later
for folder in lib inner inner/deep bare; do (cd $folder 2>/dev/null && git status && git commit --allow-empty -m more); done
grep -rqs "the secret of a person" .git lib/.git inner/.git && touch $OUT/copied
"""
# There is another repository in the folder before the run.
BEFORE = "git init -q lib && git -C lib commit -q --allow-empty -m lib"
INNER = "git init -q inner && git -C inner commit -q --allow-empty -m inner"
# A git folder `evil` whose configuration names a program.
EVIL = 'cp -r .git evil && git config --file evil/config core.fsmonitor "$EVIL"'


def monitor(config: str) -> str:
    """Name a program in a configuration file."""
    return f'git config --file {config} core.fsmonitor "$EVIL"'


def named(folder: str) -> str:
    """Have git copy a file of the person: it holds that for a merge that was resolved."""
    there = f"{folder}/rr-cache/$(printf %040d 1)"
    return f"mkdir -p {there} && touch {there}/preimage && printf '%040d\\t%s\\0' 1 $OUT/../secret >{folder}/MERGE_RR"


ATTACKS = {
    "the index": "ln -sf $OUT/index .git/index",
    "a log": "ln -sf $OUT/log .git/logs/HEAD",
    "the log of a branch to come": "ln -s $OUT/branch .git/logs/refs/heads/later",
    "the logs": "rm -rf .git/logs && ln -s $OUT .git/logs",
    "a message": "ln -sf $OUT/message .git/COMMIT_EDITMSG",
    "what was fetched": "ln -sf $OUT/fetched .git/FETCH_HEAD",
    "packed references": "git pack-refs --all; mv .git/packed-refs .git/x; ln -s $OUT/packed .git/packed-refs",
    "objects": "rm -rf .git/objects/pack && ln -s $OUT .git/objects/pack",
    "another common folder": f"{EVIL} && echo ../evil >.git/commondir",
    "the configuration of a worktree": monitor(".git/config.worktree"),
    "a rebase": """
        cp file other && git add other && git commit -qm two && export GIT_SEQUENCE_EDITOR="sed -i 1i\\ break"
        git rebase -q -i HEAD~1 && echo "exec $EVIL" >>.git/rebase-merge/git-rebase-todo
    """,
    "a strategy": """
        cp file other && git add other && git commit -qm two && mkdir .git/sequencer git-merge-x
        git rev-parse HEAD >.git/sequencer/head && printf '[options]\\nstrategy = x/../../evil\\n' >.git/sequencer/opts
        for n in 1 2; do echo "pick $(git rev-parse HEAD) two" >>.git/sequencer/todo; done
    """,
    "a repository": f"{INNER} && {monitor('inner/.git/config')}",
    "one that the index knows": f"{INNER} && git add inner && git commit -qm x && {monitor('inner/.git/config')}",
    "one deep inside": f"git init -q inner/deep && {monitor('inner/deep/.git/config')}",
    "one in a folder that is closed": f"{INNER} && {monitor('inner/.git/config')} && chmod 111 inner",
    "a file in place of a repository": f"{EVIL} && mkdir inner && echo gitdir: ../evil >inner/.git",
    "a link in place of a repository": f"{EVIL} && mkdir inner && ln -s ../evil inner/.git",
    "another repository in place of one": f"mv lib lib.away && git init -q lib && {monitor('lib/.git/config')}",
    "one without files": f"""
        git init -q --bare bare && git config --file bare/config core.bare false
        git config --file bare/config core.worktree .. && {monitor("bare/config")}
    """,
    "one without files whose rest is elsewhere": f"""
        mkdir -p bare && echo ref: refs/heads/main >bare/HEAD && {EVIL} && echo ../evil >bare/commondir
        git config --file evil/config core.repositoryformatversion 1
        printf '[core]\\nbare = false\\nworktree = ..\\n' >bare/config.worktree
    """,
    "one inside of one without files": f"""
        touch HEAD && mkdir objects refs && {INNER} && {monitor("inner/.git/config")}
    """,
    "files that the next commit would copy": f"{named('.git')}",
    "the same of a new repository": f"{INNER} && {named('inner/.git')}",
    "a remote as it was once written": """
        git init -q --bare .git/there && cp $EVIL .git/there/hooks/update
        mkdir .git/remotes && echo "URL: $(realpath .git/there)" >.git/remotes/origin
    """,
    "a folder where a file is looked for": f"""
        mkdir -p .git/rebase-merge/strategy && {INNER} && {monitor("inner/.git/config")}
    """,
    "a hook of its own": f"{INNER} && mkdir -p inner/.git/hooks && cp $EVIL inner/.git/hooks/post-commit",
    "an included file": f"""
        {INNER} && git config --file ../included core.fsmonitor $EVIL
        git config --file inner/.git/config include.path $(realpath ../included)
    """,
    "a pipe": "rm -f .git/COMMIT_EDITMSG && mkfifo .git/COMMIT_EDITMSG",
    "the name that it would get": f"{EVIL} && echo ../evil >.git/commondir && mkdir .git/commondir.from-sandbox",
}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a person, `work`, beside a folder `out`, which only writes that go astray get into."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(
        "[user]\nname = a\nemail = a@b\n[init]\ndefaultBranch = main\n[advice]\naddEmbeddedRepo = false\n"
        "[extensions]\n"
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "secret").write_text("the secret of a person\n")
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho ran >>{tmp_path}/out/ran\n")
    evil.chmod(0o755)
    work = tmp_path / "work"
    git(tmp_path, "init", "--quiet", str(work))
    (work / "file").write_text("text\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "first")
    git(work, "config", "extensions.worktreeConfig", "true")
    shell(work, BEFORE)
    return work


def shell(work: Path, script: str) -> None:
    """What it does must not hang: pipes have nobody at their other end."""
    env = {
        **os.environ,
        "EVIL": f"{work.parent}/evil",
        "OUT": f"{work.parent}/out",
        "GIT_TERMINAL_PROMPT": "0",
    }
    subprocess.run(
        ["timeout", "60", "sh", "-c", script],
        cwd=work,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def astray(work: Path) -> list[str]:
    """What git of the person has run or written elsewhere."""
    shell(work, PERSON)
    return sorted(os.listdir(work.parent / "out"))


@pytest.mark.parametrize("name", ATTACKS)
def test_git_obeys_nothing_that_a_run_has_left(stage: Path, name: str) -> None:
    """Whatever was made is put aside; the checkout works, and so does the repository that was in it before."""
    found = guarded.within(str(stage))
    facts = leftovers.before(str(stage), [f"{stage}/.git", *found.folders], found.heads)
    shell(stage, ATTACKS[name])
    put_aside(guarded.git(str(stage))[2])
    missing = [f"{stage}/.git/commondir", f"{stage}/.git/config.worktree"]
    aside = [*put_aside(missing), *leftovers.after(facts)]
    assert aside, name
    assert leftovers.after(facts) == []
    assert astray(stage) == []
    assert "mine" in git(stage, "log", "--format=%s", "later").splitlines()


# One of each way; what differs within one is only where git reads or writes.
WORKING = (
    "a log",
    "a message",
    "another common folder",
    "a rebase",
    "a strategy",
    "one that the index knows",
    "one without files",
    "a hook of its own",
    "one without files whose rest is elsewhere",
    "one inside of one without files",
    "files that the next commit would copy",
    "the same of a new repository",
    "a remote as it was once written",
    "a folder where a file is looked for",
)


@pytest.mark.parametrize("name", WORKING)
def test_the_attack_works_where_nothing_is_put_aside(stage: Path, name: str) -> None:
    """Or the test above would prove nothing."""
    shell(stage, ATTACKS[name])
    assert astray(stage) != []


WORK = {
    "a commit": "echo new >new && git add new && git commit -qm new",
    "a repository": f"{INNER} && touch inner/x",
    "a clone": "git clone -q . copy",
    "one without files": "git clone -q --bare . copy",
    "a rebase": "git checkout -q -b side && git commit -q --allow-empty -m side && GIT_SEQUENCE_EDITOR='sed -i 1i\\ break'"
    " git rebase -q -i HEAD~1",
    "work in the repository that was there": "git -C lib commit -q --allow-empty -m more",
    "a repository moved away": "mv lib library",
}


@pytest.mark.parametrize("name", WORK)
def test_honest_work_stays(stage: Path, name: str) -> None:
    """Commits, new repositories and clones, a rebase that is under way: nothing of them names a program."""
    found = guarded.within(str(stage))
    facts = leftovers.before(str(stage), [f"{stage}/.git", *found.folders], found.heads)
    shell(stage, WORK[name])
    assert leftovers.after(facts) == []


def test_what_was_there_before_stays(stage: Path) -> None:
    """Links of the person's, and a rebase of theirs that runs tests after each commit."""
    (stage / ".git" / "kept").symlink_to("/nowhere")
    (stage / ".git" / "rebase-merge").mkdir()
    (stage / ".git" / "rebase-merge" / "git-rebase-todo").write_text("exec make test\n")
    found = guarded.within(str(stage))
    facts = leftovers.before(str(stage), [f"{stage}/.git", *found.folders], found.heads)
    assert leftovers.after(facts) == []


def test_what_is_put_aside_gets_a_name_that_is_free(tmp_path: Path, mortal: None) -> None:
    """Also where the run has taken that name, or has closed the folder."""
    folder = tmp_path / "closed"
    (folder / "x.from-sandbox").mkdir(parents=True)
    (folder / "x").touch()
    folder.chmod(0o500)
    assert put_aside([f"{folder}/x", f"{folder}/y"]) == [f"{folder}/x"]
    first, second = sorted(os.listdir(folder))
    assert (first.startswith("x."), first.endswith(".from-sandbox"), second) == (True, True, "x.from-sandbox")


def test_settings_that_name_a_program_do_not_stay(stage: Path) -> None:
    """A person has changed the configuration meanwhile, so that the run could write to it: the former one comes back."""
    config = stage / ".git" / "config"
    facts = leftovers.before(str(stage), [f"{stage}/.git"], guarded.within(str(stage)).heads)
    git(stage, "config", "branch.main.remote", "origin")
    assert leftovers.after(facts) == []
    assert "origin" in config.read_text()
    git(stage, "config", "core.fsmonitor", f"{stage.parent}/evil")
    assert leftovers.after(facts) == [str(config)]
    assert "fsmonitor" in Path(f"{config}.from-sandbox").read_text()
    assert "fsmonitor" not in config.read_text()
    assert leftovers.after(facts) == []
    assert astray(stage) == []


def test_a_programs_settings_of_a_person_stay(stage: Path) -> None:
    """What stood there before stays, whatever else is changed."""
    git(stage, "config", "core.editor", "vim")
    facts = leftovers.before(str(stage), [f"{stage}/.git"], guarded.within(str(stage)).heads)
    git(stage, "config", "user.name", "other")
    assert leftovers.after(facts) == []
    assert git(stage, "config", "core.editor").strip() == "vim"
