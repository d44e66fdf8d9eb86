#!/bin/bash
# netns-lab.sh: test hosts on a network of their own, and the faults of a real one.
#
# Each host is a network namespace with one interface, joined by a bridge that lives in a namespace too, so the machine's
# own network is never touched. Faults are made at the bridge: the links of the hosts stay up, as behind a real switch.
# Needs root, iproute2, nftables and ethtool; `delay` also python3. Two labs live side by side under different names:
# LAB (default sw) and LABNET (the network's first three numbers, default 10.77.0).
#
#   up N                  hosts 1…N at $LABNET.1 … $LABNET.N
#   run I COMMAND…        run a command on host I
#   address I             the address of host I
#   cut I                 every frame of I is lost without a sign
#   oneway I in|out       I hears nothing | nobody hears I
#   split I J             I and J do not hear each other; both hear the rest
#   loss I PERCENT        so many frames of I are lost, both ways; may be 0.5
#   rate I RATE           I's link is as slow as RATE both ways, such as 10mbit
#   delay I MS [JITTER]   every frame of I takes MS longer, both ways
#   unplug I, plug I      I's port loses its carrier, has it again
#   heal I                ends every fault of I
#   kill I                SIGKILL to every process on I, as a loss of power
#   show                  hosts, their processes, faults
#   down                  kills what runs on the hosts, removes everything
set -Eeuo pipefail

name=${LAB:-sw}
network=${LABNET:-10.77.0}
here=$(cd "$(dirname "$0")" && pwd)
state=/run/netns-lab-$name
switch=$name-switch

usage() {
    sed -n '2,/^set -E/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
}

# The hosts that are there, by number.
hosts() {
    ip netns list 2>/dev/null | awk '{ print $1 }' | sed -n "s/^$name-\([0-9][0-9]*\)\$/\1/p" | sort -n
}

# The processes in a namespace.
processes() {
    { ip netns pids "$1" 2>/dev/null || true; } | tr '\n' ' '
}

kill_all() {
    local found
    found=$(processes "$1")
    # shellcheck disable=SC2086
    [ -z "$found" ] || kill -9 $found 2>/dev/null || true
    # What still dies may still hold files.
    for _ in $(seq 50); do
        [ -n "$(processes "$1")" ] || return 0
        sleep 0.1
    done
}

on_switch() { ip netns exec "$switch" "$@"; }

# A host's ports on the bridge: p I, and r I in its place while a relay delays its frames.
ports() { echo "{ \"p$1\", \"r$1\" }"; }

# Writes the rules of all faults noted in $state, and puts them in the place of the old ones in one step.
apply_faults() {
    local fault kind first second share
    {
        echo 'table bridge lab'
        echo 'delete table bridge lab'
        echo 'table bridge lab { chain faults { type filter hook forward priority 0; policy accept;'
        for fault in "$state"/faults/*; do
            [ -e "$fault" ] || continue
            IFS=. read -r kind first second <<<"${fault##*/}"
            case $kind in
            cut) echo "iifname $(ports "$first") drop; oifname $(ports "$first") drop;" ;;
            in) echo "oifname $(ports "$first") drop;" ;;
            out) echo "iifname $(ports "$first") drop;" ;;
            split)
                echo "iifname $(ports "$first") oifname $(ports "$second") drop;"
                echo "iifname $(ports "$second") oifname $(ports "$first") drop;"
                ;;
            loss)
                share=$(cat "$fault")
                if [ "$share" -ge 10000 ]; then
                    echo "iifname $(ports "$first") drop; oifname $(ports "$first") drop;"
                    continue
                fi
                echo "iifname $(ports "$first") numgen random mod 10000 < $share drop;"
                echo "oifname $(ports "$first") numgen random mod 10000 < $share drop;"
                ;;
            esac
        done
        printf '}\n}\n'
    } | on_switch nft -f -
}

note() {
    echo "${2:-}" >"$state/faults/$1"
    apply_faults || {
        rm -f "$state/faults/$1"
        return 1
    }
}

