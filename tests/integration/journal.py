"""Runs journal_drive (a journal and its control socket without a sensor)."""
import json
import os
import pathlib
import subprocess
import time

import pytest

VEDETTE = os.environ.get('VEDETTE', './vedette')
BUILD = pathlib.Path(VEDETTE).resolve().parent
DRIVE = BUILD / 'tests/integration/journal_drive'

HOSTILE = ('\x1b[2J', '\x1b]52;c;aGk=\x07', '\u202e', '\u009b31m', '\x7f',
           '\r', '\u200b')
DECEIVING = [chr(c) for c in [*range(0x20), *range(0x7f, 0xa0)]] + [
    '\u202e', '\u200b', '\u2066', '\u2028']


def wait_for(what, seconds=20):
    """The first true value of what(); fails after the deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError('nothing within %d s' % seconds)


def line(title='a title', kind='alert', level='high', ago=60, rule='r1',
         **more):
    """One line for journal_drive; `fields` are dotted ECS names."""
    at = int((time.time() - ago) * 1e6)
    return json.dumps(dict({'kind': kind, 'level': level, 'time': at,
                            'received': at, 'rule': rule, 'title': title},
                           **more)) + '\n'


class Journal:
    """A state directory, a run directory, and a configuration naming them."""

    def __init__(self, directory):
        if not DRIVE.exists():
            pytest.skip('no %s: make check builds it' % DRIVE)
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)
        self.state = self.directory / 'state'
        self.run = self.directory / 'run'
        self.run.mkdir(exist_ok=True)
        self.config = self.directory / 'vedette.yaml'
        self.config.write_text('state: %s\nrun: %s\n' % (self.state, self.run))
        self.server = None

    def fill(self, *lines):
        subprocess.run([DRIVE, 'fill', self.state], input=''.join(lines),
                       text=True, check=True, timeout=60)

    def serve(self, readers=4000001, analysts=4000002, **env):
        self.server = subprocess.Popen(
            [DRIVE, 'serve', self.state, self.run, str(readers),
             str(analysts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, ASAN_OPTIONS='quarantine_size_mb=1',
                                **env))
        assert self.server.stdout.readline() == 'ready\n'
        return self

    def add(self, *lines):
        self.server.stdin.write(''.join(lines))
        self.server.stdin.flush()

    def kill(self):
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server.stdin.close()
            self.server.stdout.close()
            self.server = None

    def argv(self, command, *args):
        return [VEDETTE, command, '-c', str(self.config), *map(str, args)]

    def __call__(self, command, *args, status=None, before=(), **more):
        r = subprocess.run([*before, *self.argv(command, *args)],
                           capture_output=True, text=True, timeout=60,
                           stdin=subprocess.DEVNULL, **more)
        assert 'ERROR: ' not in r.stderr, r.stderr
        if status is not None:
            assert r.returncode == status, r.stdout + r.stderr
        return r

    def rows(self, *args):
        kind = () if '--kind' in args else ('--kind', 'alert')
        r = self('alerts', '--json', *kind, *args)
        return [json.loads(text) for text in r.stdout.splitlines()]

    def ids(self, *args):
        return [row['vedette']['short_id'] for row in self.rows(*args)]
