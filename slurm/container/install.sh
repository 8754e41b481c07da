#!/bin/bash
# What all container recipes do inside a bare Debian: packages from the one list, build, install to /usr/local.
#   install.sh SOURCES
set -eu
cd "$1"
build=$(mktemp -d) # Apptainer shows the host's /tmp here
trap 'rm -rf "$build"' EXIT
apt-get update -q
bash .ci/deps build
make -s -j"$(nproc)" install install-bench BUILD="$build" PREFIX=/usr/local
apt-get clean
rm -rf /var/lib/apt/lists/*
gantry version
