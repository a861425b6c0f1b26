#!/usr/bin/env bash
# Ranks on machines with a network between them: network namespaces of this machine, each with an address, a host name
# and one core of its own, on a bridge, their links limited by tc. Says what a step takes, how long gradients and
# parameters were under way, how much of that the ranks waited for, and so what part was hidden behind computing.
#
# usage: tools/witness/mpi_network.sh EMEND MODEL.gguf EDITOR.safetensors [RANKS [STEPS [RATE...]]]
#        as root, with iproute2; RATE as tc has it: 1gbit, 100mbit; "none" is no limit (default: none 1gbit)
#        ROWS=BxTxI BATCH=n (of each rank; default 32x128x24 and 4) ARGUMENTS="more for emend train"
#
# Namespaces and links are taken away at the end. Not part of CI.
set -euo pipefail

emend=$(realpath "${1:?"usage: mpi_network.sh EMEND MODEL.gguf EDITOR.safetensors"}")
model=$(realpath "${2:?"usage: mpi_network.sh EMEND MODEL.gguf EDITOR.safetensors"}")
editor=$(realpath "${3:?"usage: mpi_network.sh EMEND MODEL.gguf EDITOR.safetensors"}")
ranks=${4:-2}
steps=${5:-12}
shift $(($# < 5 ? $# : 5))
rates=("$@")
[ ${#rates[@]} -gt 0 ] || rates=(none 1gbit)
rows=${ROWS:-32x128x24}
batch=${BATCH:-4}
read -r -a more <<<"${ARGUMENTS:-}"
name=emend$$
cores=$(nproc)
folder=$(mktemp -d)

take_down() {
  local rank
  for ((rank = 0; rank < ranks; rank++)); do ip netns del "$name-$rank" 2>/dev/null || true; done
  ip netns del "$name-net" 2>/dev/null || true
  rm -rf "$folder"
}
trap take_down EXIT

fail() {
  echo "error: $*" >&2
  tail -n 20 "$folder"/*.log >&2 || true
  exit 1
}

# The bridge is in a namespace too, so that nothing of this machine's own network changes.
ip netns add "$name-net" || fail "this system has no network namespaces; run it as root on one that has"
ip -n "$name-net" link add switch type bridge
ip -n "$name-net" link set switch up
for ((rank = 0; rank < ranks; rank++)); do
  ip netns add "$name-$rank"
  ip -n "$name-$rank" link set lo up
  ip link add eth0 netns "$name-$rank" type veth peer name "port$rank" netns "$name-net"
  ip -n "$name-$rank" address add "10.77.0.$((rank + 1))/24" dev eth0
  ip -n "$name-$rank" link set eth0 up
  ip -n "$name-net" link set "port$rank" master switch
  ip -n "$name-net" link set "port$rank" up
done

# Both ways of every link: what a host sends, and what the switch sends to it.
limit() {
  local rank
  for ((rank = 0; rank < ranks; rank++)); do
    tc -n "$name-$rank" qdisc del dev eth0 root 2>/dev/null || true
    tc -n "$name-net" qdisc del dev "port$rank" root 2>/dev/null || true
    [ "$1" != none ] || continue
    tc -n "$name-$rank" qdisc add dev eth0 root tbf rate "$1" burst 256kb latency 20ms
    tc -n "$name-net" qdisc add dev "port$rank" root tbf rate "$1" burst 256kb latency 20ms
  done
}

# What mpirun takes for ssh: a command on the host of an address.
cat >"$folder/agent" <<AGENT
#!/bin/bash
while [ "\${1#-}" != "\$1" ]; do shift; done
rank=\$((\${1##*.} - 1))
shift
exec ip netns exec "$name-\$rank" unshare --uts -- taskset -c \$((rank % $cores)) sh -c "hostname host\$rank; \$*"
AGENT
chmod +x "$folder/agent"
hosts=$(for ((rank = 0; rank < ranks; rank++)); do printf '10.77.0.%d:1,' $((rank + 1)); done)

train=("$emend" train -m "$model" --editor "$editor" --random-rows "$rows" --steps "$steps" --json "${more[@]}")

# What a rank does by itself: its part of the batch, on one core.
taskset -c 0 "${train[@]}" --batch-size "$batch" >"$folder/one.json" 2>"$folder/one.log" </dev/null || fail "no training"

for rate in "${rates[@]}"; do
  limit "$rate"
  "$folder/agent" 10.77.0.1 env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 TMPDIR="$folder" \
    mpirun --host "${hosts%,}" -n "$ranks" --bind-to none --mca plm_rsh_agent "$folder/agent" \
    --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
    "${train[@]}" --batch-size $((batch * ranks)) >"$folder/$rate.json" 2>"$folder/$rate.log" </dev/null \
    || fail "no training of $ranks ranks at $rate"
  PYTHONPATH=$(dirname "$0") python3 - "$folder/one.json" "$folder/$rate.json" "$rate" "$editor" "$rows" <<'PYTHON'
import json, math, struct, sys

import cluster_model

one, several = [[json.loads(line) for line in open(path)] for path in sys.argv[1:3]]
alone = one[1]["seconds_per_step"]
step, way, wait = (several[1][key] for key in ("seconds_per_step", "exchange_seconds_per_step", "waiting_seconds_per_step"))
ranks = several[1]["ranks"]
volume = 8 * several[0]["plan"]["trained_parameters"] * (ranks - 1) / ranks / 1e6
print(f"{sys.argv[3]}: {ranks} ranks, {volume:.0f} MB a step, half of it each way; {step:.2f} s a step (one rank with its part alone {alone:.2f}), "
      f"{way:.2f} s under way, {wait:.2f} s waited for: {100 * (1 - wait / way):.0f} % hidden")
units = {"gbit": 1e9, "mbit": 1e6}
unit = next((unit for unit in units if sys.argv[3].endswith(unit)), None)
if unit:
    bandwidth = float(sys.argv[3].removesuffix(unit)) * units[unit]
    # SmolLM2 has 30 blocks; another model's shape would go here.
    trained, blocks = several[0]["plan"]["trained_parameters"], 30
    with open(sys.argv[4], "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    heads = sum(math.prod(value["shape"]) for name, value in header.items() if name.startswith("heads."))
    _, tokens, instruction = map(int, sys.argv[5].split("x"))
    if heads:
        way, shown, whole = cluster_model.latents(
            trained - heads, heads, ranks, bandwidth, alone, tokens, instruction, blocks)
    else:
        way, shown, whole = cluster_model.step(trained, ranks, bandwidth, alone, blocks)
    print(f"  the model of docs/cluster.md: {whole:.2f} s a step, {way:.2f} s under way, {shown:.2f} s waited for")
PYTHON
done
