#!/bin/sh
# Says in which group it is and what that is limited to, keeps two processes busy for some seconds, and says what time they took.
group=$(sed -n 's/^0:://p' /proc/self/cgroup)
folder=/sys/fs/cgroup$group
used() { sed -n 's/^usage_usec //p' "$folder/cpu.stat"; }
now() { sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\20000/' /proc/uptime; }
first() { cut -d' ' -f1 "$folder/$1"; }
own=0
case $group in */sweepd-trial-*) own=1 ;; esac
time_before=$(used) begun=$(now)
timeout 6 sh -c 'while :; do :; done' &
timeout 6 sh -c 'while :; do :; done' &
wait
share=$((($(used) - time_before) * 100 / ($(now) - begun)))
echo "{\"epoch\": 1, \"validation.loss\": 0.5, \"own_group\": $own, \"memory_max\": $(first memory.max), \"cpu_max\": $(first cpu.max)," \
    "\"pids_max\": $(first pids.max), \"share\": $share}" >&3
