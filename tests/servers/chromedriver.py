#!/usr/bin/env python3
"""Runs chromedriver on loopback for tests.

    python3 tests/servers/chromedriver.py

Prints one line once the driver answers, `http://127.0.0.1:PORT PID`, and stops it, with the browsers that it started, when its standard input closes or a
SIGTERM comes.

The binaries are the machine's, or else Debian's packages `chromium` and `chromium-driver`, which apt-get installs.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys

PACKAGES = ["chromium", "chromium-driver"]


def install():
    privileged = [] if os.getuid() == 0 else ["sudo", "--non-interactive"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in [["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", *PACKAGES]]:
        try:
            subprocess.run([*privileged, "apt-get", *arguments], check=True, stdout=sys.stderr, env=quiet)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"neither chromium and chromedriver on the PATH, nor apt-get with the right to install {' and '.join(PACKAGES)}: {error}")


def main():
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        install()
    # In a group of its own, in which its browsers are as well.
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def stop(*_):
        try:
            os.killpg(driver.pid, signal.SIGTERM)
            driver.wait(10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(driver.pid, signal.SIGKILL)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    port = None
    while port is None:
        line = driver.stdout.readline()
        if not line:
            sys.exit("chromedriver does not start")
        port = re.search(r"started successfully on port (\d+)", line)
    print(f"http://127.0.0.1:{port[1]} {driver.pid}", flush=True)
    while True:
        # What else the driver says is read, so that it never waits for a reader.
        told, _, _ = select.select([sys.stdin, driver.stdout], [], [])
        if sys.stdin in told and not os.read(sys.stdin.fileno(), 4096):
            stop()
        if driver.stdout in told and not os.read(driver.stdout.fileno(), 4096):
            sys.exit("chromedriver ended")


if __name__ == "__main__":
    main()
