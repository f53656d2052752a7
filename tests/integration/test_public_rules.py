"""The public rules, where they are at hand: which load, how fast."""
import os
import pathlib
import re
import subprocess
import time

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
SIGMA = (pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve().parent
         / "shared" / "sigma")
PACKS = sorted(SIGMA.glob("rules*"))

pytestmark = pytest.mark.skipif(
    not PACKS, reason=f"the public rules are not in {SIGMA}")


def lint(*argv):
    return subprocess.run([VEDETTE, "rules", "lint", *map(str, argv)],
                          capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def linted(tmp_path_factory):
    conf = tmp_path_factory.mktemp("public") / "c.yaml"
    conf.write_text("rules: []\n")
    began = time.monotonic()
    r = lint("-c", conf, *PACKS)
    return r, time.monotonic() - began


def test_all_load_but_those_that_want_values_of_the_site(linted):
    r, _ = linted
    assert "3,755 rules load, 25 refused, in " in r.stdout
    assert r.returncode == 1


def test_each_refused_rule_is_named_once_with_place_and_reason(linted):
    r, _ = linted
    refused = [re.match(r"(\S+\.yml):\d+:\d+: no values for %", line)
               for line in r.stderr.splitlines() if "warning" not in line]
    wanted = {str(f) for pack in PACKS for f in pack.rglob("*.yml")
              if re.search(r"\|expand\b", f.read_text())}
    assert all(refused) and len(refused) == 25
    assert {m.group(1) for m in refused} == wanted


def test_they_load_in_little_time_and_memory(linted):
    r, took = linted
    seconds, mebibytes = re.search(
        r"in (\d+\.\d+) s, (\d+) MiB", r.stdout).groups()
    print(f"3,780 public rules: {seconds} s, {mebibytes} MiB "
          f"({took:.2f} s with everything)")
    assert float(seconds) <= took
    assert int(mebibytes) <= 64


def test_a_mistake_among_them_hides_no_other(tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text("title: t\nlogsource: {product: linux}\n"
                   "detection: {s: {f|contain: x}, condition: s}\n")
    r = lint(bad, *PACKS)
    assert f'{bad}:3:19: no modifier "contain"' in r.stderr
    assert r.stderr.count("no values for %") == 25
    assert "3,755 rules load, 26 refused" in r.stdout


def test_scan_goes_on_without_those_that_are_refused(tmp_path):
    log = tmp_path / "a.jsonl"
    log.write_text('{"Image":"/usr/bin/crontab","CommandLine":'
                   '"crontab /tmp/x"}\n')
    r = subprocess.run(
        [VEDETTE, "scan", *(a for p in PACKS for a in ("-r", p)),
         "--logsource", "product=linux,category=process_creation",
         "--format", "json", log],
        capture_output=True, text=True, timeout=60)
    assert r.returncode == 1, r.stderr
    assert "Scheduled Cron Task/Job - Linux" in r.stdout
    assert r.stderr.count("no values for %") == 25


def test_lint_finds_little_to_say_of_rules_that_were_reviewed(linted):
    """A warning that nobody can heed is noise: at most 4 in 100 rules."""
    said = [line for line in linted[0].stderr.splitlines()
            if "warning: " in line]
    assert 0 < len(said) < 150
    assert all(re.match(r"\S+\.yml:\d+:\d+: warning: ", s) for s in said)
