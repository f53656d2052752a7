"""rules reach: which rules can fire here, held against rules that do."""
import json
import os
import pathlib
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
SOURCE = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve()
SHARED = SOURCE.parent / "shared"
PUBLIC = sorted((SHARED / "sigma").glob("rules*"))
CORPORA = SHARED / "corpora"

HEAD = "title: {0}\nname: {0}\nlogsource: {{product: linux, {1}}}\n"
FIELD = HEAD.format("never", "service: sshd") + """detection:
  s: {CommandLine|contains: x}
  condition: s
"""
START = HEAD.format("start", "category: process_creation") + """detection:
  s: {Image|endswith: /nc, CommandLine|contains: ' -e '}
  condition: s
tags: [attack.execution, attack.t1059.004]
"""
WEB = HEAD.format("web", "service: nginx") + """detection:
  s: {x-upstream: PUT}
  condition: s
tags: [attack.initial_access, attack.t1190]
"""
AWAITED = FIELD.replace("never", "awaited") + """vedette:
  expect: {every: 26h}
"""
COUNT = """title: count
correlation: {type: event_count, rules: [never], timespan: 1m,
  condition: {gte: 2}}
"""
FOREIGN = FIELD.replace("never", "foreign").replace("linux", "windows")
KEYWORDS = HEAD.format("words", "service: sshd") + """detection:
  keywords: [fatal]
  other: {CommandLine: x}
  condition: keywords and not other
"""


@pytest.fixture
def place(tmp_path):
    """A configuration; call it with inputs and the texts of rules."""
    (tmp_path / "mine").mkdir()

    def configure(inputs, *rules, own=True, more=()):
        for i, text in enumerate(rules):
            (tmp_path / "mine" / f"{i}.yml").write_text(text)
        conf = tmp_path / "c.yaml"
        conf.write_text(json.dumps({
            "rules": [*([str(SOURCE / "rules")] if own else []),
                      str(tmp_path / "mine"), *map(str, more)],
            "inputs": [{"defaults": "off"}, *inputs]}).replace(
                '"off"', "off"))
        return conf

    return configure


def reach(conf, *argv, status=0):
    r = subprocess.run([VEDETTE, "rules", "reach", "-c", conf, *argv],
                       capture_output=True, text=True, timeout=120)
    assert r.returncode == status, r.stdout + r.stderr
    return r.stdout if status == 0 else r.stderr


def verdicts(conf, *argv):
    rules = [json.loads(line)
             for line in reach(conf, "--json", *argv).splitlines()]
    return {r["title"]: r for r in rules}


def files(*paths):
    return {"file": {"paths": [str(p) for p in paths]}}


def has_journal():
    r = subprocess.run([VEDETTE, "check", "-c", "/dev/stdin"], text=True,
                       input="inputs: [journal: {}]\nrules: []\n",
                       capture_output=True)
    return 'no input "journal"' not in r.stderr


@pytest.mark.parametrize("given", ["files", "journal"])
def test_all_own_rules_can_fire_where_their_lines_are_read(place, given):
    if given == "journal" and not has_journal():
        pytest.skip("built without systemd")
    conf = place([{"journal": {}} if given == "journal" else
                  files("/var/log/auth.log", "/var/log/syslog"),
                  files("/var/log/nginx/*.log", "/var/log/apache2/*.log",
                        "/var/log/squid/*.log")])
    rules = verdicts(conf)
    assert len(rules) >= 90
    assert {r["reach"] for r in rules.values()} == {"yes"}
    assert not any(r["reasons"] for r in rules.values())
    assert f"{len(rules)} of {len(rules)} rules can fire" in reach(conf)


def test_what_web_servers_write_to_files_is_an_if_in_syslog(place):
    conf = place([files("/var/log/auth.log", "/var/log/syslog")])
    ifs = {r["id"]: r["reach"] for r in map(json.loads, reach(
        conf, "--json").splitlines()) if r["reach"] != "yes"}
    assert set(ifs.values()) <= {"access", "own"}
    web = "".join(f.read_text() for f in (SOURCE / "rules" / "web").glob(
        "*.yml"))
    assert all(i in web for i in ifs) and len(ifs) > 10


def test_without_inputs_no_rule_can_fire_and_the_advice_is_to_have_one(place):
    conf = place([], START)
    if not has_journal():
        pytest.skip("built without systemd")
    rules = verdicts(conf)
    assert {r["reach"] for r in rules.values()} == {"no"}
    places = {r["reasons"][0].get("place") for r in rules.values()
              if r["reasons"][0]["why"] != "rules"}
    assert None not in places and "journal" in places
    assert rules["start"]["reasons"][0]["place"] == "/var/log/audit/audit.log"
    assert reach(conf).startswith(f"0 of {len(rules)} rules can fire here\n")


def test_a_field_that_no_decoder_sets_is_named(place):
    conf = place([files("/var/log/auth.log")], FIELD, KEYWORDS)
    rules = verdicts(conf)
    never = rules["never"]
    assert never["reach"] == "no"
    assert never["reasons"][0]["why"] == "field"
    assert never["reasons"][0]["names"] == ["CommandLine"]
    text = "`CommandLine` is set by no decoder of linux / sshd"
    assert never["reasons"][0]["text"] == text
    assert rules["words"]["reach"] == "yes"
    assert text in reach(conf) and text in reach(conf, "--all")
    one = reach(conf, "never")
    assert text in one and "can fire  no\n" in one


