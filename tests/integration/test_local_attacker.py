"""A user of this host without rights: nothing of the sensor is his."""
import os
import pathlib
import pwd
import socket
import subprocess

import pytest
from sensor import VEDETTE, Sensor, line, wait_for

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture(autouse=True)
def root():
    if os.geteuid() != 0:
        pytest.skip("becoming somebody needs root")


def as_nobody(*argv):
    return subprocess.run([*NOBODY, *map(str, argv)], capture_output=True, text=True, timeout=30)


def test_an_unprivileged_user_gets_nothing():
    with Sensor() as sensor:
        (sensor.logs / "app.log").write_text("")
        sensor.start()
        (sensor.logs / "app.log").write_text(line(1))
        wait_for(lambda: sensor.numbers() == [1])
        state = sensor.state
        tries = [
            ["ls", state], ["cat", state / "journal.db"], ["cat", state / "journal.db-wal"],
            ["touch", state / "x"], ["touch", sensor.run / "x"], ["rm", "-f", sensor.run / "control.sock"],
            ["mv", sensor.run / "control.sock", sensor.run / "y"], ["touch", sensor.rules / "x.yml"],
            [VEDETTE, "alerts", "--state", state], [VEDETTE, "status", "-c", sensor.config],
            [VEDETTE, "reload", "-c", sensor.config], [VEDETTE, "alerts", "-c", sensor.config],
        ]
        for pid in [*sensor.roles().values(), sensor.process.pid]:
            tries += [["kill", "-0", pid], ["kill", "-HUP", pid], ["cat", f"/proc/{pid}/mem"],
                      ["ls", f"/proc/{pid}/fd"], ["cat", f"/proc/{pid}/environ"],
                      ["cat", f"/proc/{pid}/maps"]]
        for argv in tries:
            done = as_nobody(*argv)
            assert done.returncode != 0, (argv, done)
            assert "numbered" not in done.stdout, (argv, done)
        assert not sensor.ended() and len(sensor.roles()) == 2
        for pid in sensor.roles().values():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]


def test_whoever_gets_to_the_socket_without_a_group_is_refused_and_noted():
    with Sensor() as sensor:
        sensor.start()
        # As if somebody had opened it by hand.
        (sensor.run / "control.sock").chmod(0o777)
        for argv in (["status"], ["alerts"], ["reload"]):
            done = as_nobody(VEDETTE, *argv, "-c", sensor.config)
            assert done.returncode == 2 and "only root" in done.stdout + done.stderr, done
        sensor.stop()
        refused = sensor.vedette("alerts", "--json", "--state", str(sensor.state))
        assert "refus" in subprocess.run(
            ["strings", "-n", "6", sensor.state / "journal.db", *sensor.state.glob("journal.db-wal")],
            capture_output=True, text=True).stdout, refused


def make(path, how, sensor):
    target = sensor.dir / "target"
    target.mkdir(mode=0o700)
    victim = sensor.dir / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    user = pwd.getpwnam("_vedette")
    if how == "link":
        path.symlink_to(target)
    elif how == "dangling":
        path.symlink_to(sensor.dir / "nowhere")
    elif how == "file":
        path.write_text("")
    elif how == "other":
        path.mkdir(mode=0o700)
        os.chown(path, 65534, 65534)
    elif how == "group":
        path.mkdir()
        os.chown(path, user.pw_uid, user.pw_gid)
        path.chmod(0o770)
    elif how == "world":
        path.mkdir()
        os.chown(path, user.pw_uid, user.pw_gid)
        path.chmod(0o777)


@pytest.mark.parametrize("how", ["link", "dangling", "file", "other", "group", "world"])
def test_a_state_directory_that_is_not_ours_alone_is_refused(how):
    with Sensor() as sensor:
        make(sensor.state, how, sensor)
        sensor.start(wait=False)
        assert sensor.process.wait(20) != 0
        text = sensor.log.read_text()
        assert str(sensor.state) in text, text
        print(text)
        assert not list((sensor.dir / "target").iterdir())
        assert not (sensor.dir / "nowhere").exists()


@pytest.mark.parametrize("how", ["link", "dangling", "file", "other", "world"])
def test_a_run_directory_that_others_can_write_is_refused(how):
    with Sensor() as sensor:
        make(sensor.run, how, sensor)
        sensor.start(wait=False)
        wait_for(lambda: sensor.ended() or sensor.said("started"))
        text = sensor.log.read_text()
        assert str(sensor.run) in text, text
        print(text)
        assert not list((sensor.dir / "target").iterdir())
        assert not (sensor.dir / "nowhere").exists()


@pytest.mark.parametrize("name", ["attempt", "lock", "reserve", "journal.db", "journal.db-wal", "journal.db-shm"])
@pytest.mark.parametrize("how", ["link", "fifo", "directory"])
def test_planted_files_in_the_state_directory_harm_nobody(name, how):
    user = pwd.getpwnam("_vedette")
    with Sensor() as sensor:
        sensor.state.mkdir(mode=0o700)
        os.chown(sensor.state, user.pw_uid, user.pw_gid)
        victim = sensor.dir / "victim"
        victim.write_text("precious")
        os.chown(victim, user.pw_uid, user.pw_gid)
        planted = sensor.state / name
        if how == "link":
            planted.symlink_to(victim)
        elif how == "fifo":
            os.mkfifo(planted, 0o600)
        else:
            planted.mkdir(mode=0o700)
        os.chown(planted, user.pw_uid, user.pw_gid, follow_symlinks=False)
        sensor.start(wait=False)
        wait_for(lambda: sensor.ended() or sensor.said("started"))
        if sensor.ended():
            assert "signal" not in sensor.log.read_text()
            assert name.split("-")[0] in sensor.log.read_text(), sensor.log.read_text()
        else:
            (sensor.logs / "app.log").write_text(line(1))
            (sensor.logs / "app.log").chmod(0o644)
            wait_for(lambda: sensor.numbers() == [1])
            assert sensor.stop() == 0
        assert victim.read_text() == "precious"


def test_a_socket_planted_for_the_clients_is_replaced():
    with Sensor() as sensor:
        sensor.run.mkdir()
        fake = socket.socket(socket.AF_UNIX)
        fake.bind(str(sensor.run / "control.sock"))
        fake.listen()
        sensor.start()
        assert "judge" in sensor.vedette("status").stdout
        fake.close()
