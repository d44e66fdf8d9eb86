"""A real Slurm of this machine alone: its daemons are children of the check that needs it, everything else lies in one folder.

Needs root and Debian's slurm-wlm and munge. The system chooses the ports; nothing of the machine's own Slurm or munge is read or
changed. The one node is said to have as many cores as the check wants, so that several jobs run beside each other.
"""

import os
import pathlib
import socket
import subprocess

# What the one node is called, whatever this machine is.
NODE = "node1"
# Seconds that a command of Slurm may take; a controller that is there answers in far less than one.
PATIENCE = 30
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")


def free_ports(count):
    """Ports that nobody has, held until all are found."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class LocalSlurm:
    """Starts the daemons in `check` (a real_sweep.Check), and knows how to ask them."""

    def __init__(self, check, cores):
        self.check = check
        folder = check.folder / "slurm"
        for name in ("", "state", "spool"):
            (folder / name).mkdir(mode=0o755)
        # munge wants that others may reach its socket, and a key that they may not read.
        check.folder.chmod(0o755)
        munge = folder / "munge"
        munge.mkdir(mode=0o755)
        key = munge / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().partition(".")[0]
        control, node = free_ports(2)
        settings = folder / "slurm.conf"
        settings.write_text(f"""\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={control}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={munge}/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={NODE} NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=main Nodes={NODE} Default=YES MaxTime=INFINITE State=UP
""")
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        self.environment = {**os.environ, "SLURM_CONF": str(settings), "PATH": path}
        #: What stands before a command that asks this Slurm.
        self.before = ["env", f"SLURM_CONF={settings}", f"PATH={path}"]
        check.start("munged", *self.before, "munged", "--foreground", f"--key-file={key}", f"--socket={munge}/socket",
                    f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        check.until("munged listens", pathlib.Path(munge, "socket").exists)
        check.start("slurmctld", *self.before, "slurmctld", "-D", "-f", settings)
        check.start("slurmd", *self.before, "slurmd", "-D", "-f", settings, "-N", NODE)
        check.until("the node is idle", lambda: "idle" in (self.asked("sinfo", "--noheader", "--format", "%t") or ""))

    def asked(self, *words):
        """What a command of Slurm says; None where it fails, or does not end in PATIENCE, as while the controller does not answer."""
        try:
            done = subprocess.run([str(word) for word in words], env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    def jobs(self):
        """Numbers of the jobs in the queue and their states; None where that is not known, which is not an empty queue."""
        said = self.asked("squeue", "--noheader", "--format", "%i %T")
        return None if said is None else dict(line.split() for line in said.splitlines())

    def clear(self):
        """Cancels what is left in the queue, and returns when nothing is: the daemons end no job when they end."""
        def empty():
            jobs = self.jobs()
            if jobs:
                self.asked("scancel", "--signal=KILL", "--full", *jobs)
                self.asked("scancel", *jobs)
            return jobs == {}
        self.check.until("the queue is empty", empty, within=60)
