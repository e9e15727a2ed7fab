#!/bin/sh
# Pushes an image and keeps by what it was pushed: name@sha256:digest, in build/image.reference, which is what is deployed.
# CONTAINERS is podman or buildah; with DRY=1 what would be run is written and nothing is.
#
#   push.sh IMAGE REGISTRY/NAME TAG
set -eu

MISUSED=64
fail() { echo "$1" >&2; exit "$MISUSED"; }

image=${1:-} target=${2:-} tag=${3:-}
[ -n "$image" ] && [ -n "$target" ] && [ -n "$tag" ] ||
  fail "Give an image, where to push it (REGISTRY=registry.bank.example/affluence) and a tag."
case $tag in
  *-dirty) fail "The files differ from the last commit, so nobody could say what '$tag' was made from. Commit first." ;;
esac
containers=${CONTAINERS:-podman}
if [ -n "${DRY:-}" ]; then
  echo "would run: $containers push ${PUSH_OPTIONS:-} --digestfile build/image.digest $image docker://$target:$tag"
  exit 0
fi
mkdir -p build
rm -f build/image.digest build/image.reference
# shellcheck disable=SC2086 # options are several words
"$containers" push ${PUSH_OPTIONS:-} --digestfile build/image.digest "$image" "docker://$target:$tag"
echo "$target@$(cat build/image.digest)" > build/image.reference
echo "Pushed as $(cat build/image.reference)"
