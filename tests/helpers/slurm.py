"""SLURM on this machine alone: munged, slurmctld and slurmd in one folder, on loopback.

Nothing of the system's own SLURM is touched, and no systemd is needed. As root or as anyone else.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "scancel", "sinfo", "squeue")
DEADLINE = 60  # s
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])

CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=1
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000 Gres=gpu:2 State=UNKNOWN
PartitionName=normal Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
"""Two cores and two graphics processors, whatever the machine has: SLURM only counts them."""


def lacking():
    """Return the programs that are not installed."""
    return [name for name in (*DAEMONS, *COMMANDS) if shutil.which(name, path=PATH) is None]


class Slurm:
    """A context: the daemons run within it, and neither they nor any job after it.

    Attributes
    ----------
    folder
        Their configuration, sockets and logs.
    environment
        In which SLURM's commands reach them.
    """

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # a socket's path is short
        self.environment = {
            **os.environ,
            "PATH": PATH,
            "SLURM_CONF": str(self.folder / "slurm.conf"),
        }
        self._daemons = []

    def __enter__(self):
        try:
            self._configure()
            munge = {"key-file": "munge.key", "pid-file": "munge.pid", "seed-file": "munge.seed"}
            places = [f"--{option}={self.folder / name}" for option, name in munge.items()]
            self._start(
                "munged", "--foreground", f"--socket={self.folder / 'munge.socket'}", *places
            )
            self._wait("munge's socket", (self.folder / "munge.socket").exists)
            self._start("slurmctld", "-D")
            self._start("slurmd", "-D", "-N", _host())
            self._wait(
                "an idle node", lambda: self.call("sinfo", "-ho", "%T", check=False) == "idle"
            )
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def call(self, *command, check=True):
        """Return what a command of SLURM prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode == 0 or not check, (command, done.stderr)
        return done.stdout.strip()

    def jobs(self, *states):
        """Return the numbers of the jobs that are not over, or of those in some states."""
        chosen = [f"--states={','.join(states)}"] if states else []
        return self.call("squeue", "--noheader", "--format=%A", *chosen).split()

    def _is_idle(self):
        return self.call("sinfo", "--noheader", "--format=%T", check=False) == "idle"

    def _configure(self):
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        gpus = [self.folder / f"gpu{number}" for number in (0, 1)]
        for file in gpus:
            file.symlink_to("/dev/null")  # a device, which is all that slurmd looks for
        (self.folder / "gres.conf").write_text("".join(f"Name=gpu File={file}\n" for file in gpus))
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                host=_host(),
                user=getpass.getuser(),
                controller_port=_free_port(),
                node_port=_free_port(),
            )
        )
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self.folder.chmod(0o711)  # munged wants its socket to be reached by all

    def _start(self, name, *arguments):
        with (self.folder / f"{name}.log").open("w") as log:
            program = shutil.which(name, path=PATH)
            process = subprocess.Popen(
                [program, *arguments],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._daemons.append(process)

    def _wait(self, what, is_there):
        deadline = time.monotonic() + DEADLINE
        while not is_there():
            ended = [process.args for process in self._daemons if process.poll() is not None]
            assert not ended, f"no {what}; {ended} ended\n{self._logs()}"
            assert time.monotonic() < deadline, f"no {what}\n{self._logs()}"
            time.sleep(0.05)

    def _logs(self):
        return "\n".join(
            f"{path.name}:\n{path.read_text()[-2000:]}" for path in self.folder.glob("*.log")
        )

    def _stop(self):
        if len(self._daemons) == len(DAEMONS):
            self.call("scancel", "--user", getpass.getuser(), check=False)
            self._until_over()
        for process in reversed(self._daemons):
            process.terminate()
        for process in self._daemons:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _until_over(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.call("squeue", "--noheader", check=False):
            time.sleep(0.05)

    def processes(self):
        """Return the processes of this SLURM: daemons, steps of jobs, and what these started."""
        mark = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:  # it ended, or is another's
                continue
        return found


def _host():
    return socket.gethostname().split(".")[0]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
