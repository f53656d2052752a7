"""Runs courier_drive (the courier's engine alone) and HTTP servers that lie."""
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

BUILD = pathlib.Path(os.environ.get('VEDETTE', './vedette')).resolve().parent
DRIVE = BUILD / 'tests/integration/courier_drive'


def wait_for(what, seconds=20):
    """The first true value of what(); fails after the deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError('nothing within %d s' % seconds)


def figure(capsys, text):
    """A number for the test's log, also when the test passes."""
    with capsys.disabled():
        print('\nfigure: ' + text)


class Drive:
    """A running courier_drive; lines are what it said so far."""

    def __init__(self, directory, config, bodies=None, count=0, seconds=30,
                 env=None):
        if not DRIVE.exists():
            pytest.skip('no %s: make check builds it' % DRIVE)
        path = pathlib.Path(directory) / 'vedette.yaml'
        path.write_text(config)
        argv = [str(DRIVE), '-t', str(seconds)]
        if count:
            argv += ['-n', str(count)]
        self.log = open(pathlib.Path(directory) / 'drive.log', 'wb')
        self.process = subprocess.Popen(
            argv + [str(path)], stdin=subprocess.PIPE, text=True, bufsize=1,
            stdout=subprocess.PIPE, stderr=self.log,
            env=dict(os.environ, **(env or {})))
        self.lines = []
        self.peak = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        for body in bodies or []:
            self.process.stdin.write(body + '\n')
        self.process.stdin.close()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip('\n'))
            self.peak = max(self.peak, self.memory() or 0)

    def memory(self):
        """Resident KiB, now."""
        try:
            with open('/proc/%d/status' % self.process.pid) as f:
                found = re.search(r'VmRSS:\s+(\d+)', f.read())
        except OSError:
            return 0
        return int(found.group(1)) if found else 0

    def said(self, word):
        return [line for line in self.lines if line.startswith(word + ' ')]

    def wait_said(self, word, seconds=20):
        return wait_for(lambda: self.said(word), seconds)[0]

    def finish(self, seconds=40):
        """Its exit status: 0 when everything was dealt with."""
        status = self.process.wait(timeout=seconds)
        self.reader.join(timeout=5)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(timeout=5)
        self.log.close()


class Request:
    def __init__(self, head, body):
        lines = head.decode('latin-1').split('\r\n')
        self.line = lines[0]
        self.headers = dict(
            (name.lower(), value.strip()) for name, value in
            (line.split(':', 1) for line in lines[1:]))
        self.body = body


class Server:
    """Reads a request, notes it, and lets answer(connection, request) reply.

    answer gives bytes, or None when it wrote what it wanted itself; the
    connection is kept for the next request unless it gives None.
    """

    def __init__(self, answer, tls=None, port=0):
        self.answer = answer
        self.tls = tls
        self.requests = []
        self.clear_bytes = 0
        self.connections = 0
        self.socket = socket.create_server(('127.0.0.1', port), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection,
                                                  server_side=True)
            with connection:
                while self.serve_one(connection):
                    pass
        except (OSError, ssl.SSLError):
            pass

    def serve_one(self, connection):
        data = b''
        while b'\r\n\r\n' not in data:
            more = connection.recv(65536)
            if not more:
                return False
            data += more
            self.clear_bytes += len(more)
        head, _, body = data.partition(b'\r\n\r\n')
        request = Request(head, body)
        length = int(request.headers.get('content-length', '0'))
        while len(request.body) < length:
            more = connection.recv(65536)
            if not more:
                return False
            request.body += more
            self.clear_bytes += len(more)
        self.requests.append(request)
        reply = self.answer(connection, request)
        if reply is None:
            return False
        connection.sendall(reply)
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(timeout=5)


def reply(status, *headers):
    lines = ['HTTP/1.1 %d Some' % status, 'Content-Length: 0', *headers]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()
