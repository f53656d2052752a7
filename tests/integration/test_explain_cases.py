"""rules explain says of the Sigma cases what scan does, and its parts agree with it."""
import json
import os
import pathlib
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
SOURCE = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve()
CASES = SOURCE / ".." / "shared" / "sigma" / "cases.jsonl"
EVENTS = 4      # of each case

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the Sigma cases are not here")


def rules(place, *argv, input=None):
    return subprocess.run([VEDETTE, "rules", *argv, "-c", place / "c.yaml", "--json"], input=input,
                          capture_output=True, text=True, timeout=60)


def told(place, rule, events):
    done = rules(place, "explain", rule, "-", input="".join(e + "\n" for e in events))
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(done.stdout)
    assert said["matched"] == (done.returncode == 0)
    return said


def check_event(place, rule, event, expected):
    said = told(place, rule, [event])
    assert said["matched"] == expected
    assert all(p["holds"] == expected for p in said["parts"][:1])
    assert ("failed" in said) != expected


def test_each_case_is_explained_as_it_is_matched(tmp_path):
    count = 0
    for n, line in enumerate(CASES.read_text().splitlines()):
        case = json.loads(line)
        if isinstance(case["expect"], (str, dict)):
            continue
        place = tmp_path / str(n)
        (place / "rules").mkdir(parents=True)
        (place / "rules" / "r.yml").write_text(case["rule"])
        (place / "c.yaml").write_text(json.dumps(
            {"rules": [str(place / "rules")], "placeholders": case.get("placeholders") or {}}))
        loaded = [json.loads(r) for r in rules(place, "list").stdout.splitlines()]
        events = [json.dumps(e, ensure_ascii=False) for e in case["events"]]
        counting = [r["id"] for r in loaded if r["title"] == "corr"]
        if isinstance(case["expect"], list) and len(loaded) == 1:
            for i, event in enumerate(events[:EVENTS]):
                check_event(place, loaded[0]["id"], event, i in case["expect"])
                count += 1
        elif isinstance(case["expect"], int) and len(counting) == 1:
            assert told(place, counting[0], events)["alerts"] == case["expect"], case["name"]
            count += 1
    assert count > 300
