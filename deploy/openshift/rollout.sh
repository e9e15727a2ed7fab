#!/bin/sh
# Rolls a version out, or back. ENVIRONMENT is an overlay (dev, prod); OC is the cluster's client, oc or kubectl; with
# DRY=1 what would be run is written and nothing is.
#
#   rollout.sh render ENVIRONMENT IMAGE     every object, on standard output
#   rollout.sh deploy ENVIRONMENT IMAGE     migrate, then roll out; ends with an error unless all of it stands
#   rollout.sh back   ENVIRONMENT           to the revisions that stood before the last deploy from this folder
set -eu

# An exit status of its own says that the command was not understood.
MISUSED=64
DEPLOYMENTS="mlflow web worker"
# How the image stands in the manifests until a version is known.
UNRELEASED="affluence:unreleased"
here=$(cd "$(dirname "$0")" && pwd)
oc=${OC:-oc}

fail() { echo "$1" >&2; exit "$MISUSED"; }

run() {
  if [ -n "${DRY:-}" ]; then echo "would run: $*"; else "$@"; fi
}

render() {
  echo "$image" | grep -Eq '@sha256:[0-9a-f]{64}$' ||
    fail "IMAGE is '$image'; give name@sha256:digest, as the push wrote it: a tag may point elsewhere tomorrow."
  objects=$(${KUSTOMIZE:-$oc kustomize} "$here/overlays/$environment")
  echo "$objects" | sed "s|image: $UNRELEASED|image: $image|"
}

revision() {
  "$oc" -n "$namespace" get deployment "affluence-$1" --ignore-not-found \
    -o 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}'
}

remember() {
  mkdir -p "$(dirname "$before")"
  : > "$before"
  for name in $DEPLOYMENTS; do
    number=$(revision "$name")
    echo "$name ${number:-none}" >> "$before"
  done
}

settle() {
  for name in $DEPLOYMENTS; do
    run "$oc" -n "$namespace" rollout status "deployment/affluence-$name" --timeout=600s
  done
}

deploy() {
  rm -f "$before"
  rendered=$(render)
  [ -n "${DRY:-}" ] || remember
  # A job cannot be changed; the last version's makes room for this one's.
  run "$oc" -n "$namespace" delete job affluence-migration --ignore-not-found
  echo "$rendered" | run "$oc" apply -f -
  run "$oc" -n "$namespace" wait --for=condition=complete --timeout=1800s job/affluence-migration
  settle
}

back() {
  if [ -n "${DRY:-}" ]; then
    for name in $DEPLOYMENTS; do
      run "$oc" -n "$namespace" rollout undo "deployment/affluence-$name" --to-revision=BEFORE
    done
    settle
    return
  fi
  [ -f "$before" ] || fail "Nothing was rolled out to $environment from this folder, so there is no way back from here."
  while read -r name number; do
    if [ "$number" = none ]; then
      echo "affluence-$name was not there before: nothing to go back to." >&2
      exit 1
    fi
    "$oc" -n "$namespace" rollout undo "deployment/affluence-$name" "--to-revision=$number"
  done < "$before"
  settle
}

verb=${1:-} environment=${2:-} image=${3:-}
known=$(ls "$here/overlays" | tr '\n' ' ')
case " $known" in
  *" ${environment:-none} "*) ;;
  *) fail "There is no environment '$environment'. ENVIRONMENT is one of: $known" ;;
esac
namespace=$(sed -n 's/^namespace: *//p' "$here/overlays/$environment/kustomization.yaml")
before=${ROLLOUT_FOLDER:-build}/stood-before-$environment
case $verb in
  render | deploy | back) "$verb" ;;
  *) fail "'$verb' is none of render, deploy, back." ;;
esac
