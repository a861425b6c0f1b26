#!/usr/bin/env bash
# A training under Slurm, on this machine as its one node: preempted, at its time limit, cancelled and requeued.
# Each time it must end with the bytes of one that nobody disturbed.
#
# usage: tools/witness/slurm_training.sh EMEND MODEL.gguf [STEPS]   as root, with Debian's slurmctld, slurmd,
#                                                                   slurm-client and munge installed
#
# Everything it makes is in a temporary folder, but for munge's key where there is none. Not part of CI.
set -euo pipefail

emend=$(realpath "${1:?"usage: slurm_training.sh EMEND MODEL.gguf"}")
model=$(realpath "${2:?"usage: slurm_training.sh EMEND MODEL.gguf"}")
folder=$(mktemp -d)
steps=${3:-600}
host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf
daemons=()
stop() {
  # Steps outlive their daemons.
  scancel --me 2>/dev/null && sleep 3 || true
  for daemon in "${daemons[@]}"; do kill "$daemon" 2>/dev/null || true; done
  for daemon in "${daemons[@]}"; do wait "$daemon" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

fail() {
  echo "error: $*" >&2
  tail -n 20 "$folder"/*.log "$folder"/*.out >&2 || true
  exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local tries=$(($1 * 10))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "no end of waiting for: $*"
    sleep 0.1
  done
}

[ -s /etc/munge/munge.key ] || mungekey --create
mkdir -p "$folder"/{state,spool,munge}
chown -R munge "$folder/munge"
chmod 755 "$folder"
runuser -u munge -- munged --foreground --force --socket "$folder/munge/socket" \
  --pid-file "$folder/munge/pid" --log-file "$folder/munge/log" --seed-file "$folder/munge/seed" &
daemons+=($!)
cat >"$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SchedulerType=sched/builtin
SelectType=select/linear
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=20
MpiDefault=none
NodeName=$host CPUs=$(nproc) State=UNKNOWN
PartitionName=low Nodes=$host Default=YES PriorityTier=1 GraceTime=20 OverTimeLimit=0 State=UP
PartitionName=high Nodes=$host PriorityTier=9 State=UP
CONF
wait_for 10 test -S "$folder/munge/socket"
slurmctld -D &
daemons+=($!)
slurmd -D &
daemons+=($!)
is_idle() { [ "$(sinfo -h -n "$host" -p low -o %t)" = idle ]; }
wait_for 60 is_idle

# One script for all: the same line begins and goes on. Slurm passes its signals to steps, hence srun.
cat >"$folder/job" <<JOB
#!/bin/sh
#SBATCH --open-mode=append
exec srun -n 1 "$emend" train -m "$model" --random-rows 24x24x8 --batch-size 2 --steps $steps \
  --backbone gpt2:2x64x2 --heads shared --save-every 0 --save-every-seconds 2 --steps-per-eval 0 \
  --output "\$OUTPUT" --resume auto
JOB
chmod +x "$folder/job"

submit() {
  OUTPUT=$folder/$1 sbatch --parsable --requeue -J "$1" -o "$folder/$1.out" "${@:2}" "$folder/job"
}
is_under_way() { [ "$(wc -l <"$folder/$1/metrics.jsonl")" -gt "$2" ]; }
has_state() { [ "$(squeue -h -j "$1" -o %T)" = "$2" ]; }
is_gone() { [ -z "$(squeue -h -j "$1" -o %T)" ]; }
step_count() { wc -l <"$folder/$1/metrics.jsonl" 2>/dev/null || echo 0; }
finish() {
  local id
  until grep -q '"summary"' "$folder/$1/metrics.jsonl"; do
    id=$(submit "$1")
    wait_for 300 is_gone "$id"
  done
  cmp "$folder/whole/editor.safetensors" "$folder/$1/editor.safetensors" || fail "$1: other bytes"
  echo "$1: the same bytes"
}

wait_for 300 is_gone "$(submit whole)"
grep -q '"summary"' "$folder/whole/metrics.jsonl" || fail "the undisturbed run did not end"

# Preemption: TERM, CONT and TERM at once, KILL after the grace. A job that ends by itself is not requeued by Slurm.
id=$(submit preempted)
wait_for 60 is_under_way preempted 20
other=$(sbatch --parsable -p high --wrap "sleep 3" -o /dev/null)
wait_for 60 is_gone "$other"
grep -q "go on with " "$folder/preempted.out" || fail "preemption did not save"
wait_for 400 is_gone "$id"
finish preempted

# The time limit: a minute is the least that Slurm counts, so that the run must last longer or is done.
id=$(submit limited --time 00:00:10)
wait_for 200 is_gone "$id"
finish limited

id=$(submit cancelled)
wait_for 60 is_under_way cancelled 20
scancel "$id"
wait_for 60 is_gone "$id"
finish cancelled

id=$(submit requeued)
wait_for 60 is_under_way requeued 20
scontrol requeue "$id"
before=$(step_count requeued)
wait_for 200 is_under_way requeued "$before"
wait_for 400 is_gone "$id"
finish requeued
