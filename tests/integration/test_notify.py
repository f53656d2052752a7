"""What systemd is told, over a real notify socket."""
import os
import signal
import socket
import time

from sensor import Sensor, wait_for


class Notify:
    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self.socket.setblocking(False)
        self.heard = []     # (when, {name: value})

    def read(self):
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return self.heard
            self.heard.append((time.monotonic(), dict(l.split("=", 1) for l in text.splitlines())))

    def saying(self, name):
        return [(when, said) for when, said in self.read() if name in said]

    def env(self, usec=None):
        env = dict(os.environ, NOTIFY_SOCKET=self.path)
        if usec:
            env["WATCHDOG_USEC"] = str(usec)
        return env


def test_a_life_as_systemd_hears_it():
    for abstract in (False, True):
        with Sensor() as sensor:
            notify = Notify(f"@vedette-{os.getpid()}" if abstract else str(sensor.dir / "notify"))
            sensor.start(env=notify.env())
            wait_for(lambda: notify.saying("READY"))
            assert [sorted(s)[0] for _, s in notify.read()] == ["READY"]
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            sensor.process.send_signal(signal.SIGHUP)
            wait_for(lambda: len(notify.saying("READY")) == 2)
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            reloading = notify.saying("RELOADING")[0][1]
            assert reloading["RELOADING"] == "1"
            assert before <= int(reloading["MONOTONIC_USEC"]) <= after
            assert ["RELOADING" in s for _, s in notify.read()] == [False, True, False]
            # A reload that is refused is over too.
            sensor.write_rule("next.yml", "title: [\n")
            assert sensor.vedette("reload").returncode == 1
            wait_for(lambda: len(notify.saying("READY")) == 3)
            assert len(notify.saying("RELOADING")) == 2
            assert sensor.stop() == 0
            assert "STOPPING" in notify.read()[-1][1]
            assert len(notify.saying("STOPPING")) == 1 and not notify.saying("WATCHDOG")
            notify.socket.close()


def test_the_watchdog_is_fed_by_the_judge():
    with Sensor() as sensor:
        notify = Notify(str(sensor.dir / "notify"))
        sensor.start(env=notify.env(usec=600000))
        wait_for(lambda: len(notify.saying("WATCHDOG")) >= 8)
        at = [when for when, _ in notify.saying("WATCHDOG")]
        # A third of what systemd waits.
        assert max(b - a for a, b in zip(at, at[1:])) < 0.5, at
        assert (at[-1] - at[0]) / (len(at) - 1) > 0.15
        judge = sensor.roles()["judge"]
        os.kill(judge, signal.SIGSTOP)
        end = time.monotonic() + 0.3
        wait_for(lambda: time.monotonic() > end)
        stopped = len(notify.saying("WATCHDOG"))
        end = time.monotonic() + 1
        wait_for(lambda: time.monotonic() > end)
        assert len(notify.saying("WATCHDOG")) == stopped
        os.kill(judge, signal.SIGCONT)
        wait_for(lambda: len(notify.saying("WATCHDOG")) > stopped)


def test_a_watchdog_of_another_process_is_not_fed():
    with Sensor() as sensor:
        notify = Notify(str(sensor.dir / "notify"))
        env = notify.env(usec=300000)
        env["WATCHDOG_PID"] = "1"
        sensor.start(env=env)
        end = time.monotonic() + 0.6
        wait_for(lambda: time.monotonic() > end)
        assert not notify.saying("WATCHDOG")


def test_an_odd_notify_socket_is_no_reason_to_stop():
    for odd in ("/nowhere/notify", "relative", "@", "/" + "x" * 300, ""):
        with Sensor() as sensor:
            sensor.start(env=dict(os.environ, NOTIFY_SOCKET=odd, WATCHDOG_USEC="nonsense"))
            assert sensor.stop() == 0
