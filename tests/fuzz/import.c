/* SPDX-License-Identifier: Apache-2.0
 * Foreign sources that are one file, as `gantry dataset` reads them. Names decide what a file is read as: the first byte of the input chooses
 * the name, the rest is the file. (LMDB, a folder whose file is mapped into memory, is left out: that library trusts its files.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "gantry/hash.h"
#include "gantry/import.h"

static const char *const names[] = {"set.csv", "set.npy", "set.npz", "set.tfrecords", "train-images-idx3-ubyte", "cifar.tar", "cifar.tar.gz"};
enum { NAMES = sizeof names / sizeof *names, CSV = 0, NPY, NPZ, TFRECORDS, MNIST, TAR, MOST_BYTES = 1 << 22, MOST_SEED = 4096 };

static char folder[] = "/tmp/gantry-fuzz-XXXXXX";

static void remove_folder(void) {
    for (int i = 0; i < NAMES; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* A link of that name to the file without one. */
static const char *named(int kind, const void *bytes, size_t n) {
    static char path[64];
    static bool made;
    if (!made) {
        fuzz_check(mkdtemp(folder));
        atexit(remove_folder);
        made = true;
    }
    snprintf(path, sizeof path, "%s/%s", folder, names[kind]);
    unlink(path);
    fuzz_check(symlink(fuzz_file(bytes, n), path) == 0);
    return path;
}

static void put_kind(fuzz_put *put, void *arg, int kind, const void *bytes, size_t n) {
    uint8_t seed[MOST_SEED] = {(uint8_t)kind};
    fuzz_check(n < MOST_SEED);
    memcpy(seed + 1, bytes, n);
    put(arg, seed, n + 1);
}

static void put_record(fuzz_put *put, void *arg) {
    static const char example[] = "\x0a\x1c\x0a\x1a\x0a\x04" "data\x12\x12\x0a\x10\x0a\x0e" "0123456789abcd";
    uint8_t record[16 + sizeof example] = {sizeof example - 1};
    for (int part = 0; part < 2; part++) { /* length, data: each with its CRC behind it */
        uint8_t *data = part ? record + 12 : record;
        size_t n = part ? sizeof example - 1 : 8;
        if (part) memcpy(data, example, n);
        uint32_t crc = gt_crc32c(0, data, n), masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
        memcpy(data + n, &masked, 4);
    }
    put_kind(put, arg, TFRECORDS, record, 16 + sizeof example - 1);
}

static void seeds(fuzz_put *put, void *arg) {
    static const char csv[] = "path,label\na.png,1\n\"b,c.png\",2\n";
    static const char head[] = "\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4, 3), }";
    uint8_t npy[128 + 96], mnist[16 + 2 * 16] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4}, tar[1536] = "cifar-10-batches-py/data_batch_1";
    put_kind(put, arg, CSV, csv, sizeof csv - 1);
    memset(npy, ' ', sizeof npy);
    memcpy(npy, head, sizeof head - 1);
    npy[127] = '\n';
    put_kind(put, arg, NPY, npy, sizeof npy);
    put_kind(put, arg, MNIST, mnist, sizeof mnist);
    memcpy(tar + 124, "00000000100", 11);
    memcpy(tar + 257, "ustar", 5);
    tar[156] = '0';
    put_kind(put, arg, TAR, tar, sizeof tar);
    put_kind(put, arg, NPZ, (const uint8_t[22]){'P', 'K', 5, 6}, 22);
    put_record(put, arg);
}

static void run(const uint8_t *bytes, size_t n) {
    if (n == 0) return;
    gt_import *imp;
    if (gt_import_open(&imp, named(bytes[0] % NAMES, bytes + 1, n - 1), &(gt_import_options){.picture.most_bytes = MOST_BYTES})) return;
    const gt_import_info *info = gt_import_get_info(imp);
    char buffer[GT_IMPORT_NAME_BYTES];
    for (int64_t i = 0; i < info->count && i < 64; i++) {
        gt_picture p;
        gt_picture_info head;
        gt_status st = gt_import_head(imp, i, &head);
        (void)st;
        if (!gt_import_read(imp, i, &p)) gt_crc32(0, p.samples, gt_picture_bytes(&p));
        gt_picture_free(&p);
        fuzz_check(gt_import_name(imp, i, buffer));
        fuzz_check(gt_import_class(imp, i) < info->label_width || info->label_kind != GT_LABELS_CLASSES);
    }
    gt_import_close(imp);
}

const fuzz_target target = {.variants = 150, .seeds = seeds, .run = run};
