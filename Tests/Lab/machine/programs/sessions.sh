#!/bin/sh
# Leaves a process in a session of its own behind, whose parent is gone.
setsid sh -c ': check-far-child; sleep 3600; :' &
setsid sh -c "setsid sh -c ': check-far-child; sleep 3600; :' &"
sleep 1
grep -qs 'check-far-chil[d]' /proc/[0-9]*/cmdline || exit 7
echo '{"epoch": 1, "validation.loss": 0.5}' >&3
