"""Receivers that are down while alerts arrive: nothing is lost, memory stays.

The whole sensor, confined as far as the kernel lets it, with a webhook, a
real rsyslogd by UDP and a file, none of them there at first (the file's
directory is not writable).
"""
import json
import os
import pathlib
import re
import socket
import time

import pytest

from courier import Server, figure, reply
from sensor import Sensor, line, wait_for
from test_syslog import Rsyslog

ALERTS = int(os.environ.get('VEDETTE_OUTAGE', '100000'))

OUTPUTS = '''outputs:
  - webhook: { name: soc, url: "http://127.0.0.1:%d/x", allow_http: true,
               batch: 20, secret_file: %s }
  - syslog: { name: siem, address: "udp://127.0.0.1:%d" }
  - file: { name: lines, path: %s/alerts.jsonl }
'''


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as free:
        return free.getsockname()[1]


def memory(pid):
    """KiB resident and proportional."""
    text = pathlib.Path('/proc/%d/smaps_rollup' % pid).read_text()
    return tuple(int(re.search(r'%s:\s+(\d+)' % name, text).group(1))
                 for name in ('Rss', 'Pss'))


class Receivers:
    """Ids that arrived at the webhook; rsyslogd and the file keep theirs."""

    def __init__(self, directory, port):
        self.ids = []
        self.port = port
        self.server = None
        self.rsyslog = Rsyslog(directory)

    def take(self, _connection, request):
        sent = json.loads(request.body)
        self.ids += [data['event']['id'] for data in sent['data']]
        return reply(204)

    def up(self):
        self.server = Server(self.take, port=self.port)
        self.rsyslog.start()

    def down(self):
        self.rsyslog.stop()
        if self.server is not None:
            self.server.__exit__()


def file_ids(path):
    return [json.loads(text)['event']['id']
            for text in path.read_text().splitlines()]


def syslog_ids(rsyslog):
    return [record['id'] for record in rsyslog.records()]


def count_lines(path):
    return path.read_bytes().count(b'\n') if path.exists() else 0


@pytest.mark.skipif(os.getuid() != 0, reason='needs root for the roles')
def test_every_alert_outlives_an_outage(tmp_path, capsys):
    port = free_port()
    receivers = Receivers(tmp_path, port)
    with Sensor(origin='beginning') as sensor:
        out = sensor.dir / 'out'
        out.mkdir(mode=0o755)
        secret = sensor.dir / 'secret'
        secret.write_text('whsec_' + 'QUJD' * 10 + '\n')
        secret.chmod(0o600)
        sensor.write_config('sandbox: require\n' + sensor.text + OUTPUTS % (
            port, secret, receivers.rsyslog.port, out))
        sensor.start()
        app = sensor.logs / 'app.log'
        try:
            with open(app, 'w') as log:
                app.chmod(0o644)
                for n in range(ALERTS):
                    log.write(line(n))
            wait_for(lambda: len(sensor.vedette(
                'alerts', '--json', '--limit', str(ALERTS + 1)
            ).stdout.splitlines()) >= ALERTS, 120, 1)
            for name in ('soc', 'siem', 'lines'):
                assert sensor.said('output %s:' % name)
            pids = sensor.roles()
            before = {role: memory(pid) for role, pid in pids.items()}

            began = time.monotonic()
            receivers.up()
            out.chmod(0o777)
            received = receivers.rsyslog.dir / 'received'
            wait_for(lambda: len(receivers.ids) >= ALERTS and
                     count_lines(received) >= ALERTS and
                     count_lines(out / 'alerts.jsonl') >= ALERTS, 300, 0.2)
            took = time.monotonic() - began
            after = {role: memory(pid) for role, pid in pids.items()}
            assert sensor.roles() == pids
        finally:
            receivers.down()
        ids = {a['event']['id'] for a in sensor.alerts()}
        assert len(ids) == ALERTS
        ways = {'webhook': receivers.ids,
                'syslog': syslog_ids(receivers.rsyslog),
                'file': file_ids(out / 'alerts.jsonl')}
    for way, got in ways.items():
        assert set(got) == ids, way
        figure(capsys, 'outage, %s: %d ids delivered, %d twice' % (
            way, len(set(got)), len(got) - len(set(got))))
    figure(capsys, 'outage, all back: %d alerts in %.1f s' % (ALERTS, took))
    for role in sorted(before):
        figure(capsys, 'outage, %s: PSS %d KiB before, %d KiB after' % (
            role, before[role][1], after[role][1]))
        if 'courier' in role:
            assert after[role][0] < before[role][0] + 8192
