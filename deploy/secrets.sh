#!/bin/sh
# Makes the secrets of compose.yaml, once: files in deploy/secrets, which this user alone can enter. What is there stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
# A container reads them under a user id of its own: they are readable, and the folder keeps everybody else out.
keep() {
  [ -e "secrets/$1" ] || { printf '%s' "$2" > "secrets/$1"; chmod 444 "secrets/$1"; }
}
keep secret-key "$(random)"
keep postgres-password "$(random)"
password=$(cat secrets/postgres-password)
keep database-url "postgresql://affluence:$password@postgres/affluence"
keep mlflow-database-url "postgresql://affluence:$password@postgres/mlflow"
keep elastic-password "$(random)"
keep kibana-key "$(random)"
echo "The secrets stand in deploy/secrets."
