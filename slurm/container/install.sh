#!/bin/bash
# What all container recipes do inside a bare Debian: packages from the one list, build, install to /usr/local.
#   install.sh SOURCES
set -eu
cd "$1"
apt-get update -q
bash .ci/deps build
make -s -j"$(nproc)" install BUILD=/tmp/gantry-build PREFIX=/usr/local
rm -rf /tmp/gantry-build /var/lib/apt/lists/*
gantry version
