/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing of everything that reads bytes from elsewhere. A target is one file tests/fuzz/NAME.c that defines `target`;
 * it is found by its place, and nothing else names it. It becomes two programs:
 *
 *     build/tests/test_fuzz_NAME     replays the seeds, variants of them and tests/fuzz/found/NAME/ (in `make check`);
 *                                    replay.c
 *     build/fuzz/fuzz_NAME           searches with libFuzzer, AddressSanitizer and UBSan (make check-long T=fuzz);
 *                                    tests/e2e/fuzz.sh
 *
 * What is read from elsewhere, and which targets go through it:
 *
 *     datasets: ZIP, its PNGs, dataset.json, HDF5                         zip, png, notes, hdf5
 *     foreign sources: pictures of all kinds, CIFAR, MNIST, LMDB,         picture, pickle, import
 *       TFRecords, NumPy, CSV, ZIP, a folder, and their labels
 *     checkpoints, the recipe in them and the networks it speaks of       checkpoint, job, model
 *     job files                                                           job
 *     what a run goes on with, or is reported by: stats.jsonl, log.txt    stats, report
 *     what `gantry dataset` goes on with: DEST.progress                   progress
 *     metric logs, arrays, results of benchmarks                          results, own_hdf5
 *     HDF5 files of any kind whose structure is sound                     odd_hdf5
 *     records of pictures: JSON, XMP, chunks of PNG, WebP, JPEG and TIFF; signed statements  record
 *     points of mixtures in CSV; fits of mixtures                         points, mixture
 *     weights of other programs                                           safetensors, npz, torch_zip,
 *                                                                         torch_legacy, reference, tensorflow
 *
 * What a search has found goes to tests/fuzz/found/NAME/ with the repair, and is replayed ever after. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void fuzz_put(void *arg, const void *bytes, size_t n);

typedef struct fuzz_target {
    int variants; /* of each seed, in a replay */
    /* Calls put() for each valid input, or nearly valid one, that a search begins with. */
    void (*seeds)(fuzz_put *put, void *arg);
    /* Reads the bytes as a file from elsewhere is read. What it says of them is its own affair; it must not crash, run
     * away, leak, or accept what it then cannot use (fuzz_check). */
    void (*run)(const uint8_t *bytes, size_t n);
} fuzz_target;

extern const fuzz_target target;

/* The bytes as a file of this name, where that matters, in a folder of this process, and the folder, which is gone at
 * the end. The path is good until the next call but three, the file until the next of the same name. */
const char *fuzz_file(const void *bytes, size_t n);
const char *fuzz_named(const char *name, const void *bytes, size_t n);
const char *fuzz_folder(void);

/* For seeds that a library writes to a file: an empty one, its path good until the next call; and its bytes as a seed,
 * after which it is gone. */
const char *fuzz_scratch(void);
void fuzz_put_scratch(fuzz_put *put, void *arg, const char *path);

/* The bytes as they are, and a copy whose checksums `repair` makes right, so that what lies behind them is reached,
 * too. */
void fuzz_with_repaired(const uint8_t *bytes, size_t n, void (*use)(const uint8_t *, size_t),
                        void (*repair)(uint8_t *, size_t));

/* Something that must hold for any input; if not, the program ends as for a crash. */
#define fuzz_check(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))
void fuzz_broken(const char *what, const char *file, int line) __attribute__((noreturn));

/* Is the HDF5 file sound? What training asks before it opens a file from elsewhere: the walk in a process of its own.
 * To be true of seeds: one that does not pass tests nothing. FUZZ_CHECKER, for searches: a test_fuzz_NAME without
 * sanitizers that is that process, for many files. */
bool fuzz_hdf5_passes(const char *path);

/* To be called first in main(): quiet logs, and where this program is started as FUZZ_CHECKER, what that does. */
void fuzz_begin(int argc, char **argv);

#endif
