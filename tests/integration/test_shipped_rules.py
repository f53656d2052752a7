"""The rules and decoders that are shipped: right, complete, one a file."""
import os
import pathlib
import re
import subprocess
import uuid

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULES = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")) / "rules"
FILES = sorted(RULES.rglob("*.yml"))
LEVELS = {"informational", "low", "medium", "high", "critical"}


def section(text, key):
    """The indented block under a key, at whatever depth, without it."""
    m = re.search(rf"^( *){key}:[^\n]*\n((?:\1 +[^\n]*\n)*)", text, re.M)
    return m.group(2) if m else ""


def items(block):
    return re.findall(r"^ *- (.+)$", block, re.M)


def value(text, key):
    m = re.search(rf"^{key}: (.+)$", text, re.M)
    return m.group(1) if m else ""


@pytest.fixture
def config(tmp_path):
    c = tmp_path / "c.yaml"
    c.write_text(f'rules: ["{RULES.resolve()}"]\n')
    return c


def vedette(*argv, status=0):
    r = subprocess.run([VEDETTE, *map(str, argv)], capture_output=True,
                       text=True, timeout=120)
    assert r.returncode == status, r.stdout + r.stderr
    return r.stdout


def test_lint_finds_nothing(config):
    assert "rules load, 0 refused" in vedette(
        "rules", "lint", "--strict", "--own", "-c", config, RULES)


def test_all_tests_inside_rules_and_decoders_pass(config):
    said = vedette("rules", "test", "-c", config)
    assert int(re.match(r"\d+", said).group()) >= 2 * len(FILES)


def test_there_are_thirty_and_none_has_the_id_of_another():
    assert len(FILES) >= 30
    ids = [value(f.read_text(), "id") for f in FILES]
    assert len(set(ids)) == len(ids)
    assert all(uuid.UUID(i).version == 4 for i in ids)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_says_what_it_is_and_what_to_do(path):
    text = path.read_text()
    assert text.count("\ntitle: ") == 0 and text.startswith("title: ")
    for key in ("status", "description", "author", "date"):
        assert value(text, key), key
    assert value(text, "level") in LEVELS
    assert items(section(text, "falsepositives"))
    assert section(text, "runbook").strip() or "runbook: " in text
    tags = items(section(text, "tags"))
    assert any(re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", t) for t in tags)
    assert any(t.startswith("soc2.") for t in tags)
    assert len([t for t in tags if t.startswith("vedette.")]) == 1


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_is_tried_with_lines_that_match_and_that_do_not(path):
    tests = section(path.read_text(), "tests")
    assert items(section(tests, "match"))
    assert items(section(tests, "no_match"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_looks_at_fields_and_not_at_words_of_a_line(path):
    text = path.read_text()
    if "\ncorrelation:\n" in text:
        return
    detection = section(text, "detection")
    # Of requests there is one action, and what counts is what they ask.
    web = section(text, "logsource").strip() == "category: webserver"
    assert "event.action" in detection or (
        web and re.search(r"\b(cs|sc)-[a-z]+", detection))
    assert "keywords" not in detection


def test_a_forged_name_is_not_an_address(config, tmp_path):
    log = tmp_path / "auth.log"
    names = ["x from 198.51.100.66 port 22 ssh2", "root from 198.51.100.66",
             "a 198.51.100.66 port 1 [preauth]", "", " "]
    log.write_text("".join(
        f"Nov 23 21:24:35 web01 sshd[7]: {line}\n" for n in names for line in (
            f"Invalid user {n} from 203.0.113.9 port 51317",
            f"Failed password for invalid user {n} from 203.0.113.9 port "
            "51317 ssh2",
            f"Connection closed by invalid user {n} 203.0.113.9 port 51317 "
            "[preauth]")))
    out = vedette("scan", "-c", config, "--format", "json", log, status=1)
    assert len(out.splitlines()) == 3 * len(names)
    addresses = re.findall(r'"source":\{[^}]*"ip":"([^"]*)"', out)
    assert addresses == ["203.0.113.9"] * 3 * len(names)
