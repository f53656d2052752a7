"""sources.yaml: one event, several log sources and names."""
import json
import os
import pathlib
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULES = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve() / "rules"

SOURCES = """sources:
  - from: { files: ['*app*.json'] }
    gives: [{ product: app, service: api }, { category: webserver }]
  - from: { product: app, service: api }
    gives: { product: linux, service: door }
  - from: { programs: ['door*'] }
    gives: { product: linux, service: door }
fields:
  - [source.ip, src_ip, c-ip]
  - [user.name, User]
"""


def rule(source, detection):
    return (f"title: '{source} {detection}'\nlogsource: {source}\n"
            f"detection: {{s: {detection}, condition: s}}\n")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "sources.yaml").write_text(SOURCES)
    return tmp_path


def scan(place, rules, name, line, conf="{}"):
    (place / "rules" / "r.yml").write_text("---\n".join(rules))
    (place / name).write_text(line + "\n")
    (place / "c.yaml").write_text(conf)
    r = subprocess.run(
        [VEDETTE, "scan", "-c", place / "c.yaml", "-r", place / "rules",
         "--format", "json", place / name], capture_output=True, text=True)
    assert r.returncode in (0, 1), r.stderr
    return {json.loads(s)["rule"]["name"] for s in r.stdout.splitlines()}


def test_a_file_gives_its_events_log_sources(place):
    rules = [rule("{product: app}", "{a: 1}"),
             rule("{category: webserver}", "{a: 1}"),
             rule("{product: linux, service: door}", "{a: 1}"),
             rule("{product: linux}", "{a: 1}"),
             rule("{product: windows}", "{a: 1}")]
    assert len(scan(place, rules, "my-app-1.json", '{"a":1}')) == 4
    assert len(scan(place, rules, "other.json", '{"a":1}')) == 1


def test_a_program_gives_its_lines_a_log_source(place):
    rules = [rule("{product: linux, service: door}", "[opened]")]
    line = "Nov 23 16:10:00 host {}[7]: opened"
    assert scan(place, rules, "x.log", line.format("doord"))
    assert not scan(place, rules, "x.log", line.format("window"))


def test_a_field_is_asked_for_by_any_of_its_names(place):
    for given in ("source.ip", "src_ip", "c-ip"):
        for asked in ("source.ip", "src_ip", "c-ip"):
            rules = [rule("{product: linux}", f"{{{asked}: 10.0.0.1}}")]
            event = json.dumps({given: "10.0.0.1"})
            assert scan(place, rules, "e.jsonl", event), (given, asked)
            assert not scan(place, rules, "e.jsonl", event[:-3] + '9"}')


def test_a_name_that_has_a_value_of_its_own_keeps_it(place):
    rules = [rule("{product: linux}", "{User: root}")]
    assert not scan(place, rules, "e.jsonl",
                    '{"user.name":"root","User":"joe"}')
    assert scan(place, rules, "e.jsonl", '{"user.name":["joe","root"]}')


def test_mistakes_have_places_and_fixes(place):
    path = place / "rules" / "sources.yaml"
    path.write_text("sources:\n  - form: { files: x }\n"
                    "  - from: { fiels: x }\n    gives: { product: y }\n"
                    "  - from: { files: [] }\n    gives: { product: y }\n"
                    "  - from: { files: x }\n    gives: { produkt: y }\n"
                    "fields:\n  - [alone]\n  - text\nfeilds: []\n")
    for target in (path, path.parent):
        r = subprocess.run([VEDETTE, "rules", "lint", target],
                           capture_output=True, text=True)
        assert r.returncode == 1
        for said in ('sources.yaml:2:5: a source has no key "form"; did you '
                     'mean "from"?',
                     '3:13: "from" has no key "fiels"',
                     '5:20: expected a text or a list',
                     '8:14: a log source has no key "produkt"',
                     '10:5: expected a list of names',
                     '11:5: expected a list of names',
                     '12:1: the file has no key "feilds"'):
            assert said in r.stderr, r.stderr


def test_the_shipped_mapping_serves_rules_of_both_vocabularies(tmp_path):
    (tmp_path / "r.yml").write_text("---\n".join([
        rule("{product: linux, service: auth}", "{src_ip: 203.0.113.9}"),
        rule("{product: linux, service: sshd}", "{source.ip: 203.0.113.9}"),
        rule("{product: linux, service: sshd}", "{User: alice}")]))
    (tmp_path / "c.yaml").write_text(json.dumps({"rules": [str(RULES)]}))
    (tmp_path / "auth.log").write_text(
        "Nov 23 21:24:35 web01 sshd[13505]: Failed password for alice from "
        "203.0.113.9 port 45765 ssh2\n")
    r = subprocess.run(
        [VEDETTE, "scan", "-c", tmp_path / "c.yaml", "-r", tmp_path / "r.yml",
         "--format", "json", tmp_path / "auth.log"],
        capture_output=True, text=True)
    assert len(r.stdout.splitlines()) == 3, r.stdout + r.stderr
