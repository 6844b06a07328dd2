"""A run and the kernel that started it: it outlives the kernel, however that ends, and its server.

No browser: real kernels, and a real Jupyter server, driven by their own protocols.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import hepnb as hn

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(300)]
jupyter_client = pytest.importorskip("jupyter_client")

START = """
import pathlib, socket, threading, time
import hepnb as hn
path = hn.Path("kept")
gate = {gate!r}
@path.define
def slow(event):
    while event[0] and not pathlib.Path(gate).exists():  # all but the first chunk
        time.sleep(0.02)
    return event
path.hist("seen", e="slow: 0, 2000, int")
# A notebook is full of threads and sockets, and some may be inherited by whoever asks for it.
listener = socket.create_server(("127.0.0.1", 0))
listener.set_inheritable(True)
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
run = path.start({files!r}, workers=2, chunk=50)
while run.progress["chunks"] < 1:
    time.sleep(0.01)
print("RUN", run.id, flush=True)
"""


def say(client: Any, code: str) -> str:
    """Run a cell; what it printed, or its error."""
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(content.get("text", "") or content.get("evalue", ""))

    client.execute_interactive(code, timeout=120, output_hook=hear)
    return "".join(said)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    manager = jupyter_client.KernelManager(kernel_name="python3")
    manager.start_kernel(env=dict(os.environ), cwd=str(tmp_path))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield manager, client
    client.stop_channels()
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


def family(run: Any) -> list[psutil.Process]:
    supervisor = psutil.Process(run.snapshot()["pid"])
    return [supervisor, *supervisor.children(recursive=True)]


def ends_whole(run: Any, processes: list[psutil.Process], gate: Path) -> None:
    """The run goes on, it ends, everything is counted, and no process of it is left."""
    assert run.status == "running"
    gate.touch()
    assert run.wait(120).status == "done"
    assert run.hist("seen").sum() == run.progress["events"] == 700
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []


@pytest.mark.parametrize("what", ["interrupt", "restart", "kill"])
@pytest.mark.parametrize("before", ["", "%load_ext hepnb"])
def test_a_run_outlives_what_happens_to_its_kernel(numbered, kernel, tmp_path, what, before):
    """Also one that took the supervisor that waits beside a notebook."""
    manager, client = kernel
    assert say(client, before) == ""
    gate = tmp_path / "gate"
    said = say(client, START.format(files=numbered[0], gate=str(gate)))
    run = hn.attach(said.split("RUN ")[1].split()[0])
    while run.snapshot()["pid"] is None:
        time.sleep(0.01)
    processes = family(run)
    assert os.getsid(processes[0].pid) == processes[0].pid
    assert run._directory.spares.exists() == bool(before)
    if what == "interrupt":
        number = client.execute("print('WAITING', flush=True)\nrun.wait()")
        while "WAITING" not in client.get_iopub_msg(timeout=60)["content"].get("text", ""):
            continue
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=60)
        while reply["parent_header"]["msg_id"] != number:
            reply = client.get_shell_msg(timeout=60)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        # The reply tells: what is printed just after an interrupt may be sent for the cell before.
        asked = client.execute_interactive(
            "", user_expressions={"status": "run.status"}, timeout=120, output_hook=lambda _: None
        )
        told = asked["content"]["user_expressions"]["status"]["data"]["text/plain"]
        assert told == "'running'"
    elif what == "restart":
        manager.restart_kernel()
        client.wait_for_ready(timeout=120)
        assert run.id in say(client, f"import hepnb as hn; print(hn.attach({run.id!r}))")
    else:
        os.kill(manager.provisioner.pid, signal.SIGKILL)
    ends_whole(run, processes, gate)


def test_a_run_outlives_its_server(numbered, tmp_path):
    pytest.importorskip("jupyter_server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runtime = tmp_path / "runtime"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=here", f"--ServerApp.root_dir={tmp_path}"),
        ],
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime), "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}/api/kernels?token=here"
        ask = urllib.request.Request(url, method="POST", data=b"{}")
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(ask, timeout=60) as answer:
                    kernel_id = json.load(answer)["id"]
                break
            except OSError:
                assert time.monotonic() < deadline
                assert server.poll() is None
                time.sleep(0.1)
        client = jupyter_client.BlockingKernelClient(
            connection_file=str(runtime / f"kernel-{kernel_id}.json")
        )
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=120)
        gate = tmp_path / "gate"
        start = START.format(files=numbered[0], gate=str(gate))
        said = say(client, "import os; print('PID', os.getpid())" + start)
        client.stop_channels()
        kernel = psutil.Process(int(said.split("PID ")[1].split()[0]))
        run = hn.attach(said.split("RUN ")[1].split()[0])
        while run.snapshot()["pid"] is None:
            time.sleep(0.01)
        processes = family(run)
        server.terminate()
        server.wait(60)
        psutil.wait_procs([kernel], timeout=30)
        assert not kernel.is_running()
        ends_whole(run, processes, gate)
    finally:
        server.kill()
        server.wait()
