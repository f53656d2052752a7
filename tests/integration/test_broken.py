"""What people get wrong: exit 1, file:line:column, and what runs stays."""
import re

import pytest
from sensor import COUNTING_RULE, Sensor

DECODER = """decoder: counter
programs: [counter]
services: [syslog]
patterns:
  - name: numbered
    match: '^numbered line (?<n>[0-9]+)$'
    fields: { event.action: counted, event.code: $n }
    tests:
      - line: 'numbered line 12'
        gives: { event.action: counted }
"""


def rule(old, new):
    assert old in COUNTING_RULE
    return COUNTING_RULE.replace(old, new)


def decoder(old, new):
    assert old in DECODER
    return DECODER.replace(old, new)


# name: (file, text, what the message must hold)
CONFIGURATION = {
    "tab": ("outputs:\n\t- file: {}\n", "tab"),
    "unknown key": ("rulse: [x]\n", 'did you mean "rules"'),
    "unknown input": ("inputs:\n  - fil: {}\n", "no input"),
    "unknown option": ("inputs:\n  - file: { path: [/x] }\n", 'did you mean "paths"'),
    "unknown output": ("outputs:\n  - webhok: {}\n", 'did you mean "webhook"'),
    "missing option": ("outputs:\n  - webhook: {}\n", "url"),
    "wrong size": ("store: { size: many }\n", "size"),
    "wrong word": ("sandbox: perhaps\n", "sandbox"),
    "wrong span": ("store: { size: 1G, alerts: soon }\n", "soon"),
    "duplicate key": ("sandbox: best\nsandbox: off\n", "sandbox"),
    "two outputs of one name": ("outputs:\n  - file: { path: /x }\n  - file: { path: /y }\n", "name"),
    "not a list": ("inputs: journal\n", "list"),
    "unclosed": ("outputs: [\n", "expected"),
}
RULES = {
    "modifier": (rule("- 'numbered line'", "message|containss: x"), 'did you mean "contains"'),
    "condition": (rule("condition: numbered", "condition: nobody"), "nobody"),
    "condition syntax": (rule("condition: numbered", "condition: numbered and"), "condition"),
    "regex": (rule("- 'numbered line'", "message|re: '('"), "parenthes"),
    "level": (rule("level: low", "level: loud"), "loud"),
    "tag": (rule("vedette.auth.failure", "soc2.cc99.1"), "soc2.cc99.1"),
    "no detection": (COUNTING_RULE.split("detection:")[0], "detection"),
    "cidr": (rule("- 'numbered line'", "source.ip|cidr: 10.0.0.1/8"), "10.0.0.1/8"),
    "same id": (COUNTING_RULE, "same id"),
    "own key": (COUNTING_RULE + "vedette: { runbok: x }\n", 'did you mean "runbook"'),
}
DECODERS = {
    "regex": (decoder("(?<n>", "(?<n"), "subpattern"),
    "group": (decoder("$n", "$nobody"), "nobody"),
    "record": (decoder("    tests:", "    record: longin\n    tests:"), "login"),
    "its own test": (decoder("gives: { event.action: counted }", "gives: { event.action: other }"), "other"),
    "key": (decoder("programs:", "programms:"), 'did you mean "programs"'),
}
CASES = ([("conf.yaml", *c) for c in CONFIGURATION.values()] +
         [("rules/next.yml", *c) for c in RULES.values()] +
         [("rules/decoders/next.yaml", *c) for c in DECODERS.values()])
NAMES = [f"{kind}: {name}" for kind, table in (("configuration", CONFIGURATION), ("rule", RULES),
                                              ("decoder", DECODERS)) for name in table]


@pytest.fixture(scope="module")
def running():
    with Sensor() as sensor:
        (sensor.rules / "decoders").mkdir()
        (sensor.rules / "decoders").chmod(0o755)
        sensor.good = sensor.text
        sensor.start()
        yield sensor


@pytest.mark.parametrize("file, text, told", CASES, ids=NAMES)
def test_a_mistake_is_named_with_its_place_and_what_runs_stays(running, file, text, told):
    sensor = running
    broken = sensor.dir / "vedette.yaml" if file == "conf.yaml" else sensor.dir / file
    if file == "conf.yaml":
        sensor.write_config(text if "inputs" in text else sensor.good + text)
    else:
        broken.write_text(text)
        broken.chmod(0o644)
    try:
        done = sensor.vedette("check", check=1)
        place = [l for l in done.stderr.splitlines()
                 if re.match(rf"{re.escape(str(sensor.dir))}/[\w./]+:\d+:\d+: ", l) and str(broken) in l]
        assert place, done.stderr
        assert any(told in l for l in done.stderr.splitlines()), done.stderr
        judge = sensor.roles()["judge"]
        assert sensor.vedette("reload", "--run", str(sensor.run)).returncode == 1
        assert sensor.roles()["judge"] == judge
    finally:
        if file == "conf.yaml":
            sensor.write_config(sensor.good)
        else:
            broken.unlink()


def test_after_all_mistakes_the_good_set_loads_and_each_is_on_record(running):
    running.vedette("reload", check=0)
    assert len([a for a in running.alerts() if a.get("rule", {}).get("id") == "reload-refused"]) == len(CASES)
