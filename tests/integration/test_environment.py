"""Odd surroundings: the sensor works, or says in one line why it can't."""
import os
import pathlib
import pwd
import subprocess
import tempfile

import pytest
from sensor import VEDETTE, Sensor, line, wait_for
from test_exactly_once import hold_against, settled
from writer import Writer


def start_by(sensor, argv, **more):
    """Starts the sensor behind a command; waits until it runs or has ended."""
    before = sensor.said("started, judge is")
    with open(sensor.log, "ab") as log:
        sensor.process = subprocess.Popen(
            [*argv, VEDETTE, "run", "-c", str(sensor.config)], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, **more)
    wait_for(lambda: sensor.said("started, judge is") > before or sensor.ended())
    return sensor


def works(sensor):
    assert not sensor.ended(), sensor.log.read_text()
    writer = Writer(sensor.logs / "app.log")
    writer.write(50)
    hold_against(settled(sensor, 50), 50)
    assert sensor.stop() == 0


@pytest.mark.parametrize("redirect", ["<&- >&- 2>&-", "<&-", ">&-", "2>&-", "<&- 2>&-"])
def test_closed_standard_descriptors(redirect):
    with Sensor() as sensor:
        sensor.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" {redirect}', VEDETTE, "run", "-c", sensor.config])
        wait_for(lambda: (sensor.run / "control.sock").exists() or sensor.ended())
        sensor.vedette("reload", check=0)
        works(sensor)


def test_a_umask_of_nought_leaves_nothing_open():
    with Sensor() as sensor:
        start_by(sensor, ["sh", "-c", 'umask 0; exec "$0" "$@"'])
        paths = [sensor.state, *sensor.state.iterdir(), sensor.run]
        assert not [p for p in paths if p.stat().st_mode & 0o022], paths
        assert not [p for p in paths[:-1] if p.stat().st_mode & 0o077], paths
        assert (sensor.run / "control.sock").stat().st_mode & 0o007 == 0
        works(sensor)


def test_an_environment_of_nothing():
    with Sensor() as sensor:
        start_by(sensor, ["env", "-i"])
        works(sensor)


@pytest.mark.parametrize("zone", [":/nowhere/at/all", "Nowhere/Atall", "XXX-99:99:99", ":" + "x" * 5000, ""])
def test_an_odd_time_zone(zone):
    with Sensor() as sensor:
        start_by(sensor, [], env=dict(os.environ, TZ=zone))
        works(sensor)


def test_a_preloaded_library_that_is_not_there():
    with Sensor() as sensor:
        start_by(sensor, [], env=dict(os.environ, LD_PRELOAD="/nowhere/lib.so"))
        works(sensor)


def test_a_working_directory_that_is_gone():
    with Sensor() as sensor:
        gone = tempfile.mkdtemp(dir="/var/tmp")
        start_by(sensor, ["sh", "-c", 'rmdir "$PWD"; exec "$0" "$@"'], cwd=gone)
        works(sensor)


def test_few_descriptors_are_told_and_leave_the_rest_working():
    """64 descriptors in all, and 200 files."""
    names = [f"{n}.log" for n in range(200)]
    with Sensor(logs=("*.log",)) as sensor:
        for n, name in enumerate(names):
            (sensor.logs / name).write_text(line(n))
            (sensor.logs / name).chmod(0o644)
        start_by(sensor, ["prlimit", "--nofile=64:64"])
        assert not sensor.ended(), sensor.log.read_text()
        wait_for(lambda: len(sensor.numbers()) >= 20 or sensor.ended(), every=0.3)
        wait_for(lambda: sensor.said("descriptors"))
        assert not sensor.ended()
        assert "judge" in sensor.vedette("status").stdout
        sensor.vedette("reload", check=0)
        assert sensor.stop() == 0


def test_without_proc_it_says_so():
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    with Sensor() as sensor:
        start_by(sensor, ["unshare", "-m", "sh", "-c", 'umount -l /proc && exec "$0" "$@"'])
        assert sensor.process.wait(10) != 0
        assert "/proc" in sensor.log.read_text()


