#!/usr/bin/env bash
# Builds the image from the repository: restored from nuget.org, or from the sources of this machine's NuGet.Config, which stays a build secret.
#
#   deploy/scripts/build_image.sh VERSION [CONTEXT]
#
#   VERSION   the tag, and the version that the service tells
#   CONTEXT   the repository (default: the one this file is in)
#
# MODULAR_IMAGE in .env names the repository of the image (default: modular). Where build containers have no network of their own,
# DOCKER_BUILD_NETWORK=host gives them this machine's.
# Exit codes: 0 built; 1 not; 2 wrong usage.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[[ ${1:-} != -h && ${1:-} != --help ]] || { usage scripts/build_image.sh; exit 0; }
version=${1:-} context=${2:-..}
[[ $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || die 2 "say which version: build_image.sh 1.2.3"
[[ -f $context/Dockerfile.prod ]] || die 2 "$context has no Dockerfile.prod"
options=(--quiet)
[[ -s $HOME/.nuget/NuGet/NuGet.Config ]] && options+=(--secret "id=nuget,src=$HOME/.nuget/NuGet/NuGet.Config")
[[ -n ${DOCKER_BUILD_NETWORK:-} ]] && options+=(--network "$DOCKER_BUILD_NETWORK")
DOCKER_BUILDKIT=1 docker build "${options[@]}" --file "$context/Dockerfile.prod" --tag "$(setting MODULAR_IMAGE modular):$version" \
  --build-arg VERSION="$version" --build-arg COMMIT="$(git -C "$context" rev-parse HEAD 2>/dev/null || echo unknown)" "$context" >/dev/null || die 1 "the image was not built"
