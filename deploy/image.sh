#!/bin/sh
# Builds the image with the first of podman, docker and buildah that is there; BUILDER names one. BASE is another base
# image, such as your house's own; BUILD_OPTIONS goes to the builder as it stands, for a mirror's certificate or settings.
# With DRY=1 what would be run is written and nothing is.
#
#   image.sh IMAGE VERSION
set -eu

MISUSED=64
image=${1:-} version=${2:-}
[ -n "$image" ] && [ -n "$version" ] || { echo "Give a name for the image and the version in it." >&2; exit "$MISUSED"; }

builder=${BUILDER:-}
for one in podman docker buildah; do
  [ -n "$builder" ] || ! command -v "$one" >/dev/null || builder=$one
done
[ -n "$builder" ] || { echo "An image is built with podman, docker or buildah, and none of them is here." >&2; exit 69; }

options="--build-arg VERSION=$version ${BASE:+--build-arg BASE=$BASE} ${BUILD_OPTIONS:-}"
# The health check is kept in this format alone; docker knows no other.
case $builder in *docker) ;; *) options="--format docker $options" ;; esac
run=${DRY:+echo would run:}
# shellcheck disable=SC2086 # options are several words
$run "$builder" ${BUILDER_OPTIONS:-} build $options --file deploy/Dockerfile --tag "$image" .
[ -n "$run" ] || echo "Built $image."
