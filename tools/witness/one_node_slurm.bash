# Slurm on this machine as its one node, for scripts that source this: `$folder` is temporary, and all of Slurm with it but
# munge's key where there is none; it stops when the script ends. Jobs of the partition high preempt those of low.
# shellcheck shell=bash

folder=$(mktemp -d)
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

# is_gone ID: whether the job has left the queue.
is_gone() { [ -z "$(squeue -h -j "$1" -o %T)" ]; }