def test_audit_records_decide_over_starts_of_programs(place):
    for paths, said in ((["/var/log/auth.log"], "no"),
                        (["/var/log/auth.log", "/var/log/audit/audit.log"],
                         "yes"),
                        (["/var/log/audit/*"], "yes"),
                        (["/srv/anything.log"], "audit")):
        conf = place([files(*paths)], START)
        assert verdicts(conf)["start"]["reach"] == said, paths
    assert "1 more if the file holds audit records" in reach(conf)


def test_json_is_an_if(place):
    conf = place([files("/var/log/nginx/access.log")], WEB, own=True)
    web = verdicts(conf)["web"]
    assert (web["reach"], web["decoder"]) == ("json", "json")
    assert web["reasons"][0]["names"] == ["x-upstream"]
    assert " more if the program logs JSON" in reach(conf)
    conf = place([files("/var/log/auth.log")], WEB)
    web = verdicts(conf)["web"]
    assert web["reach"] == "no"
    assert web["reasons"][0]["place"] == "/var/log/nginx/*access*"
    assert web["reasons"][0]["as"] == "json"


def test_what_counts_or_expects_what_cannot_come(place):
    conf = place([files("/var/log/auth.log")], FIELD, COUNT, AWAITED,
                 FOREIGN)
    rules = verdicts(conf)
    assert rules["count"]["reach"] == "no"
    assert rules["count"]["reasons"][0]["why"] == "rules"
    assert rules["awaited"]["reach"] == "yes"
    assert rules["awaited"]["expects"] is False
    assert "1 of them will always alert" in reach(conf)
    assert "always: what it expects can't come" in reach(conf, "awaited")
    assert (rules["foreign"]["reasons"][0]["text"]
            == "nothing gives product windows")


def test_a_rule_that_is_switched_off_cannot_fire(place, tmp_path):
    conf = place([files("/var/log/auth.log")], KEYWORDS)
    (tmp_path / "overrides.d").mkdir()
    (tmp_path / "overrides.d" / "o.yaml").write_text(
        "- {rule: words, enabled: false, reason: noise, owner: ann}\n")
    words = verdicts(conf)["words"]
    assert words["reach"] == "no"
    assert words["reasons"][0]["why"] == "off"
    assert "o.yaml:1" in words["reasons"][0]["text"]


def test_attack_counts_what_can_fire_by_technique(place):
    conf = place([files("/var/log/auth.log", "/var/log/audit/audit.log")],
                 START, WEB, own=False)
    rows = [json.loads(line)
            for line in reach(conf, "--attack", "--json").splitlines()]
    assert rows == [
        {"tactic": "execution", "technique": "T1059.004", "can_fire": 1,
         "if": 0, "rules": 1},
        {"tactic": "initial-access", "technique": "T1190", "can_fire": 0,
         "if": 0, "rules": 1}]
    assert reach(conf, "--attack").endswith(
        "\n1 of 2 techniques have a rule that can fire here\n")


def test_a_rule_that_there_is_not_is_said(place):
    conf = place([], FIELD, own=False)
    assert 'no rule "nobody"' in reach(conf, "nobody", status=2)


def corpus(tmp_path):
    """Files of lines, named as what they hold."""
    lines = [json.loads(row)["log"] for f in CORPORA.glob("*_open.jsonl")
             for row in f.open()]
    log = tmp_path / "auth.log"
    log.write_text("".join(line.replace("\n", " ") + "\n"
                           for line in lines if isinstance(line, str)))
    raw = [f.read_text(errors="replace")
           for f in sorted((CORPORA / "audit_raw").rglob("*"))
           if f.is_file() and f.suffix not in (".md", ".py")]
    audit = tmp_path / "audit.log"
    audit.write_text("".join(t if t.endswith("\n") else t + "\n"
                             for t in raw))
    return log, audit


@pytest.mark.skipif(not CORPORA.is_dir() or not PUBLIC,
                    reason="corpora and public rules are not at hand")
def test_no_rule_fires_that_is_said_not_to(place, tmp_path):
    paths = corpus(tmp_path)
    conf = place([files(*paths)], more=PUBLIC)
    said = {r["id"]: r for r in map(json.loads, reach(
        conf, "--json").splitlines())}
    fired = {}
    r = subprocess.run([VEDETTE, "scan", "-c", conf, "--format", "json",
                        *paths], capture_output=True, text=True, timeout=300)
    for line in r.stdout.splitlines():
        alert = json.loads(line)
        if "rule" in alert:
            fired.setdefault(alert["rule"]["id"], line)
    wrong = {i: said[i] for i in fired if said[i]["reach"] == "no"}
    ifs = [said[i]["reach"] for i in fired if said[i]["reach"] != "yes"]
    print(f"{len(fired)} rules fired on {sum(1 for p in paths for _ in p.open(errors='replace')):,} "
          f"lines: {len(wrong)} said not to, {len(ifs)} with an if "
          f"({', '.join(sorted(set(ifs)))}); "
          f"{sum(s['reach'] == 'yes' for s in said.values())} can")
    assert len(fired) > 50
    assert not wrong
