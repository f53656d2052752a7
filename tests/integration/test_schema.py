"""check --schema: editors complete and check by it."""
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULES = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve() / "rules"
KINDS = ("rule", "exception", "override", "config")


def schema(kind):
    return json.loads(subprocess.run(
        [VEDETTE, "check", "--schema", kind], capture_output=True, text=True,
        check=True).stdout)


def test_each_kind_of_file_has_one():
    for kind in KINDS:
        s = schema(kind)
        assert s["title"] == kind
        assert json.dumps(s).count('"description"') >= 5
    r = subprocess.run([VEDETTE, "check", "--schema", "nothing"],
                       capture_output=True)
    assert r.returncode == 2


def test_it_is_made_of_the_tables_that_read():
    rule = schema("rule")["properties"]
    assert {"tests", "runbook", "regex", "key", "suppress", "expect",
            "late", "rearm"} == set(rule["vedette"]["properties"])
    assert "value_median" in rule["correlation"]["properties"]["type"]["enum"]
    assert rule["level"]["enum"][0] == "informational"
    config = schema("config")["properties"]
    assert {"inputs", "outputs", "store", "rules", "state"} <= set(config)
    effective = subprocess.run(
        [VEDETTE, "check", "--effective"], capture_output=True, text=True)
    keys = {line.split(":")[0] for line in effective.stdout.splitlines()
            if line and line[0].isalpha()}
    assert keys <= set(config)


def keys_of(schema):
    """Names of all keys that a schema has a table for."""
    for name, below in schema.get("properties", {}).items():
        yield name
        yield from keys_of(below)
        yield from keys_of(below.get("items", {}))


def test_the_manual_has_every_key_of_the_configuration():
    manual = (RULES.parent / "sensor/man/vedette.yaml.5").read_text()
    said = set(" ".join(line[7:] for line in manual.splitlines()
                        if line.startswith(".It Ic ")).replace(",", "").split())
    assert set(keys_of(schema("config"))) - said == set()


def test_the_manual_has_every_key_of_a_rule_that_is_ours():
    manual = (RULES.parent / "sensor/man/vedette-rules.7").read_text()
    rule = schema("rule")["properties"]
    for part in ("vedette", "correlation"):
        for key in keys_of(rule[part]):
            assert f"Ic {key}" in manual or f"Li {key}" in manual, key


@pytest.fixture
def complaints():
    """What is wrong with each document of a rule file, as JSON knows it."""
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    validator = jsonschema.Draft7Validator(schema("rule"))

    def complain(text):
        docs = [json.loads(json.dumps(doc, default=str))
                for doc in yaml.safe_load_all(text) if doc is not None]
        return [e.message for doc in docs for e in validator.iter_errors(doc)]
    return complain


def test_our_rules_are_valid_by_it(complaints):
    files = [f for f in RULES.rglob("*.yml") if "decoders" not in f.parts]
    assert len(files) > 50
    for f in files:
        assert complaints(f.read_text()) == [], f


CORRELATION = """
title: t
correlation:
    type: event_count
    rules: [a]
    group-by: source.ip
    timespan: 5m
    condition: { gte: 10 }
vedette: { rearm: 15m, late: 5s }
"""


@pytest.mark.parametrize("right,wrong", [
    ("event_count", "evnt_count"),
    ("group-by", "group_by"),
    ("    timespan: 5m\n", ""),
    ("rearm", "rerarm"),
    ("rules: [a]", "rules: { a: b }"),
])
def test_it_finds_what_is_wrong_in_a_correlation(complaints, right, wrong):
    assert complaints(CORRELATION) == []
    assert right in CORRELATION
    assert complaints(CORRELATION.replace(right, wrong)) != []


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = shutil.which("yaml-language-server")
    if found:
        return [found, "--stdio"]
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("neither yaml-language-server nor node and npm are here")
    place = tmp_path_factory.mktemp("npm")
    try:
        subprocess.run(["npm", "install", "--silent", "--no-audit",
                        "--no-fund", "yaml-language-server"], cwd=place,
                       check=True, timeout=90, capture_output=True)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("npm's registry can't be reached")
    return [str(place / "node_modules/.bin/yaml-language-server"), "--stdio"]


class Editor:
    """As much of an editor as it takes to ask a language server."""

    def __init__(self, argv):
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.buf = b""
        self.ask("initialize", {"processId": None, "rootUri": None,
                                "capabilities": {}}, 1)
        self.until(lambda m: m.get("id") == 1)
        self.ask("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.p.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.p.stdin.flush()

    def ask(self, method, params, number=None):
        self.send({"method": method, "params": params,
                   **({"id": number} if number else {})})

    def message(self, deadline):
        while True:
            head, gap, rest = self.buf.partition(b"\r\n\r\n")
            if gap:
                size = int(head.lower().split(b"content-length:")[1].split()[0])
                if len(rest) >= size:
                    self.buf = rest[size:]
                    return json.loads(rest[:size])
            left = deadline - time.monotonic()
            assert left > 0, "the language server does not answer"
            if select.select([self.p.stdout], [], [], left)[0]:
                got = os.read(self.p.stdout.fileno(), 65536)
                assert got, "the language server ended"
                self.buf += got

    def until(self, wanted):
        deadline = time.monotonic() + 30
        while True:
            m = self.message(deadline)
            if "id" in m and "method" in m:
                self.send({"id": m["id"], "result":
                           [{}] * len(m["params"].get("items", []))
                           if m["method"] == "workspace/configuration"
                           else None})
            if wanted(m):
                return m

    def open(self, uri, text):
        self.ask("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 1, "text": text}})
        return self.until(lambda m: m.get("method") ==
                          "textDocument/publishDiagnostics" and
                          m["params"]["uri"] == uri)["params"]["diagnostics"]

    def complete(self, uri, line, column):
        self.ask("textDocument/completion", {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column}}, 2)
        result = self.until(lambda m: m.get("id") == 2)["result"]
        return {i["label"] for i in result["items"]}


@pytest.fixture
def editor(server):
    e = Editor(server)
    yield e
    e.p.kill()
    e.p.wait()


def test_an_editor_marks_what_is_misspelt_and_completes(editor, tmp_path):
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(schema("rule")))
    text = (f"# yaml-language-server: $schema=file://{path}\n"
            "title: t\n"
            "logsource: { product: linux }\n"
            "detection:\n"
            "  s: { f|contian: x }\n"
            "  condition: s\n"
            "level: hihg\n"
            "vedette:\n"
            "  rnbook: x\n")
    said = editor.open(f"file://{tmp_path}/a.yml", text)
    lines = {d["range"]["start"]["line"] for d in said}
    assert lines == {4, 6, 8}, said
    good = (text.replace("contian", "contains").replace("hihg", "high")
            .replace("rnbook", "runbook"))
    assert editor.open(f"file://{tmp_path}/b.yml", good) == []
    half = text.split("detection:")[0] + "det"
    editor.open(f"file://{tmp_path}/c.yml", half)
    assert "detection" in editor.complete(f"file://{tmp_path}/c.yml", 3, 3)
