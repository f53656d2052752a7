"""systemd's journal, read while a real journald does what journalds do."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


def play(name):
    if os.geteuid() != 0:
        pytest.skip("not root")
    if not pathlib.Path("/lib/systemd/systemd-journald").exists():
        pytest.skip("no systemd-journald")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespace of our own")
    done = subprocess.run(["unshare", "--mount", sys.executable, HERE / "journal_scenario.py", name],
                          cwd=HERE, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout)


def nothing_lost_or_double(told):
    print({k: v for k, v in told.items() if k not in ("log", "gaps")})
    assert (told["lost"], told["double"], told["alien"]) == (0, 0, 0), told
    assert told["gaps"] == []


def test_rotation_loses_and_doubles_nothing():
    told = play("rotation")
    nothing_lost_or_double(told)
    assert told["stored"] == 20000 and told["rotations"] >= 20


def test_kills_and_stops_lose_and_double_nothing():
    told = play("kills")
    nothing_lost_or_double(told)
    assert told["stored"] == 20000 and len(told["kills"]) == 10


def test_a_journald_that_is_killed_loses_nothing_that_it_stored():
    told = play("restart")
    nothing_lost_or_double(told)
    assert told["restarts"] == 6 and told["stored"] > 7000


def test_what_was_vacuumed_is_a_gap_and_the_rest_is_read():
    told = play("vacuum")
    assert told["numbers"] == [*range(100), *range(150, 200)]
    assert [(g["reason"], g["count"]) for g in told["gaps"]] == [("vacuumed", 50)]
    assert told["cpu"] < 0.2


def test_a_damaged_file_is_a_gap_and_the_rest_is_read():
    told = play("corrupt")
    print(told["of_damaged"], "of 1000 read from the damaged file")
    assert told["behind"] == 1000 and told["double"] == 0
    assert [g["reason"] for g in told["gaps"]] == ["unreadable"]
    # One entry at each end of the damage may have lost its message alone.
    assert 998 <= told["of_damaged"] + told["gaps"][0]["count"] <= 1000
    assert told["cpu"] < 0.2


def test_what_journald_suppressed_is_a_gap_and_a_forged_notice_is_none():
    told = play("suppressed")
    if not told["driver"]:
        pytest.skip("journald knows of no unit here, and limits nobody")
    assert [(g["reason"], g["count"]) for g in told["gaps"]] == [
        ("suppressed", int(n)) for n in told["driver"]]
    assert f"journal suppressed {told['driver'][0]} records" in told["alerts"]
    assert "4711" not in told["alerts"]


@pytest.fixture(scope="module")
def hostile():
    told = play("hostile")
    assert not told["ended"], told["log"]
    found = {}
    for a in told["alerts"]:
        if a["event"].get("original", "").startswith("observable "):
            found[a["event"]["original"].split()[1]] = a
    return told, found


def test_a_client_can_not_forge_what_journald_knows(hostile):
    told, found = hostile
    for name in ("binary", "newline", "forged", "big", "big-name", "big-fields", "big-other", "many", "last"):
        a = found[name]
        assert a["process"]["executable"] == told["python"], name
        assert a["vedette"]["fields"]["journald.uid"] == "0", name
        assert a["process"]["pid"] > 1, name
        assert a["@timestamp"][:4] != "1970", name
    assert found["forged"]["process"]["name"] == "sshd"
    assert found["newline"]["log"]["syslog"]["severity"]["code"] == 6
    assert "\n_UID=0\n" in found["newline"]["event"]["original"]


def test_a_large_field_is_cut_and_flagged_and_the_message_survives(hostile):
    _, found = hostile
    for name in ("big", "big-name", "big-fields", "big-other", "many"):
        assert found[name]["vedette"]["cut"] is True, name
    assert found["big"]["length"] > 60000
    for name in ("newline", "forged", "packed", "twice", "last"):
        assert "cut" not in found[name]["vedette"], name
    assert "code" not in found["big-fields"].get("log", {}).get("syslog", {}).get("severity", {})


def test_a_first_start_begins_at_the_end_and_stays_there():
    told = play("first")
    assert told["end"] == list(range(1000, 1010))
    assert told["beginning"] == list(range(1010))


@pytest.fixture(scope="module")
def chosen():
    return play("chosen")


def test_any_match_is_enough_and_what_is_left_out_is_no_gap(chosen):
    assert chosen["matched"] == [n for n in range(40) if n % 4 in (0, 2)]
    assert chosen["gaps"] == []


@pytest.mark.parametrize("name, what", [("match", "expected FIELD=value"), ("twice", "only one is read")])
def test_a_choice_that_can_not_be_is_refused(chosen, name, what):
    status, said = chosen["wrong"][name]
    assert status == 1 and what in said
    assert "vedette.yaml:" in said


def test_reloads_lose_and_double_nothing(chosen):
    print(chosen["reloads"], "reloads", chosen["reloaded"])
    assert chosen["reloads"] >= 2
    assert chosen["reloaded"]["different"] == chosen["reloaded"]["all"] == 6000


def test_a_flush_to_a_new_persistent_journal_loses_and_doubles_nothing():
    told = play("persistent")
    assert (told["running"], told["after"], told["double"]) == (200, 300, 0)
    assert told["gaps"] == []


def test_the_seal_refuses_nothing_that_reading_needs():
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    told = play("sealed")
    assert told["numbers"] == 1005 and told["calls"] > 100
    assert told["refused"] == []


def test_a_long_journal_is_caught_up_with():
    told = play("throughput")
    print("{:.0f} entries/s from journal to durable alert; CPU seconds {}".format(
        told["count"] / told["seconds"], told["cpu"]))
    assert (told["lost"], told["double"]) == (0, 0)
