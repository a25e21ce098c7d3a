#!/usr/bin/env python3
"""Runs a ClickHouse server on loopback for tests, without Docker and without root, out of PyPI's `chdb-core`, which holds the whole engine.

    python3 tests/servers/clickhouse.py [--folder FOLDER] [--http PORT] [--tcp PORT] [--shard PORT ...] [--keep-free BYTES]

Prints one line once the server answers, `http://log:...@127.0.0.1:PORT/default PID FOLDER`, and stops the server when its standard input closes or a
SIGTERM comes. A folder that has data already is started as it is; without `--folder` it gets one of its own, which goes with it. The process is the
server: SIGKILL is a crash, SIGSTOP a server that hangs. Each `--shard` is the native port of one shard of the cluster `two`; `--keep-free` makes the
disk full as soon as it has less.

`clickhouse-local` can open listeners (`SYSTEM START LISTEN`), and reads `config.xml` from the current folder; chdb's function for one query
runs just that. The query then waits on a FIFO until somebody closes it.
"""

import argparse
import fcntl
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PACKAGE = "chdb-core==26.9.0"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
USER = "log"
PASSWORD = "made-up password/1"

# What a user of a test's own may do, with the same password.
LESSER = {
    "reader": ("may_read", "default", "GRANT SELECT ON *.*"),
    "frozen": ("may_only_read", "default", "GRANT SELECT ON *.*"),
    "limited": ("default", "few", "GRANT ALL ON *.*"),
}

USERS = """<clickhouse>
<profiles>
<default><max_threads>2</max_threads></default>
<may_read><readonly>2</readonly></may_read>
<may_only_read><readonly>1</readonly></may_only_read>
</profiles>
<quotas><default/><few><interval><duration>4</duration><query_inserts>2</query_inserts></interval></few></quotas>
<users>
<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
{users}
</users></clickhouse>"""

USER_XML = """<{user}><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
<profile>{profile}</profile><quota>{quota}</quota><grants><query>{grant}</query></grants></{user}>"""

CONFIG = """<clickhouse>
<listen_host>127.0.0.1</listen_host><http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
<max_server_memory_usage>4294967296</max_server_memory_usage>
<users_config>users.xml</users_config>
<remote_servers><two>{shards}</two></remote_servers>
<storage_configuration><disks><default><keep_free_space_bytes>{keep_free}</keep_free_space_bytes></default></disks></storage_configuration>
</clickhouse>"""

SHARD = """<shard><internal_replication>true</internal_replication>
<replica><host>127.0.0.1</host><port>{port}</port><user>{user}</user><password>{password}</password></replica></shard>"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def find_engine():
    """Makes `chdb` importable, and installs it where it is not there yet."""
    venv = os.path.join(ROOT, "target", "servers", "chdb-core")
    pattern = f"{venv}/lib/*/site-packages"
    done = os.path.join(venv, PACKAGE)
    os.makedirs(os.path.dirname(venv), exist_ok=True)
    with open(f"{venv}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(done):
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            # Without what it declares and a server does not need: pandas and pyarrow.
            install = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", PACKAGE]
            subprocess.run([f"{venv}/bin/pip", *install], check=True, stdout=sys.stderr)
            write(done, "")
    sys.path[:0] = glob.glob(pattern)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder")
    arguments.add_argument("--http", type=int, default=0)
    arguments.add_argument("--tcp", type=int, default=0)
    arguments.add_argument("--shard", type=int, action="append", default=[])
    arguments.add_argument("--keep-free", type=int, default=0)
    options = arguments.parse_args()
    http, tcp = options.http or free_port(), options.tcp or free_port()
    find_engine()

    root = options.folder
    if root is None:
        os.makedirs(os.path.join(ROOT, "target", "servers"), exist_ok=True)
        root = tempfile.mkdtemp(prefix="clickhouse-", dir=os.path.join(ROOT, "target", "servers"))
    root = os.path.abspath(root)
    run, data = os.path.join(root, "run"), os.path.join(root, "data")
    os.makedirs(run, exist_ok=True)
    os.makedirs(data, exist_ok=True)
    login = {"user": USER, "password": PASSWORD}
    shards = "".join(SHARD.format(port=port, **login) for port in options.shard or [tcp])
    users = {USER: ("default", "default", "GRANT ALL ON *.*"), **LESSER}
    users = [
        USER_XML.format(user=user, password=PASSWORD, profile=profile, quota=quota, grant=grant)
        for user, (profile, quota, grant) in users.items()
    ]
    write(os.path.join(run, "users.xml"), USERS.format(users="\n".join(users)))
    write(os.path.join(run, "config.xml"), CONFIG.format(http=http, tcp=tcp, shards=shards, keep_free=options.keep_free))
    fifo = os.path.join(run, "stop")
    if os.path.exists(fifo):
        os.unlink(fifo)
    os.mkfifo(fifo)

    # Before the folder changes: the import opens a connection, which would read our configuration.
    import chdb

    os.chdir(run)
    errors = []

    def serve():
        sql = f"SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT count() FROM file('{fifo}', LineAsString, 'line String')"
        try:
            answer = chdb._chdb.query(sql, "TSV", path=data)
            if answer.has_error():
                errors.append(answer.error_message())
        except Exception as error:
            errors.append(str(error))

    def stop(*_):
        try:
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            os._exit(0)

    def stop_with_input():
        while os.read(0, 4096):
            pass
        stop()

    def tell_when_ready():
        for _ in range(600):
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{http}/ping", timeout=1).read() == b"Ok.\n":
                    password = PASSWORD.replace(" ", "%20").replace("/", "%2F")
                    print(f"http://{USER}:{password}@127.0.0.1:{http}/default {os.getpid()} {root}", flush=True)
                    return
            except OSError:
                time.sleep(0.05)
        print("the server does not answer", file=sys.stderr)
        os._exit(1)

    # Signals reach Python between its own steps only, so the engine gets a thread.
    server = threading.Thread(target=serve)
    server.start()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for work in (tell_when_ready, stop_with_input):
        threading.Thread(target=work, daemon=True).start()
    while server.is_alive():
        server.join(0.2)
    if errors:
        print(errors[0][:2000], file=sys.stderr)
    if options.folder is None:
        shutil.rmtree(root, ignore_errors=True)
    sys.stdout.flush()
    os._exit(1 if errors else 0)


main()
