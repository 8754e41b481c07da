# Sourced by tests of 64-bit ARM, emulated: Gantry from a cross compiler in a tree of Debian for ARM. A program: "$tree/run" "$made/gantry".
# shellcheck shell=bash
top=$(realpath "$here/../..") tree=$tmp/tree made=$BUILD/arm64
needs_arm64() {
    [ "$(uname -m)" = x86_64 ] || skip 'the comparison is with an x86-64'
    need aarch64-linux-gnu-gcc 'Debian: gcc-aarch64-linux-gnu'
    need qemu-aarch64-static 'Debian: qemu-user-static'
    need mmdebstrap 'Debian: mmdebstrap'
    [ "$(id -u)" = 0 ] || skip 'the tree needs root'
    "$GANTRY" version | grep -q '^arithmetic: fma-' || skip 'this CPU has no fused multiply-adds'
}
build_arm64() { # FILE...: below the folder of the build, beside the program
    timeout -k 5 900 "$top/packaging/arm64-tree" "$tree" >log 2>&1 || { tail -n 5 log; skip 'Debian cannot be downloaded (network?)'; }
    GIT_ID=$("$GANTRY" version | sed -n 's/^gantry .*(git \(.*\))$/\1/p') \
        make -C "$top" -j"$(nproc)" CROSS=aarch64-linux-gnu- SYSROOT="$tree" BUILD="$made" "$made/gantry" "${@/#/$made/}" >log 2>&1 || { tail -n 20 log; fail 'make'; }
    # The kernel starts no programs for ARM: the process that walks through HDF5 files is this machine's.
    cp "$(dirname "$GANTRY")/libexec/gantry/check-hdf5" "$made/libexec/gantry/"
    expect 0 '^arithmetic: fma-[0-9]+ \(instructions: neon\)' "$tree/run" "$made/gantry" version
}
