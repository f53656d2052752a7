"""A sensor whose rules are broken at its start goes on with the last good ones."""
from sensor import COUNTING_RULE, Sensor, line, wait_for

BROKEN = "title: [\n"


def ended(sensor):
    sensor.start(wait=False)
    return sensor.process.wait(20)


def write(sensor, *numbers):
    with open(sensor.logs / "app.log", "a") as log:
        log.writelines(line(n) for n in numbers)
    (sensor.logs / "app.log").chmod(0o644)


def alarms(sensor):
    return [a for a in sensor.alerts() if a["rule"]["id"] == "rules-refused"]


def test_broken_rules_at_the_start_leave_the_last_good_ones_in_force():
    with Sensor() as sensor:
        sensor.write_rule("sub/second.yml", COUNTING_RULE.replace("numbered", "other")
                          .replace("4d7f6a1c01", "4d7f6a1c02").replace("Numbered", "Other"))
        (sensor.rules / "sub").chmod(0o755)
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        sensor.write_rule("sub/second.yml", BROKEN)
        for start in (1, 2):    # and it stays so
            sensor.start()
            write(sensor, start)
            wait_for(lambda: sensor.numbers() == list(range(1, start + 1)))
            assert "numbered.yml:2:" in sensor.log.read_text()
            status = sensor.vedette("status")
            assert status.returncode == 1 and "last good" in status.stdout
            found = alarms(sensor)
            assert len(found) == start and found[0]["vedette"]["level"] == "high"
            assert "numbered.yml:2:" in found[-1]["event"]["reason"]
            shown = sensor.vedette("show", found[-1]["vedette"]["short_id"]).stdout
            assert "event     rules-refused: " in shown and "numbered.yml:2:" in shown
            refused = [r for r in sensor.alerts("--kind", "load")
                       if r["event"]["action"] == "load-refused"
                       and r["vedette"]["load"]["by"] == "start"]
            assert len(refused) == start and "numbered.yml:2:" in refused[-1]["event"]["reason"]
            assert not (sensor.state / "rules.good.d").exists()
            sensor.vedette("reload", check=1)   # a reload falls back on nothing
            sensor.stop()
        sensor.write_rule("numbered.yml", COUNTING_RULE)
        (sensor.rules / "sub" / "second.yml").unlink()
        sensor.start()
        assert "last good" not in sensor.vedette("status").stdout
        load = sensor.alerts("--kind", "load")[-1]["vedette"]["load"]
        assert [load["added"], load["changed"], load["removed"]] == [0, 0, 1]
        assert len(alarms(sensor)) == 2


def test_a_reload_mends_a_start_with_broken_rules():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        sensor.start()
        sensor.write_rule("numbered.yml", COUNTING_RULE)
        sensor.vedette("reload", check=0)
        wait_for(lambda: "last good" not in sensor.vedette("status").stdout)


def test_without_a_good_set_broken_rules_are_the_end():
    with Sensor(rules=BROKEN) as sensor:
        assert ended(sensor) == 1
        assert "numbered.yml:2:" in sensor.log.read_text()


def test_a_damaged_copy_is_none():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        copy = sensor.state / "rules.good"
        good = copy.read_bytes()
        for bad in (b"", good[:20], good[:-1], good + b"x",
                    good[:60] + bytes([good[60] ^ 1]) + good[61:]):
            copy.write_bytes(bad)
            assert ended(sensor) == 1
        copy.write_bytes(good)
        sensor.start()


SHOP = """title: {title}
id: 3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c{n:02}
logsource: {{product: {product}}}
level: low
detection: {{words: {words}, condition: words}}
"""
SOURCES = """sources:
  - from: {{ files: ['{logs}/*'] }}
    gives: {{ product: shop }}
"""
EXCEPTION = """rule: 3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c13
match: ['numbered line']
reason: known
owner: alice
"""
OVERRIDE = """rule: 3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c11
level: critical
reason: ours
owner: alice
"""
DECODER = """decoder: counter
programs: [counter]
services: [counting]
patterns:
    - {name: numbered, match: '^numbered line (?<n>[0-9]+)$', fields: {event.category: counted}}
"""


def test_all_that_rules_hang_on_is_in_the_copy():
    """Log sources, tuning, placeholders and decoders that stand elsewhere."""
    with Sensor() as sensor:
        places = {d: sensor.dir / d for d in ("exceptions.d", "overrides.d", "more/decoders")}
        for place in places.values():
            place.mkdir(parents=True)
            place.parent.chmod(0o755)
            place.chmod(0o755)

        def put(path, text):
            path.write_text(text)
            path.chmod(0o644)

        sensor.write_rule("shop.yml", "---\n".join([
            SHOP.format(title="By log source", n=11, product="shop", words="['numbered line']"),
            SHOP.format(title="By placeholder", n=12, product="linux", words="{'message|expand': '%what%*'}"),
            SHOP.format(title="Excepted", n=13, product="linux", words="['numbered line']"),
            SHOP.format(title="By decoder", n=14, product="linux", words="{event.category: counted}"),
        ]))
        sensor.write_rule("sources.yaml", SOURCES.format(logs=sensor.logs))
        put(places["exceptions.d"] / "e.yaml", EXCEPTION)
        put(places["overrides.d"] / "o.yaml", OVERRIDE)
        put(places["more/decoders"] / "counter.yaml", DECODER)
        text = sensor.text
        sensor.write_config(text.replace("inputs:", "placeholders: {what: [numbered, 'it''s: \"so\"']}\ninputs:"))
        sensor.config.write_text(sensor.config.read_text().replace(
            f"rules: [{sensor.rules}]", f"rules: [{sensor.rules}, {places['more/decoders']}]"))
        good = sensor.config.read_text()

        def told():
            return {(a["rule"]["name"], a["vedette"]["level"]) for a in sensor.alerts("--kind", "alert")
                    if a["rule"]["id"].startswith("3f0b8c52")}

        want = {("Numbered line", "low"), ("By log source", "critical"), ("By placeholder", "low"),
                ("By decoder", "low")}
        sensor.start()
        write(sensor, 1)
        wait_for(lambda: told() == want)
        sensor.stop()

        sensor.write_rule("sources.yaml", "sources: [\n")
        put(places["exceptions.d"] / "e.yaml", BROKEN)
        (places["overrides.d"] / "o.yaml").unlink()
        put(places["more/decoders"] / "counter.yaml", BROKEN)
        put(sensor.config, good.replace("placeholders:", "#"))
        before = len(sensor.alerts("--kind", "alert"))
        sensor.start()
        for name in ("sources.yaml", "counter.yaml", "e.yaml"):
            assert f"{name}:2:1: " in sensor.log.read_text()
        assert "the last good ones are in force" in sensor.log.read_text()
        write(sensor, 2)
        wait_for(lambda: len(sensor.alerts("--kind", "alert")) == before + 5)  # and the alarm
        assert told() == want


def test_a_broken_configuration_is_an_error_with_its_place():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        for text, said in (("nope: 3\n", "vedette.yaml:7:1: "), ("store: {size: x}\n", "vedette.yaml:7:15: "),
                           ("outputs: [\n", "vedette.yaml:8:1: ")):
            sensor.log.unlink()
            sensor.write_config(sensor.text + text)
            assert ended(sensor) == 1
            assert said in sensor.log.read_text(), sensor.log.read_text()
            sensor.text = sensor.text[:-len(text)]