def test_without_its_users_it_says_so():
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    with Sensor() as sensor:
        passwd = sensor.dir / "passwd"
        passwd.write_text("".join(l for l in open("/etc/passwd") if not l.startswith("_vedette")))
        start_by(sensor, ["unshare", "-m", "sh", "-c",
                          f'mount --bind {passwd} /etc/passwd && exec "$0" "$@"'])
        assert sensor.process.wait(10) != 0
        assert "no user _vedette" in sensor.log.read_text()


def as_nobody():
    user = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def test_an_ordinary_user_gets_what_he_may_read():
    if os.geteuid() != 0:
        pytest.skip("becoming somebody needs root")
    with Sensor() as sensor:
        user = pwd.getpwnam("nobody")
        os.chown(sensor.dir, user.pw_uid, user.pw_gid)
        sensor.write_config(sensor.text.replace('app.log"', f'app.log", "{sensor.logs}/secret.log"'))
        secret = sensor.logs / "secret.log"
        secret.write_text(line(999))
        secret.chmod(0o600)
        (sensor.logs / "app.log").write_text("")
        (sensor.logs / "app.log").chmod(0o644)
        start_by(sensor, as_nobody())
        pids = sensor.roles()
        assert {pathlib.Path(f"/proc/{p}/status").read_text().split("Uid:\t")[1].split()[0]
                for p in pids.values()} == {str(user.pw_uid)}
        wait_for(lambda: sensor.said("secret.log"))
        with open(sensor.logs / "app.log", "a") as out:
            out.write(line(1))
        wait_for(lambda: sensor.numbers() == [1])
        # And he asks it, who is nobody's reader.
        done = subprocess.run([*as_nobody(), VEDETTE, "status", "-c", sensor.config],
                              capture_output=True, text=True)
        assert "judge" in done.stdout or "running" in done.stdout, done
        sensor.vedette("reload", check=0)
        assert sensor.stop() == 0


def test_a_role_started_by_hand_says_what_it_is():
    for role in ("judge", "files", "courier", "journal"):
        for redirect in ("", "3</dev/null", "3<&0"):
            done = subprocess.run(["sh", "-c", f'exec "$0" run -c /dev/null --role {role} {redirect}', VEDETTE],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
            assert done.returncode == 2, (role, redirect, done)
            assert "supervisor" in done.stderr, (role, redirect, done)


@pytest.mark.skipif(os.geteuid() != 0, reason="a sensor that is not root's reads what its user may change")
@pytest.mark.parametrize("spoil", [
    lambda s: (s.rules / "numbered.yml").chmod(0o666),
    lambda s: os.chown(s.rules / "numbered.yml", pwd.getpwnam("nobody").pw_uid, 0),
    lambda s: s.rules.chmod(0o777),
    lambda s: ((s.rules / "empty").mkdir(), (s.rules / "empty").chmod(0o777)),
    lambda s: os.chown(s.dir, pwd.getpwnam("nobody").pw_uid, 0),
    lambda s: s.config.chmod(0o646),
    lambda s: ((s.dir / "conf.d").mkdir(), (s.dir / "conf.d").chmod(0o777)),
    lambda s: ((s.dir / "exceptions.d").mkdir(), (s.dir / "exceptions.d").chmod(0o777)),
], ids=["file", "owner", "directory", "empty", "above", "configuration", "conf.d", "exceptions"])
def test_what_others_could_change_is_refused(spoil):
    with Sensor() as sensor:
        sensor.vedette("check", check=0)
        sensor.start()
        spoil(sensor)
        assert "root" in sensor.vedette("check", check=1).stderr
        refused = sensor.vedette("reload")
        assert refused.returncode == 1 and "root" in refused.stderr + refused.stdout
        works(sensor)
        start_by(sensor, ["env"])
        assert sensor.ended() and sensor.process.wait() != 0
        assert "could change what the sensor does" in sensor.log.read_text()


def test_check_counts_what_each_pattern_finds():
    with Sensor(logs=("*.log", "nothing/*")) as sensor:
        for name in ("a.log", "b.log", "old.gz"):
            (sensor.logs / name).write_text("")
        said = sensor.vedette("check", check=0).stdout
        assert f"{sensor.logs}/*.log: 2 files" in said
        assert f"{sensor.logs}/nothing/*: 0 files" in said
        assert "nothing would be observed" not in said
        for name in ("a.log", "b.log"):
            (sensor.logs / name).unlink()
        assert "nothing would be observed" in sensor.vedette("check", check=0).stdout
