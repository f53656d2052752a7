"""vedette scan over logs that gzip, zstd or xz compressed, and broken ones."""
import os
import resource
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULE = """
title: Found
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e77
status: test
logsource: { product: linux }
detection: { keywords: ['needle'], condition: keywords }
level: medium
"""
LINES = 3000
LOG = "".join(f"Nov 23 10:00:00 web1 app[{n}]: line {n * 7919} "
              f"{'needle' if n % 100 == 0 else 'hay'}\n"
              for n in range(LINES)).encode()
MEMORY = 256 << 20
KINDS = ("gzip", "zstd", "xz")


def pack(kind, text):
    return subprocess.run([kind, "-q", "-c"], input=text, check=True,
                          stdout=subprocess.PIPE).stdout


@pytest.fixture
def config(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yml").write_text(RULE)
    c = tmp_path / "c.yaml"
    c.write_text(f"rules: [{tmp_path}/rules]\n")
    return str(c)


def scan(config, data, path=None, **more):
    """Alerts, exit status, standard error; of a file, or through a pipe."""
    if path is not None:
        path.write_bytes(data)
    r = subprocess.run([VEDETTE, "scan", "-c", config, str(path or "-")],
                       input=None if path else data, capture_output=True,
                       timeout=60, **more)
    return r.stdout.count(b"\n"), r.returncode, r.stderr.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_compressed_gives_what_the_plain_log_gives(
        config, tmp_path, kind):
    packed = pack(kind, LOG)
    assert scan(config, packed, tmp_path / "log")[:2] == (LINES // 100, 1)
    assert scan(config, packed)[:2] == (LINES // 100, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_members_in_a_row_are_one_file(config, tmp_path, kind):
    at = LOG.index(b"needle", len(LOG) // 2) + 3
    packed = pack(kind, LOG[:at]) + pack(kind, LOG[at:])
    assert scan(config, packed, tmp_path / "log")[:2] == (LINES // 100, 1)
    assert scan(config, packed + bytes(4096), tmp_path / "log")[1] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_ends_early_gives_what_is_there_and_says_so(
        config, tmp_path, kind):
    packed = pack(kind, LOG)
    for left in (len(packed) - 1, len(packed) // 2, 7):
        found, status, err = scan(config, packed[:left], tmp_path / "log")
        assert status == 2 and f"{kind} data end too early" in err, left
        assert left == 7 or kind != "gzip" or found > 0


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_damaged_says_so(config, tmp_path, kind):
    packed = bytearray(pack(kind, LOG))
    for at in range(len(packed) // 2, len(packed) // 2 + 64):
        packed[at] ^= 0x55
    _, status, err = scan(config, bytes(packed), tmp_path / "log")
    assert status == 2 and f"damaged {kind} data" in err


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_behind_the_end_is_told(config, tmp_path, kind):
    found, status, err = scan(config, pack(kind, LOG) + b"more", tmp_path / "l")
    assert (found, status) == (LINES // 100, 2) and "garbage behind" in err


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_given_up(config, tmp_path, kind):
    bomb = tmp_path / "bomb"
    with open(bomb, "wb") as f:
        subprocess.run(f"head -c 700M /dev/zero | {kind} -1 -c", shell=True,
                       check=True, stdout=f)
    size = os.path.getsize(bomb)
    r = subprocess.run([VEDETTE, "scan", "-c", config, str(bomb)],
                       capture_output=True, text=True, timeout=60,
                       preexec_fn=lambda: resource.setrlimit(
                           resource.RLIMIT_AS, (MEMORY, MEMORY)))
    if kind == "gzip" and size > (700 << 20) // 1000:
        assert r.returncode == 0    # -1 packs less than a thousandfold
    else:
        assert r.returncode == 2 and "1,000-fold" in r.stderr


def test_more_window_than_is_allowed_is_refused(config, tmp_path):
    packed = subprocess.run("head -c 300M /dev/zero | zstd -q --long=31 -c",
                            shell=True, check=True, stdout=subprocess.PIPE).stdout
    found, status, err = scan(config, packed, tmp_path / "log")
    assert status == 2 and "too much memory" in err


def test_a_file_shorter_than_any_mark_is_text(config, tmp_path):
    for data in (b"(", b"\x1f", b"\xfd7z", b""):
        assert scan(config, data, tmp_path / "log")[:2] == (0, 0), data
