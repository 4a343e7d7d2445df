#!/usr/bin/env python3
"""Runs sandbox, Control Plane, workers and a real Prometheus for some minutes under a mixed load with
faults, then draws the dashboard from what Prometheus scraped.

    python3 tools/dashboard_picture.py BINARIES PROMETHEUS docs/dashboard.png

BINARIES is the folder of the built binaries. `make dashboard-picture` does all of it.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SECONDS, SCRAPE = 300, 2
WORKERS = 3
KEY = "a key for the picture"
TABLES = {
    "Nation": ("nationkey, name, regionkey", "nation", "node"),
    "Supplier": ("suppkey, name, nationkey", "supplier", "node"),
    "Customer": ("custkey, name, mktsegment", "customer", "node"),
    "Part": ("partkey, name, brand, retailprice", "part", "node"),
    "PLACED": ("custkey, orderkey, totalprice", "orders", "edge"),
    "SUPPLIES": ("suppkey, partkey, availqty", "partsupp", "edge"),
    "CONTAINS": ("orderkey, partkey, quantity", "lineitem", "edge"),
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Run:
    """The processes, and the folder of their files."""

    def __init__(self, binaries, prometheus, folder):
        self.binaries, self.program, self.folder = binaries, prometheus, folder
        self.processes, self.workers, self.submitted = [], {}, 0
        self.control_plane = f"http://127.0.0.1:{free_port()}"
        self.prometheus = f"http://127.0.0.1:{free_port()}"

    def start(self, *command, **variables):
        log = open(self.folder / f"{pathlib.Path(command[0]).name}.log", "ab")
        process = subprocess.Popen(command, stdout=subprocess.PIPE if "--json" in command else log, stderr=log, env=variables)
        self.processes.append(process)
        return process

    def start_all(self):
        self.sandbox = self.start(
            self.binaries / "sandbox", "serve", "--json", "--concurrency", "6", "--query-time", "3000", "--latency", "40"
        )  # fmt: skip
        self.outside = json.loads(self.sandbox.stdout.readline())
        self.start(
            self.binaries / "export-control-plane", "serve", LISTEN_ADDR=self.control_plane.removeprefix("http://"),
            SQLITE_PATH=str(self.folder / "queue.db"), GRAPH_OLAP_INTERNAL_API_KEY=KEY,
        )  # fmt: skip
        ports = {f"export-worker-{number}": free_port() for number in range(WORKERS)}
        for name, port in ports.items():
            self.start_worker(name, port)
        labels = {"namespace": "exports", "release": "export-worker"}
        target = lambda port, pod, job: {"targets": [f"127.0.0.1:{port}"], "labels": {**labels, "pod": pod, "job": job}}  # noqa: E731
        scrapes = [target(port, name, "worker") for name, port in ports.items()]
        scrapes.append(target(self.control_plane.rsplit(":", 1)[1], "export-control-plane-0", "control-plane"))
        config = self.folder / "prometheus.yml"
        every = f"{SCRAPE}s"
        config.write_text(json.dumps({
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "scrape_configs": [{"job_name": "all", "static_configs": scrapes}],
        }))  # fmt: skip
        self.start(
            self.program, "--config.file", str(config), "--storage.tsdb.path", str(self.folder / "data"),
            "--web.listen-address", self.prometheus.removeprefix("http://"),
        )  # fmt: skip

    def start_worker(self, name, port):
        self.workers[name] = port, self.start(
            self.binaries / "export-worker", "run", HOSTNAME=name, LISTEN_ADDR=f"127.0.0.1:{port}",
            STARBURST_URL=self.outside["starburst_url"], STARBURST_USER="export", STARBURST_CATALOG="tpch",
            STARBURST_SCHEMA="tiny", STARBURST_SETTLE_SECONDS="1", STARBURST_REQUEST_TIMEOUT_SECONDS="3",
            STORAGE_EMULATOR_HOST=self.outside["store_url"], EXPORT_BUCKET="gs://exports",
            CONTROL_PLANE_URL=self.control_plane, GRAPH_OLAP_INTERNAL_API_KEY=KEY,
            LEASE_SECONDS="12", CLAIM_LIMIT="4", SUBMIT_CONCURRENCY="8", POLL_CONCURRENCY="16",
        )  # fmt: skip

    def ask(self, path, body=None):
        request = urllib.request.Request(
            self.control_plane + path, method="GET" if body is None else "POST",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Internal-API-Key": KEY, "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def submit(self, jobs, mistake=False):
        """A snapshot of so many jobs; with a mistake in the SQL of one."""
        self.submitted += 1
        asked = []
        for number in range(jobs):
            entity, (columns, table, kind) = random.choice(list(TABLES.items()))
            sql = f"SELECT {columns} FROM {table}" if not (mistake and number == 0) else f"SELECT nothing FROM {table}"
            asked.append({
                "job_type": kind, "entity_name": f"{entity}{number}", "sql": sql, "column_names": columns.split(", "),
                "gcs_path": f"gs://exports/{self.submitted}/{number}",
            })  # fmt: skip
        return self.ask("/api/snapshots", {"name": f"picture {self.submitted}", "jobs": asked})["data"]["snapshot"]["id"]

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            process.wait(timeout=60)


def load(run):
    """What happens in the run; seconds from its beginning."""
    random.seed(7)
    first = sorted(run.workers)[0]
    port = run.workers[first][0]
    events = [(at, lambda: run.submit(random.randint(1, 4), random.random() < 0.15)) for at in range(12, SECONDS, 7)]
    events += [
        (70, lambda: run.submit(30)),
        (150, lambda: run.sandbox.send_signal(signal.SIGSTOP)),
        (162, lambda: run.sandbox.send_signal(signal.SIGCONT)),
        (205, lambda: run.workers[first][1].kill()),
        (220, lambda: run.start_worker(first, port)),
        (235, lambda: run.ask(f"/api/snapshots/{run.submit(12)}/cancel", {})),
        (SECONDS - 25, lambda: run.submit(25)),
    ]
    begin = time.time()
    for at, event in sorted(events, key=lambda one: one[0]):
        time.sleep(max(0, begin + at - time.time()))
        event()
    time.sleep(max(0, begin + SECONDS - time.time()))
    return int(begin), int(time.time())


def main():
    parser = argparse.ArgumentParser(description="Makes the picture of the dashboard from a live run.")
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("prometheus", type=pathlib.Path)
    parser.add_argument("out")
    arguments = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments.binaries, arguments.prometheus, pathlib.Path(folder))
        try:
            run.start_all()
            time.sleep(5)
            start, end = load(run)
            plot = [
                sys.executable, here / "plot_dashboard.py", here.parent / "deploy/grafana/dashboard.json", run.prometheus,
                arguments.out, "--start", str(start), "--end", str(end), "--rate-interval", "16s",
            ]  # fmt: skip
            subprocess.run(plot, check=True, env=os.environ)
        finally:
            run.stop()


if __name__ == "__main__":
    main()
