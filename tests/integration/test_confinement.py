"""What a role that was taken over can do: nothing of this.

Runs vedette-probe, which is vedette with one decoder and one output more that
try it (tests/probe).
"""
import os
import pathlib

import pytest
import sensor as module
from sensor import Sensor, line, wait_for

PROBE = pathlib.Path(module.VEDETTE).with_name("vedette-probe")


@pytest.fixture
def probe(monkeypatch):
    if not PROBE.exists():
        pytest.fail(f"{PROBE} is not built")
    monkeypatch.setattr(module, "VEDETTE", str(PROBE))


def tried(sensor, prefix):
    text = sensor.log.read_text(errors="replace")
    return [l.split(prefix, 1)[1].strip() for l in text.splitlines() if prefix in l]


def test_judge_and_courier_can_do_nothing_else(probe):
    with Sensor() as sensor:
        sensor.write_config(sensor.text + "outputs:\n  - trespass: "
                            f"{{ journal: {sensor.state}/journal.db, logfile: {sensor.logs}/app.log }}\n")
        log = sensor.logs / "app.log"
        log.touch(0o644)
        sensor.start()
        with open(log, "a") as out:
            out.write(line(1, "trespass now"))
            out.write(line(2))
        wait_for(lambda: sensor.said("trespass: done"))
        wait_for(lambda: sensor.said("trespass: courier: done"))
        judge = tried(sensor, "judge: trespass:")
        courier = tried(sensor, "courier: trespass: courier:")
        print("\n".join(["judge:"] + judge + ["courier:"] + courier))
        assert len(judge) == 10 and len(courier) == 7
        assert not [t for t in judge + courier if "SUCCEEDED" in t]
        # The journal is where it was said to be, or the test proves nothing.
        assert list(sensor.state.glob("journal.db*"))
        # And the sensor goes on.
        assert wait_for(lambda: sensor.numbers() == [2])


def both(sensor):
    """Lines 0 and 2 are kept; a journal that is just being made has neither."""
    try:
        return sensor.numbers() == [0, 2]
    except AssertionError:
        return False


def test_a_record_that_kills_the_judge_is_passed_over_the_fourth_time(probe):
    with Sensor() as sensor:
        log = sensor.logs / "app.log"
        log.write_text(line(0) + line(1, "die here") + line(2))
        log.chmod(0o644)
        deaths = 0
        for _ in range(10):
            sensor.start(wait=False)
            wait_for(lambda: sensor.ended() or both(sensor))
            if not sensor.ended():
                break
            deaths += 1
            sensor.process = None
        assert deaths == 3
        assert sensor.numbers() == [0, 2]
        assert [a for a in sensor.alerts() if a.get("rule", {}).get("id") == "record-quarantined"]


def test_behind_the_seal_limits_can_be_read():
    """Else the judge believes that it may hold few files, and reopens them."""
    with Sensor(logs=("*.log",)) as sensor:
        for n in range(150):
            (sensor.logs / f"{n}.log").write_text(line(n))
            (sensor.logs / f"{n}.log").chmod(0o644)
        sensor.start()
        wait_for(lambda: sensor.numbers() == list(range(150)))
        assert len(os.listdir(f"/proc/{sensor.roles()['judge']}/fd")) > 150


def test_the_level_in_force_shows_in_status():
    with Sensor() as sensor:
        sensor.start()
        assert "landlock" in sensor.vedette("status").stdout


def test_roles_run_as_their_users_without_capabilities():
    if os.geteuid() != 0:
        pytest.skip("not root")
    with Sensor() as sensor:
        sensor.start()
        found = {}
        for name, pid in sensor.roles().items():
            status = dict(l.split(":", 1) for l in
                          pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
            assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
            found[name] = (pathlib.Path(f"/proc/{pid}").stat().st_uid, int(status["CapEff"], 16),
                           int(status["Uid"].split()[0]))
        import pwd
        assert found["judge"][2] == pwd.getpwnam("_vedette").pw_uid and found["judge"][1] == 0
        assert found["files"][2] == pwd.getpwnam("_vedette-watch").pw_uid
        # CAP_DAC_READ_SEARCH, for logs that are root's alone.
        assert found["files"][1] in (0, 1 << 2)
