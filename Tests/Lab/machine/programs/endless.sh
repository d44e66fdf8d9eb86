#!/bin/sh
echo '{"epoch": 1, "validation.loss": 0.5}' >&3
while :; do sleep 1; done
