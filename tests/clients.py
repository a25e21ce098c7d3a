"""Runs the quickstart as a user would: its own curl lines, the vendors' own clients, and canaries searched for in all that it leaves behind.

Run by tests/run.sh, which builds the example and installs the clients: lago-python-client, jsonapi-client and schemathesis.
"""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from jsonapi_client import Session
from lago_python_client import Client
from lago_python_client.exceptions import LagoApiError

EXAMPLE = pathlib.Path(__file__).parent.parent / "target/debug/examples/quickstart"

# Synthetic secrets, one a place; none may be found anywhere. Decoys stand beside them; each must be found.
CANARY = "canary%02d6b1f0c9e4d7a8253"
DECOY = "decoy%02dquietwater"


class Quickstart:
    """The example as a process of its own, on a free port."""

    def __init__(self):
        self.stderr = tempfile.NamedTemporaryFile(delete=False)
        self.process = subprocess.Popen(
            [str(EXAMPLE), "0"], stdout=subprocess.PIPE, stderr=self.stderr, text=True
        )
        self.printed = ""
        while "Ctrl-C" not in self.printed:
            line = self.process.stdout.readline()
            assert line, "the quickstart ended: " + pathlib.Path(self.stderr.name).read_text()
            self.printed += line
        self.base = re.search(r"listens on (\S+);", self.printed).group(1)
        self.file = pathlib.Path(re.search(r"log is in (\S+)", self.printed).group(1))
        self.token = re.search(r"Bearer (reader-\w+)", self.printed).group(1)

    def call(self, path, method="GET", body=None, headers=None):
        request = urllib.request.Request(self.base + path, method=method, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def read(self, path):
        status, _, body = self.call(path, headers={"Authorization": "Bearer " + self.token})
        return status, json.loads(body)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.printed += self.process.communicate(timeout=20)[0]
        return self.process.returncode


def until(question, seconds=10):
    """Asks until the answer is true; entries are stored shortly after their call has ended."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.02)


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.it = Quickstart()
        self.addCleanup(self.stop)

    def stop(self):
        if self.it.process.poll() is None:
            self.it.process.kill()
            self.it.process.communicate()
        shutil.rmtree(self.it.file.parent)
        pathlib.Path(self.it.stderr.name).unlink()

    def stored(self, exchanges, events=0):
        count = exchanges + events
        path = "/api-log/v1/entries?limit=1&count=true"
        until(lambda: self.it.read(path)[1]["page"]["total"] >= count)
        self.assertEqual(self.it.read(path)[1]["page"]["total"], count)

    def test_printed_curl_lines_work_when_pasted(self):
        lines = [line.strip() for line in self.it.printed.splitlines() if line.startswith("  curl")]
        self.assertEqual(len(lines), 9)
        run = lambda line: json.loads(subprocess.run(["bash", "-c", line], stdout=subprocess.PIPE, check=True).stdout)
        inquiry, settings, imported = [run(line) for line in lines[:3]]
        self.assertEqual((inquiry["inquiry"]["name"], settings["theme"], imported["errors"]), ("Jane", "dark", 1))
        # Two events were told by handlers, one comes of an audit route.
        self.stored(3, events=3)
        persona, audit, lago, gorules, document360, native = [run(line) for line in lines[3:]]
        request = persona["data"][2]["attributes"]["request"]
        shown = "Bearer persona_production_61bd73de-ce28-****-****-************"
        self.assertEqual(request["headers"]["Authorization"], shown)
        self.assertEqual(request["get-params"], {"filter": {"reference_id": "random-id"}})
        self.assertEqual(request["post-params"], {"name": "Jane", "password": "[MASKED]"})
        self.assertEqual([row["attributes"]["method"] for row in audit["data"]], ["POST", "PUT"])
        self.assertEqual(audit["data"][0]["relationships"]["user-session"]["data"]["id"], "uses_1")
        self.assertEqual(audit["included"][0]["attributes"]["email-address"], "jane@example.com")
        self.assertEqual(lago["api_logs"][2]["request_body"]["name"], "Jane")
        events = [(row["type"], row["action"], row["refId"]) for row in gorules["results"]]
        self.assertEqual(events, [("project", "updated", "prj_1"), ("document", "created", "inq_1")])
        log = document360["data"][0]
        self.assertEqual((log["title"], log["error_count"], log["alerts_count"]), ("Import failed", 1, 0))
        self.assertEqual([entry["kind"] for entry in native["entries"]].count("event"), 3)

    def test_lines_of_the_readme_run_as_shown(self):
        exported = re.search(r"export (LOG=\S+ TOKEN=\S+ SESSION=\S+)", self.it.printed).group(1)
        readme = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
        screens = [screen for screen in re.findall(r"```sh\n(.*?)```", readme, re.S) if "$LOG" in screen]
        self.assertEqual(len(screens), 7)
        # As pasted into one shell; each answer is followed by its status.
        lines = "\n" + "".join(screens)
        script = "export " + exported + lines.replace("\ncurl -s", "\ncurl -s -w '\\n%{http_code}\\n'")
        run = subprocess.run(["bash", "-euo", "pipefail", "-c", script], stdout=subprocess.PIPE, check=True, text=True)
        statuses = re.findall(r"^\d{3}$", run.stdout, re.M)
        self.assertEqual(len(statuses), lines.count("\ncurl"))
        self.assertEqual([status for status in statuses if not status.startswith("2")], [])
        change = '"changes":[{"pointer":"/theme","before":"dark","after":"light"}'
        for told in [change, '"getParams"', '"included":[{', '"total_count":2', '"api_reference_alerts":[{', '"startedDateTime"']:
            self.assertIn(told, run.stdout)

    def test_settings_change_is_told_before_and_after_with_its_secret_masked(self):
        session = re.search(r"Bearer (session-\w+)", self.it.printed).group(1)
        headers = {"Authorization": "Bearer " + session, "Content-Type": "application/json"}
        for theme, secret in [("light", "made-up-1"), ("dark", "made-up-2")]:
            body = json.dumps({"theme": theme, "font": {"size": 12}, "webhook_secret": secret})
            self.assertEqual(self.it.call("/api/v1/settings", "PUT", body.encode(), headers)[0], 200)
        self.stored(2, events=2)
        listed = self.it.read("/api/audit-logs?type=project&action=updated&userId=user_1&projectId=prj_1")[1]
        self.assertEqual(listed["paginate"], {"current": 1, "from": 1, "to": 2, "total": 2, "pageSize": 10})
        event = self.it.read("/api/audit-logs/" + listed["results"][0]["id"])[1]
        self.assertEqual((event["organisationId"], event["user"]["firstName"]), ("org_1", "Jane"))
        change = event["data"]
        self.assertEqual(change["before"], {"theme": "light", "font": {"size": 12}, "webhook_secret": "[MASKED]"})
        self.assertEqual(change["after"], {"theme": "dark", "font": {"size": 12}, "webhook_secret": "[MASKED]"})
        self.assertEqual(
            sorted((it["pointer"], it["before"], it["after"]) for it in change["changes"]),
            [("/theme", "light", "dark"), ("/webhook_secret", "[MASKED]", "[MASKED]")],
        )
        self.assertEqual(self.it.call("/api/v1/settings", "PUT", b"{}", {"Content-Type": "application/json"})[0], 401)

    def test_lago_client_lists_filters_and_finds(self):
        for number in range(3):
            self.it.call("/api/v1/inquiries", "POST", b'{"n": %d}' % number, {"Content-Type": "application/json"})
        self.it.call("/api/v1/failure", "POST", b"", {"User-Agent": "Other 1"})
        self.stored(4, events=3)
        client = Client(api_key=self.it.token, api_url=self.it.base)
        every = client.api_logs.find_all()
        self.assertEqual(every["meta"]["total_count"], 4)
        self.assertEqual(client.api_logs.find_all({"per_page": 2, "page": 2})["meta"]["prev_page"], 1)
        paths = client.api_logs.find_all({"request_paths[]": "/api/v1/inq*", "http_methods[]": "post"})["api_logs"]
        self.assertEqual([log.request_body["n"] for log in paths], [2, 1, 0])
        failed = client.api_logs.find_all({"http_statuses[]": "failed"})["api_logs"]
        self.assertEqual([log.client for log in failed], ["Other 1"])
        one = client.api_logs.find(paths[0].request_id)
        self.assertEqual((one.http_method, one.http_status), ("post", 201))
        with self.assertRaises(LagoApiError) as missing:
            client.api_logs.find("00000000-0000-7000-8000-000000000000")
        self.assertEqual((missing.exception.status_code, missing.exception.response["code"]), (404, "api_log_not_found"))
        with self.assertRaises(LagoApiError) as refused:
            Client(api_key="not-a-token-of-this-log", api_url=self.it.base).api_logs.find_all()
        self.assertEqual(refused.exception.status_code, 401)

    def test_json_api_client_follows_the_links_through_every_page(self):
        for number in range(25):
            self.it.call("/api/v1/inquiries?n=%d" % number)
        self.stored(25)
        kwargs = {"headers": {"Authorization": "Bearer " + self.it.token}}
        session = Session(self.it.base + "/api/v1", request_kwargs=kwargs)
        page, seen = session.get("api-logs"), []
        while True:
            seen += [log.request["get-params"]["n"] for log in page.resources]
            if not page.links.next:
                break
            page = page.links.next.fetch()
        self.assertEqual(seen, [str(number) for number in reversed(range(25))])

    def test_json_api_client_reads_who_made_each_call(self):
        session = re.search(r"Bearer (session-\w+)", self.it.printed).group(1)
        self.it.call("/api/v1/inquiries?n=nobody")
        for number in range(12):
            self.it.call("/api/v1/inquiries?n=%d" % number, headers={"Authorization": "Bearer " + session})
        self.stored(13)
        kwargs = {"headers": {"Authorization": "Bearer " + self.it.token}}
        reader = Session(self.it.base + "/api/v1", request_kwargs=kwargs)
        page = reader.get("user-audit-logs", "?page[size]=10")
        first = page.resources[0]
        self.assertEqual(first.get_params["n"], "11")
        self.assertEqual((first.user.id, first.user.name_first), ("user_1", "Jane"))
        older = page.links.next.fetch()
        self.assertEqual([log.get_params["n"] for log in older.resources], ["1", "0"])
        self.assertIsNone(older.links.next or None)
        one = reader.get("user-audit-logs", first.id).resource
        self.assertEqual((one.path, one.method, one.response_status), ("/api/v1/inquiries", "GET", 200))

    def test_every_reply_is_as_the_openapi_document_says(self):
        lines = [line.strip() for line in self.it.printed.splitlines() if line.startswith("  curl")]
        for line in lines[:3]:
            subprocess.run(["bash", "-c", line], stdout=subprocess.DEVNULL, check=True)
        self.stored(3, events=3)
        schema = self.it.read("/openapi.json")[1]
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "openapi.json").write_text(json.dumps(schema))
        schemes = "".join(
            '[auth.openapi.%s]\n%s = "%s"\n' % (name, "bearer" if "scheme" in scheme else "api_key", self.it.token)
            for name, scheme in schema["components"]["securitySchemes"].items()
        )
        (folder / "schemathesis.toml").write_text(schemes)
        command = [
            pathlib.Path(sys.executable).parent / "schemathesis", "run", "openapi.json", "--url", self.it.base,
            "--phases", "coverage,fuzzing", "--max-examples", "15", "--checks", "all", "--continue-on-failure", "--seed", "1",
            # It goes on for a quarter of an hour.
            "--exclude-path", "/api-log/v1/tail",
            # What a document cannot say: which parameters exclude one another, and in which order two times have to be.
            "--exclude-checks", "positive_data_acceptance",
        ]
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(run.returncode, 0, run.stdout[-20000:])
        self.assertRegex(run.stdout, r"Tested: %d\b" % (len(schema["paths"]) - 1))

    def test_no_canary_is_left_anywhere_and_every_decoy_is(self):
        places = iter(range(1, 100))
        pairs = []

        def secret():
            number = next(places)
            pairs.append((CANARY % number, DECOY % number))
            return pairs[-1][0]

        def decoy():
            return pairs[-1][1]

        headers = {}
        for name in ["Authorization", "Proxy-Authorization"]:
            headers[name] = "Bearer " + secret()
            headers["X-Near-" + str(len(pairs))] = decoy()
        for name in ["X-Api-Key", "X-Auth-Token", "Api-Key", "X-Client-Secret"]:
            headers[name] = secret()
            headers["X-Near-" + str(len(pairs))] = decoy()
        headers["Cookie"] = "sid=%s; theme=%s" % (secret(), secret())
        headers["X-Cookie-Names"] = " ".join(pair[1] for pair in pairs[-2:])
        headers["Referer"] = "http://u:%s@example.com/%s?access_token=%s&page=2" % (secret(), decoy(), secret())
        headers["X-Referer-Decoy"] = decoy()
        query = urllib.parse.urlencode({"api_key": secret(), "q1": decoy(), "user[password]": secret(), "user[name]": decoy()})
        nested = json.dumps({"passwd": secret(), "n": decoy()})
        body = {
            "password": secret(), "a": decoy(),
            "deep": [{"clientSecret": secret(), "b": decoy()}],
            "pin_code": {"pin": secret()}, "c": decoy(),
            "raw": nested,
        }
        text = json.dumps(body).replace('"password"', '"pass\\u0077ord"')
        self.it.call("/api/v1/inquiries?" + query, "POST", text.encode(), headers | {"Content-Type": "application/json"})
        form = urllib.parse.urlencode({"password": secret(), "user": decoy(), "card[cvv]": secret(), "card[name]": decoy()})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.it.call("/api/v1/sessions", "POST", form.encode(), kind)
        self.it.call("/api/v1/inquiries", "POST", b'{"token": "%s", "cut' % secret().encode(), {"Content-Type": "application/json"})
        self.it.call("/api/v1/inquiries/" + pairs[-1][1])
        # A creation and a sign-in are in the audit trail as well.
        self.stored(4, events=2)

        served = b"".join(
            self.it.call(path, headers={"Authorization": "Bearer " + self.it.token})[2]
            for path in ["/api/v1/api-logs", "/api/v1/user-audit-logs", "/api/v1/api_logs", "/api/audit-logs", "/api-log/v1/entries"]
        )
        live = b"".join(path.read_bytes() for path in self.it.file.parent.iterdir())
        self.assertEqual(self.it.end(), 0)
        self.assertIn("6 entries logged, 0 lost", self.it.printed)
        closed = b"".join(path.read_bytes() for path in self.it.file.parent.iterdir())
        spoken = pathlib.Path(self.it.stderr.name).read_bytes() + self.it.printed.encode()
        for canary, decoy_text in pairs:
            for name, bytes_ in [("answers", served), ("live files", live), ("closed files", closed), ("output", spoken)]:
                self.assertFalse(canary.encode() in bytes_, "%s is in the %s" % (canary, name))
            for name, bytes_ in [("answers", served), ("closed files", closed)]:
                self.assertTrue(decoy_text.encode() in bytes_, "%s is not in the %s" % (decoy_text, name))
        self.assertEqual(self.it.file.stat().st_mode & 0o077, 0, "only the owner reads the log")


if __name__ == "__main__":
    unittest.main()
