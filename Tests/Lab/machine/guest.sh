#!/bin/sh
# guest.sh: what scripts/check-machine tries inside of its machine, as root, where systemd and control groups are real.
#
# Each thing that holds is a line "ok  …" on standard output; the first that does not ends it with a line "FAILED: …".
set -u

passed=0
pass() { passed=$((passed + 1)); echo "ok  $*"; }
tell() { echo "    $*"; }
fail() {
    echo "FAILED: $*"
    systemctl status --no-pager --lines 0 sweepd-coordinator sweepd-worker 2>&1 | sed 's/^/    /' | head -n 30
    journalctl --no-pager --unit sweepd-coordinator --unit sweepd-worker --lines 60 --output cat 2>&1 | sed 's/^/    /'
    echo "$passed passed, 1 failed"
    exit 1
}
# until SECONDS WHAT COMMAND…: looks until the command succeeds. An emulated processor is slow, so times are generous.
until_holds() {
    seconds=$1 what=$2
    shift 2
    begun=$(cut -d. -f1 /proc/uptime)
    until "$@" >/dev/null 2>&1; do
        [ $(($(cut -d. -f1 /proc/uptime) - begun)) -lt "$seconds" ] || fail "not in $seconds s: $what"
        sleep 0.2
    done
}
# As the units' user, to their coordinator.
sweepd_() { (cd /var/lib/sweepd && runuser -u sweepd -- /usr/bin/sweepd "$@" --directory /var/lib/sweepd); }
worker_says() { journalctl --no-pager --unit sweepd-worker --output cat | grep -q -- "$1"; }
active() { [ "$(systemctl is-active "$1")" = active ]; }
groups_left() { find /sys/fs/cgroup -type d -name 'sweepd-trial-*' | head -n 1; }
no_groups() { [ -z "$(groups_left)" ]; }

# The package and its units

dpkg --install /check/sweepd.deb >/check/dpkg.log 2>&1 || { tail -n 20 /check/dpkg.log; fail "dpkg --install"; }
pass "installed: sweepd $(sweepd --version), systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p'), Linux $(uname -r)"
id sweepd >/dev/null 2>&1 || fail "there is no user sweepd"
active sweepd-worker && fail "a worker runs though nobody asked for it"
pass "nothing is started before it is asked for"

runuser -u sweepd -- sweepd invite --directory /var/lib/sweepd --address tcp://127.0.0.1:7700 --name here \
    >/check/invitation 2>/check/invite.log || fail "invite: $(cat /check/invite.log)"
# What would be pasted: the text between the program's quotes.
sh -c "cd /var/lib/sweepd-worker && runuser -u sweepd -- sweepd join --file /var/lib/sweepd-worker/worker.join" </check/invitation \
    >/check/join.log 2>&1 || fail "join: $(cat /check/join.log)"
