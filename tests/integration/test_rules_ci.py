"""The examples in contrib/rules-ci, run over a small repository of rules."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

VEDETTE = pathlib.Path(shutil.which(os.environ.get("VEDETTE", "vedette"))
                       or "vedette").resolve()
SOURCE = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve()
EXAMPLES = SOURCE / "contrib" / "rules-ci"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def github():
    """The shell of each step by its name."""
    text = (EXAMPLES / "github.yml").read_text()
    steps = {}
    for step in text.split("\n      - ")[1:]:
        name = re.match(r"name: (\w+)\n", step)
        run = re.search(r"\n        run: \|\n((?:          .*\n?)+)", step)
        if name and run:
            steps[name.group(1)] = re.sub("(?m)^ {10}", "", run.group(1))
    return steps


def gitlab():
    """The lines of script."""
    text = (EXAMPLES / "gitlab.yml").read_text()
    script = text[text.index("\n  script:\n"):text.index("\n  artifacts:")]
    return re.findall(r"(?m)^    - (.*)$", script)


@pytest.fixture
def repository(tmp_path):
    """Two commits: the second adds a rule that rules new began."""
    repo, tools = tmp_path / "repo", tmp_path / "bin"
    (repo / "rules").mkdir(parents=True)
    tools.mkdir()
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"rules": [str(SOURCE / "rules")]}))
    # The installed one would find its decoders without being told.
    (tools / "vedette").write_text(
        f'#!/bin/sh\nexec "{VEDETTE}" "$@" -c "{config}"\n')
    (tools / "vedette").chmod(0o755)
    shutil.copy(SOURCE / "rules" / "sshd" / "ssh-login-failed.yml",
                repo / "rules")
    env = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path),
           "GIT_CONFIG_NOSYSTEM": "1", "RUNNER_TEMP": str(tmp_path),
           "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    def run(script, status=0, **more):
        done = subprocess.run(["sh", "-ec", script], cwd=repo,
                              env={**env, **more}, capture_output=True,
                              text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done
    commit = ("git add rules && git -c user.name=a -c user.email=a@b.invalid "
              "commit -qm x")
    run(f"git init -q . && {commit}")
    base = run("git rev-parse HEAD").stdout.strip()
    run("echo 'Nov 23 21:27:25 web01 foo[7]: the mill stands still' |"
        " vedette rules new --from - --out rules/mill.yml &&"
        " sed -i 's/TODO */A /' rules/mill.yml && " + commit)
    return repo, run, base


def test_the_steps_for_github(repository):
    repo, run, base = repository
    steps = github()
    assert set(steps) == {"install", "lint", "test", "diff"}
    for name in ("lint", "test", "diff"):
        run(steps[name], BASE=base)
    cases = list(xml.parse(repo / "junit.xml").getroot().iter("testcase"))
    assert any("mill.yml" in c.get("file") for c in cases)
    assert "A event of foo" in (repo.parent / "summary").read_text()


def test_the_script_for_gitlab(repository):
    repo, run, base = repository
    script = "\n".join(gitlab()).replace("/tmp/base", str(repo.parent / "b"))
    run(script, CI_MERGE_REQUEST_DIFF_BASE_SHA="")
    said = run(script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base).stdout
    assert "A event of foo" in said
    assert xml.parse(repo / "junit.xml").getroot().get("failures") == "0"


def test_what_is_wrong_stops_the_change(repository):
    repo, run, base = repository
    rule = repo / "rules" / "mill.yml"
    good = rule.read_text()
    rule.write_text(good.replace("the mill stands still'\n    condition",
                                 "the mill runs'\n    condition"))
    run(github()["lint"])
    run(github()["test"], status=1)
    assert xml.parse(repo / "junit.xml").getroot().get("failures") == "1"
    rule.write_text(good.replace("|contains", "|contain"))
    assert run(github()["lint"], status=1).stderr.count("did you mean") == 1
    run(github()["test"], status=2)
    xml.parse(repo / "junit.xml")
