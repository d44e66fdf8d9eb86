#!/bin/sh
# Takes more and more memory in several processes, each of which is within the limit.
echo '{"epoch": 1, "validation.loss": 0.5}' >&3
for process in 1 2 3 4; do head -c 60000000 /dev/zero | tail -c 60000000 | { sleep 20; cat >/dev/null; } & done
wait
echo '{"epoch": 2, "validation.loss": 0.5}' >&3
