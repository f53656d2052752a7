"""A state directory that can't be written: full, read-only, over a limit.

Nothing crashes, the sources wait, and once there is room all is there, once.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import pwd
import resource
import subprocess
import time

import pytest
from sensor import Sensor, wait_for
from test_exactly_once import hold_against, settled
from writer import Writer

CLONE_NEWNS = 0x20000


@pytest.fixture(scope="module", autouse=True)
def own_mounts():
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNS) == 0
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@contextlib.contextmanager
def mounted(sensor, size="64m", loop=False):
    sensor.state.mkdir()
    user = pwd.getpwnam("_vedette")
    if loop:
        image = sensor.dir / "image"
        subprocess.run(["truncate", "-s", size, image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-E", f"root_owner={user.pw_uid}:{user.pw_gid}", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, sensor.state], check=True)
        (sensor.state / "lost+found").rmdir()
        os.chmod(sensor.state, 0o700)
    else:
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size={size},mode=0700,uid={user.pw_uid},gid={user.pw_gid}", "none", sensor.state],
                       check=True)
    try:
        yield sensor.state
    finally:
        with contextlib.suppress(AssertionError):
            sensor.stop()
        subprocess.run(["umount", "-l", sensor.state], check=True)


def fill(directory, leave=0):
    """One file that takes all there is, but for so many bytes."""
    path = directory / "foreign"
    with open(path, "ab", buffering=0) as out:
        for piece in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while True:
                    out.write(b"x" * piece)
    if leave:
        os.truncate(path, path.stat().st_size - leave)
    return path


def status(sensor):
    done = sensor.vedette("status", "--json")
    return done.returncode, json.loads(done.stdout)


def keep_full(path, seconds):
    """Whatever is set free is taken at once, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fill(path)
        time.sleep(0.02)


@pytest.mark.parametrize("loop", [False, True])
def test_a_full_disk_makes_the_sources_wait_and_loses_nothing(loop):
    with Sensor() as sensor, mounted(sensor, "128m", loop):
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=1000).start()
        try:
            wait_for(lambda: writer.count > 1000)
            fill(sensor.state)
            wait_for(lambda: sensor.said("nothing is read until") or not fill(sensor.state))
            keep_full(sensor.state, 5)
            code, now = status(sensor)
            assert code == 1 and any("journal" in text for text in now["degraded"]), now
            assert not sensor.ended()
            roles = sensor.roles()
            (sensor.state / "foreign").unlink()
            wait_for(lambda: sensor.said("written again"))
        finally:
            writer.stop()
        numbers = settled(sensor, writer.count)
        print(sensor.log.read_text())
        hold_against(numbers, writer.count)
        assert sensor.roles() == roles
        assert [a for a in sensor.alerts() if a["rule"]["id"] == "journal-full"]
        wait_for(lambda: status(sensor)[1]["degraded"] == [])
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_on_a_small_disk_the_oldest_go_before_it_is_full():
    with Sensor() as sensor, mounted(sensor):
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=5000).start()
        try:
            wait_for(lambda: writer.count > 60000, 60)
        finally:
            writer.stop()
        wait_for(lambda: sensor.numbers()[-1:] == [writer.count - 1], 30, 0.5)
        numbers = sensor.numbers()
        print(f"{writer.count} lines, {len(numbers)} kept")
        assert numbers == list(range(numbers[0], writer.count)) and numbers[0] > 0
        assert not sensor.said("nothing is read until")
        sensor.vedette("verify", check=0)


def test_a_start_on_a_full_disk_crashes_nothing():
    with Sensor() as sensor, mounted(sensor):
        (sensor.logs / "app.log").write_text("")
        fill(sensor.state)
        sensor.start(wait=False)
        wait_for(lambda: sensor.ended() or sensor.said("started"))
        assert "signal" not in sensor.log.read_text()
        assert "full" in sensor.log.read_text() or "No space" in sensor.log.read_text()
        if not sensor.ended():
            assert status(sensor)[0] == 1
        (sensor.state / "foreign").unlink()
        if sensor.ended():
            sensor.start()
        writer = Writer(sensor.logs / "app.log")
        writer.write(100)
        hold_against(settled(sensor, 100), 100)
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_a_reload_and_a_restart_on_a_full_disk_lose_nothing():
    with Sensor() as sensor, mounted(sensor):
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=1000).start()
        try:
            wait_for(lambda: writer.count > 1000)
            wait_for(lambda: sensor.said("nothing is read until") or not fill(sensor.state))
            keep_full(sensor.state, 1)
            done = sensor.vedette("reload")
            print(done)
            keep_full(sensor.state, 2)
            assert not sensor.ended(), "a reload on a full disk ended the sensor"
            assert sensor.stop() == 0
            sensor.start(wait=False)
            keep_full(sensor.state, 2)
            (sensor.state / "foreign").unlink()
            wait_for(lambda: sensor.ended() or sensor.said("started") == 3)
            if sensor.ended():
                sensor.start()
        finally:
            writer.stop()
        hold_against(settled(sensor, writer.count), writer.count)
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_a_file_system_gone_read_only_is_told_and_survived():
    with Sensor() as sensor, mounted(sensor, loop=True):
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=1000).start()
        try:
            wait_for(lambda: writer.count > 1000)
            subprocess.run(["mount", "-o", "remount,abort", sensor.state], check=True)
            wait_for(lambda: sensor.said("nothing is read until"))
            assert status(sensor)[0] == 1
            wait_for(lambda: writer.count > 3000)
            assert not sensor.ended()
        finally:
            writer.stop()
        sensor.stop()
        subprocess.run(["umount", sensor.state], check=True)
        subprocess.run(["mount", "-o", "loop", sensor.dir / "image", sensor.state], check=True)
        sensor.start()
        hold_against(settled(sensor, writer.count), writer.count)
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_a_limit_on_file_sizes_is_a_full_disk():
    with Sensor() as sensor, mounted(sensor):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, before[1]))
        try:
            sensor.start()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        writer = Writer(sensor.logs / "app.log", rate=3000).start()
        try:
            wait_for(lambda: sensor.said("nothing is read until") or sensor.ended())
            assert not sensor.ended(), sensor.log.read_text()
            assert status(sensor)[0] == 1
        finally:
            writer.stop()
        sensor.stop()
        sensor.start()
        hold_against(settled(sensor, writer.count), writer.count)
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_a_cap_holds_under_load_and_the_chain_is_anchored():
    with Sensor(config="store: { size: 16M }\n") as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=5000).start()
        largest = 0
        try:
            end = time.monotonic() + 15
            while time.monotonic() < end:
                used = sum(f.stat().st_blocks * 512 for f in sensor.state.iterdir())
                largest = max(largest, used)
                time.sleep(0.1)
            assert not sensor.ended()
        finally:
            writer.stop()
        wait_for(lambda: sensor.numbers()[-1:] == [writer.count - 1], 30, 0.5)
        numbers = sensor.numbers()
        print(f"{writer.count} lines, {len(numbers)} kept, largest {largest >> 10} KiB")
        assert numbers == list(range(numbers[0], writer.count)) and numbers[0] > 0
        # And the write-ahead log, whose limit is 16 MiB.
        assert largest <= (16 + 16) << 20
        sensor.vedette("verify", check=0)
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)