systemctl start sweepd-coordinator || fail "the coordinator does not start"
active sweepd-coordinator || fail "the coordinator is not active"
sweepd_ list >/dev/null || fail "the coordinator says it is ready and does not answer"
pass "systemctl start returns when the coordinator's port answers"
systemctl start sweepd-worker || fail "the worker does not start"
active sweepd-worker || fail "the worker is not active"
pass "the worker starts with what join made"
for unit in coordinator worker; do
    score=$(systemd-analyze --no-pager security "sweepd-$unit" 2>/dev/null | sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p')
    [ -n "$score" ] || fail "systemd-analyze has no score for $unit"
    tell "systemd-analyze security sweepd-$unit: $score"
done

# What is said must be of use: no line that is not sweepd's own or systemd's.
noise=$(journalctl --no-pager --unit sweepd-coordinator --unit sweepd-worker --output cat | grep -v '^20..-\|^coordinator on\|^join with\|^page on\|sweepd-[a-z]*\.service' | head -n 3)
[ -z "$noise" ] || fail "the journal has lines of no use: $noise"

# A sweep under the units' locks

cp -r /usr/share/doc/sweepd/examples /var/lib/sweepd/examples && chown -R sweepd: /var/lib/sweepd/examples
sweepd_ submit examples/quick.yaml >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
sweepd_ wait quick --within 600 >/check/wait.log 2>&1 || fail "the sweep is not over: $(cat /check/wait.log)"
rows=$(sweepd_ rank quick --format csv 2>/dev/null | sed 1d | wc -l)
[ "$rows" -ge 1 ] || fail "rank has no rows"
pass "a sweep ends under the units' locks: $rows rows"

# One that hangs

mkdir -p /etc/systemd/system/sweepd-worker.service.d
printf '[Service]\nWatchdogSec=5\nRestartSec=1\n' >/etc/systemd/system/sweepd-worker.service.d/quick-watchdog.conf
systemctl daemon-reload && systemctl restart sweepd-worker || fail "the worker does not start with a watchdog of 5 s"
# The process that trains is a child of the one that is started; both are stopped, as a machine that hangs would.
restarts() { systemctl show --property NRestarts --value sweepd-worker; }
before=$(restarts)
systemctl kill --kill-whom=all --signal=STOP sweepd-worker
restarted() { [ "$(restarts)" -gt "$before" ] && active sweepd-worker; }
until_holds 60 "a worker that hangs is started again" restarted
pass "a worker that hangs is killed by the watchdog and started again"
rm /etc/systemd/system/sweepd-worker.service.d/quick-watchdog.conf
systemctl daemon-reload && systemctl restart sweepd-worker || fail "the worker does not start again"

# Drain: what is trained is handed back, and goes on

sweepd_ submit examples/quick.yaml --set name=long --set train.epochs=2000 --set prune=none --set search.trials=2 \
    --set train.optimizer.adam.learning_rate=0.001 >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
# The last epoch of its first trial.
epoch() { sweepd_ curves long --trial 1 --format csv | sed 1d | tail -n 1 | cut -d, -f3; }
reached() { [ "$(epoch)" -ge "$1" ]; }
until_holds 120 "epochs of a long sweep" reached 3
begun=$(cut -d. -f1 /proc/uptime)
systemctl stop sweepd-worker || fail "systemctl stop"
took=$(($(cut -d. -f1 /proc/uptime) - begun))
[ "$(systemctl show --property Result --value sweepd-worker)" = success ] || fail "it ended with $(systemctl show --property Result --value sweepd-worker)"
kept=$(epoch)
systemctl start sweepd-worker || fail "the worker does not start again"
until_holds 120 "the trial goes on from epoch $kept" reached $((kept + 1))
pass "systemctl stop drains the worker: it ended with success after $took s, and its trial went on after epoch $kept"
sweepd_ cancel long >/check/cancel.log 2>&1 || fail "cancel: $(cat /check/cancel.log)"

# Control groups for programs

cat >/etc/systemd/system/sweepd-worker.service.d/groups.conf <<EOF
[Service]
Delegate=cpu memory pids
DelegateSubgroup=sweepd
ProtectControlGroups=no
EOF
sed -i 's/^SWEEPD_WORKER_OPTIONS=.*/SWEEPD_WORKER_OPTIONS="--commands --slots 2 --log-level info"/' /etc/default/sweepd
systemctl daemon-reload && systemctl restart sweepd-worker || fail "the worker does not start with a group of its own"
until_holds 30 "the worker's log says that there are groups" worker_says "programs get control groups"
unit_group=/sys/fs/cgroup$(systemctl show --property ControlGroup --value sweepd-worker)
tell "the unit's group: $unit_group, turned on: $(cat "$unit_group/cgroup.subtree_control")"
for controller in cpu memory pids; do
    grep -qw $controller "$unit_group/cgroup.subtree_control" || fail "$controller is not turned on in $unit_group"
done
pass "the worker turns on cpu, memory and pids in the group that was handed over to it"

mkdir -p /var/lib/sweepd/programs && cp /check/programs/* /var/lib/sweepd/programs/ && chown -R sweepd: /var/lib/sweepd/programs
ended() { # SWEEP: waits for it, whatever its end; a halted or failed one is over too.
    sweepd_ wait "$1" --within 600 >/check/wait.log 2>&1
    sweepd_ trial "$1" 1 >/check/trial.log 2>&1 || fail "trial: $(cat /check/trial.log)"
}

sweepd_ submit programs/within.yaml >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
ended within
# A column of the only row of the table: the program gives what it saw of its group as metrics.
seen() { sweepd_ rank "$1" --format csv | awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i } NR == 2 { print int($column) }'; }
[ "$(seen within own_group)" = 1 ] || fail "the program was not in a group of its own: $(cat /check/trial.log)"
for limit in memory_max:134217728 cpu_max:100000 pids_max:4096; do
    [ "$(seen within "${limit%:*}")" = "${limit#*:}" ] || fail "${limit%:*} is $(seen within "${limit%:*}"), not ${limit#*:}"
done
pass "a program is in a group of its own, with memory.max, cpu.max and pids.max"
share=$(seen within share)
[ "${share:-0}" -gt 0 ] && [ "$share" -le 125 ] || fail "two busy processes took '$share' % of a core's time, and 100 were allowed"
pass "two busy processes of a program with threads: 1 took $share % of a core's time"
until_holds 30 "no groups are left" no_groups
pass "its group is removed in the end"

sweepd_ submit programs/hungry.yaml >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
ended hungry
grep -q "and the kernel ended it" /check/trial.log || fail "it is not said that memory ended it: $(cat /check/trial.log)"
tell "$(grep "the kernel ended it" /check/trial.log | head -n 1 | sed 's/^ *//')"
until_holds 30 "no groups are left" no_groups
pass "a program beyond its memory is ended by the kernel, and that is said"

# What began a session of its own, and a worker that is killed with all its keepers

sweepd_ submit programs/sessions.yaml >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
ended sessions
grep -q 'state *completed' /check/trial.log || fail "the program found no child of its own: $(cat /check/trial.log)"
# The pattern is not its own.
gone() { ! grep -qs 'check-far-chil[d]' /proc/[0-9]*/cmdline; }
until_holds 30 "what began a session of its own is ended" gone
pass "what began a session of its own is ended with its program"

sweepd_ submit programs/endless.yaml >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
has_group() { [ -n "$(groups_left)" ]; }
until_holds 120 "an endless program runs" has_group
left=$(groups_left)
systemctl kill --kill-whom=all --signal=KILL sweepd-worker
fresh() { active sweepd-worker && [ ! -d "$left" ]; }
until_holds 60 "the group of a killed worker is removed" fresh
pass "a worker that is killed with all of its programs leaves no group behind once it is started again"
sweepd_ cancel endless >/check/cancel.log 2>&1 || fail "cancel: $(cat /check/cancel.log)"
until_holds 60 "no groups are left" no_groups

# By hand, as docs/operations.md says

systemctl stop sweepd-worker || fail "systemctl stop"
mkdir -p /sys/fs/cgroup/lab/sweepd
sh -c 'echo $$ >/sys/fs/cgroup/lab/sweepd/cgroup.procs; exec sweepd worker --join /var/lib/sweepd-worker/worker.join --commands --log-level info' \
    >/check/hand.log 2>&1 &
hand=$!
until_holds 30 "a worker in a group made by hand says so" grep -q '/sys/fs/cgroup/lab' /check/hand.log
sweepd_ submit programs/within.yaml --set name=again >/check/submit.log 2>&1 || fail "submit: $(cat /check/submit.log)"
ended again
[ "$(seen again own_group)" = 1 ] || fail "the program was not in a group of its own: $(cat /check/trial.log)"
kill "$hand"
wait "$hand" || fail "the worker in a group made by hand ends with $?"
pass "the three commands for a group made by hand do what they say"

# And away

dpkg --purge sweepd >/check/dpkg.log 2>&1 || { tail -n 20 /check/dpkg.log; fail "dpkg --purge"; }
active sweepd-coordinator && fail "the coordinator still runs"
[ -e /usr/bin/sweepd ] && fail "the program is still there"
pass "purged: nothing runs, sweeps stay where they are"
echo "$passed passed, 0 failed"