end_delay() {
    [ -e "$state/relay.$1" ] || return 0
    kill "$(cat "$state/relay.$1")" 2>/dev/null || true
    rm -f "$state/relay.$1"
    ip -n "$switch" link del "d$1" 2>/dev/null || true
    ip -n "$switch" link set "p$1" master bridge
}

start_delay() {
    local host=$1
    shift
    end_delay "$host"
    # The host's port leaves the bridge; a relay joins it to a pair of interfaces whose other end takes its place.
    ip -n "$switch" link add "d$host" type veth peer name "r$host"
    ip -n "$switch" link set "p$host" nomaster
    ip -n "$switch" link set "r$host" master bridge up
    ip -n "$switch" link set "d$host" up
    rm -f "$state/ready.$host"
    # Not by on_switch: of a function in the background a shell stays, which would be the one that is noted and ended.
    ip netns exec "$switch" setsid python3 "$here/netdelay.py" "p$host" "d$host" "$@" --ready "$state/ready.$host" \
        </dev/null >/dev/null 2>"$state/relay-errors.$host" &
    echo $! >"$state/relay.$host"
    for _ in $(seq 100); do
        [ ! -e "$state/ready.$host" ] || return 0
        sleep 0.05
    done
    cat "$state/relay-errors.$host" >&2
    echo "netns-lab: the relay of host $host did not start" >&2
    exit 1
}

add_host() {
    local host=$1 space=$name-$1
    ip netns add "$space"
    ip -n "$space" link add eth0 type veth peer name "p$host" netns "$switch"
    # Frames must be whole and summed before the relay sees them.
    ip netns exec "$space" ethtool -K eth0 tx off tso off gso off gro off >/dev/null
    ip -n "$switch" link set "p$host" master bridge up
    ip -n "$space" addr add "$network.$host/24" dev eth0
    ip -n "$space" link set eth0 up
    ip -n "$space" link set lo up
}

remove_all() {
    local host
    for host in $(hosts); do
        kill_all "$name-$host"
        ip netns del "$name-$host"
    done
    kill_all "$switch"
    if ip netns list | grep -q "^$switch\b"; then ip netns del "$switch"; fi
    rm -rf "$state"
}

[ $# -gt 0 ] || usage
verb=$1
shift
case $verb in
up)
    mkdir -p "$state/faults"
    trap 'remove_all' ERR
    ip netns add "$switch"
    ip -n "$switch" link add bridge type bridge
    ip -n "$switch" link set bridge up
    ip -n "$switch" link set lo up
    for host in $(seq "$1"); do add_host "$host"; done
    apply_faults
    ;;
run)
    host=$1
    shift
    exec ip netns exec "$name-$host" "$@"
    ;;
address) echo "$network.$1" ;;
cut) note "cut.$1" ;;
oneway) case $2 in in | out) note "$2.$1" ;; *) usage ;; esac ;;
split) note "split.$1.$2" ;;
loss) note "loss.$1" "$(awk -v percent="$2" 'BEGIN { printf "%d", percent * 100 }')" ;;
rate)
    on_switch tc qdisc replace dev "p$1" root tbf rate "$2" burst 32k latency 100ms
    ip netns exec "$name-$1" tc qdisc replace dev eth0 root tbf rate "$2" burst 32k latency 100ms
    ;;
delay) start_delay "$@" ;;
unplug) ip -n "$switch" link set "p$1" down ;;
plug) ip -n "$switch" link set "p$1" up ;;
heal)
    rm -f "$state"/faults/{cut,in,out,loss}."$1" "$state/faults/split.$1".* "$state"/faults/split.*."$1"
    end_delay "$1"
    apply_faults
    on_switch tc qdisc del dev "p$1" root 2>/dev/null || true
    ip netns exec "$name-$1" tc qdisc del dev eth0 root 2>/dev/null || true
    ip -n "$switch" link set "p$1" up
    ;;
kill) kill_all "$name-$1" ;;
show)
    for host in $(hosts); do echo "host $host $network.$host processes: $(processes "$name-$host")"; done
    ls "$state/faults"
    on_switch nft list table bridge lab
    ;;
down) remove_all ;;
*) usage ;;
esac
