/* SPDX-License-Identifier: Apache-2.0
 * Archives made byte by byte: zip64, and what damage, truncation and malice look like. Each must be read or refused
 * with a message that names file and entry; none may crash or allocate what it merely claims. */
#include "data_files.h"
#include "sanitized.h"
#include "networks/model/door/model.h"

#include <pthread.h>
#include <sys/resource.h>
#include <zlib.h>

/* ---- an archive of stored entries, every field under control ---- */

typedef struct maker {
    uint8_t file[1 << 20], index[1 << 14];
    size_t n, index_bytes;
    int entries;
} maker;

static void add16(uint8_t *to, size_t *n, unsigned v) {
    for (int i = 0; i < 2; i++) to[(*n)++] = (uint8_t)(v >> 8 * i);
}
static void add32(uint8_t *to, size_t *n, uint32_t v) {
    for (int i = 0; i < 4; i++) to[(*n)++] = (uint8_t)(v >> 8 * i);
}
static void add64(uint8_t *to, size_t *n, uint64_t v) {
    for (int i = 0; i < 8; i++) to[(*n)++] = (uint8_t)(v >> 8 * i);
}
static void add_text(uint8_t *to, size_t *n, const void *text, size_t bytes) {
    memcpy(to + *n, text, bytes);
    *n += bytes;
}

typedef struct entry { /* what the index says; NULL/0: the truth */
    const char *name;
    bool zip64;
    unsigned method, flags;
    uint64_t size, packed, offset;
    uint32_t crc;
} entry;

static void add(maker *m, entry e, bytes data) {
    uint64_t at_byte = m->n;
    uint32_t crc = (uint32_t)crc32(0, data.data, (uInt)data.n);
    add_text(m->file, &m->n, "PK\3\4", 4);
    add16(m->file, &m->n, 45);
    add16(m->file, &m->n, e.flags);
    add16(m->file, &m->n, e.method);
    add32(m->file, &m->n, 0);
    add32(m->file, &m->n, crc);
    add32(m->file, &m->n, e.zip64 ? 0xffffffff : (uint32_t)data.n);
    add32(m->file, &m->n, e.zip64 ? 0xffffffff : (uint32_t)data.n);
    add16(m->file, &m->n, (unsigned)strlen(e.name));
    add16(m->file, &m->n, 7); /* an extra field here and none, or another, in the index */
    add_text(m->file, &m->n, e.name, strlen(e.name));
    add_text(m->file, &m->n, "\xaa\xaa\3\0abc", 7);
    add_text(m->file, &m->n, data.data, data.n);

    uint64_t size = e.size ? e.size : data.n, packed = e.packed ? e.packed : data.n,
             offset = e.offset ? e.offset : at_byte;
    add_text(m->index, &m->index_bytes, "PK\1\2", 4);
    add16(m->index, &m->index_bytes, 45);
    add16(m->index, &m->index_bytes, 45);
    add16(m->index, &m->index_bytes, e.flags);
    add16(m->index, &m->index_bytes, e.method);
    add32(m->index, &m->index_bytes, 0);
    add32(m->index, &m->index_bytes, e.crc ? e.crc : crc);
    add32(m->index, &m->index_bytes, e.zip64 ? 0xffffffff : (uint32_t)packed);
    add32(m->index, &m->index_bytes, e.zip64 ? 0xffffffff : (uint32_t)size);
    add16(m->index, &m->index_bytes, (unsigned)strlen(e.name));
    add16(m->index, &m->index_bytes, e.zip64 ? 28 : 0);
    add16(m->index, &m->index_bytes, 0);
    add16(m->index, &m->index_bytes, 0);
    add16(m->index, &m->index_bytes, 0);
    add32(m->index, &m->index_bytes, 0);
    add32(m->index, &m->index_bytes, e.zip64 ? 0xffffffff : (uint32_t)offset);
    add_text(m->index, &m->index_bytes, e.name, strlen(e.name));
    if (e.zip64) {
        add16(m->index, &m->index_bytes, 1);
        add16(m->index, &m->index_bytes, 24);
        add64(m->index, &m->index_bytes, size);
        add64(m->index, &m->index_bytes, packed);
        add64(m->index, &m->index_bytes, offset);
    }
    m->entries++;
}

/* Index and end records; `count` is what they claim. */
static const char *finish(maker *m, const char *name, bool zip64, uint64_t count) {
    uint64_t index_at = m->n;
    add_text(m->file, &m->n, m->index, m->index_bytes);
    uint64_t end64 = m->n;
    if (zip64) {
        add_text(m->file, &m->n, "PK\6\6", 4);
        add64(m->file, &m->n, 44);
        add16(m->file, &m->n, 45);
        add16(m->file, &m->n, 45);
        add32(m->file, &m->n, 0);
        add32(m->file, &m->n, 0);
        add64(m->file, &m->n, count);
        add64(m->file, &m->n, count);
        add64(m->file, &m->n, m->index_bytes);
        add64(m->file, &m->n, index_at);
        add_text(m->file, &m->n, "PK\6\7", 4);
        add32(m->file, &m->n, 0);
        add64(m->file, &m->n, end64);
        add32(m->file, &m->n, 1);
    }
    add_text(m->file, &m->n, "PK\5\6", 4);
    add32(m->file, &m->n, 0);
    add16(m->file, &m->n, zip64 ? 0xffff : (unsigned)count);
    add16(m->file, &m->n, zip64 ? 0xffff : (unsigned)count);
    add32(m->file, &m->n, zip64 ? 0xffffffff : (uint32_t)m->index_bytes);
    add32(m->file, &m->n, zip64 ? 0xffffffff : (uint32_t)index_at);
    add16(m->file, &m->n, 5);
    add_text(m->file, &m->n, "hello", 5);
    const char *path = at(name);
    put(path, m->file, m->n);
    return path;
}

static void zip64_is_read(void **state) {
    (void)state;
    static maker m;
    m = (maker){0};
    for (int i = 0; i < 3; i++) {
        char name[] = "a/0.png";
        name[2] = (char)('0' + i);
        bytes b = picture(i, 8, 8, 3);
        add(&m, (entry){.name = name, .zip64 = i != 1}, b);
        free(b.data);
    }
    gt_dataset *ds = opened(finish(&m, "64.zip", true, 3), NULL);
    assert_int_equal(gt_dataset_get_info(ds)->count, 3);
    for (int i = 0; i < 3; i++) {
        uint8_t want[8 * 8 * 3], got[8 * 8 * 3];
        paint(i, 8, 8, 3, want);
        assert_int_equal(gt_dataset_read(ds, i, got), GT_OK);
        assert_memory_equal(got, want, sizeof want);
    }
    gt_dataset_close(ds);
}

/* A name is a key and nothing else: it is never used as a path. */
static void names_are_just_names(void **state) {
    (void)state;
    static const char *const names[] = {"/etc/x.png", "../../up.png", "a\\b.png", "C:x.png"};
    static maker m;
    m = (maker){0};
    bytes b = picture(1, 8, 8, 3);
    for (int i = 0; i < 4; i++) add(&m, (entry){.name = names[i]}, b);
    gt_dataset *ds = opened(finish(&m, "names.zip", false, 4), NULL);
    assert_int_equal(gt_dataset_get_info(ds)->count, 4);
    gt_dataset_close(ds);
    free(b.data);
}

enum { READERS = 4, SHARED = 24 };

static void *read_all(void *arg) {
    gt_dataset *ds = arg;
    uint8_t want[8 * 8 * 3], got[8 * 8 * 3];
    intptr_t good = 0;
    for (int i = 0; i < 4 * SHARED; i++) {
        paint(i % SHARED, 8, 8, 3, want);
        good += !gt_dataset_read(ds, i % SHARED, got) && !memcmp(got, want, sizeof got);
    }
    return (void *)good;
}

static void threads_share_an_archive(void **state) {
    (void)state;
    gt_dataset *ds = opened(simple_zip("shared.zip", SHARED, NULL), NULL);
    pthread_t readers[READERS];
    for (int r = 0; r < READERS; r++) assert_int_equal(pthread_create(&readers[r], NULL, read_all, ds), 0);
    for (int r = 0; r < READERS; r++) {
        void *good;
        assert_int_equal(pthread_join(readers[r], &good), 0);
        assert_int_equal((intptr_t)good, 4 * SHARED);
    }
    gt_dataset_close(ds);
}

static void lies_in_the_index_are_found(void **state) {
    (void)state;
    static const struct {
        entry lie;
        const char *words[2];
    } cases[] = {
        {{.name = "x.png", .flags = 1}, {"x.png", "encrypted"}},
        {{.name = "x.png", .method = 99}, {"lies.zip", "damaged"}}, /* WinZip's AES, and no field that says how */
        {{.name = "x.png", .method = 12}, {"x.png", "method 12"}},
        {{.name = "x.png", .size = 1 << 30}, {"x.png", "damaged"}},
        {{.name = "x.png", .packed = 1 << 30}, {"x.png", "beyond the end"}},
        {{.name = "x.png", .offset = 1 << 30}, {"x.png", "beyond the end"}},
        {{.name = "x.png", .zip64 = true, .offset = UINT64_MAX - 8}, {"lies.zip", "beyond the end"}},
        {{.name = "x.png", .zip64 = true, .size = UINT64_MAX, .packed = UINT64_MAX}, {"x.png", "beyond the end"}},
        {{.name = "x.png", .zip64 = true, .size = (uint64_t)1 << 40, .method = 8}, {"x.png", "cannot be packed"}},
        {{.name = "x.png", .offset = 1}, {"x.png", "damaged"}},
        {{.name = "first.png"}, {"two entries", "first.png"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static maker m;
        m = (maker){0};
        bytes b = picture(1, 8, 8, 3);
        add(&m, (entry){.name = "first.png"}, b);
        add(&m, cases[i].lie, b);
        refused(finish(&m, "lies.zip", false, 2), "lies.zip", cases[i].words[0], cases[i].words[1]);
        free(b.data);
    }
    static maker m;
    m = (maker){0};
    bytes b = picture(1, 8, 8, 3);
    add(&m, (entry){.name = "first.png"}, b);
    maker one = m;
    refused(finish(&m, "count.zip", false, 5), "count.zip", "damaged");
    m = one;
    refused(finish(&m, "count.zip", true, (uint64_t)1 << 60), "count.zip", "damaged");
    free(b.data);
}

static void a_wrong_checksum_is_found(void **state) {
    (void)state;
    static maker m;
    m = (maker){0};
    bytes b = picture(1, 8, 8, 3);
    add(&m, (entry){.name = "a.png"}, b);
    add(&m, (entry){.name = "bad.png", .crc = 12345}, b);
    gt_dataset *ds = opened(finish(&m, "crc.zip", false, 2), NULL);
    uint8_t pixels[8 * 8 * 3];
    assert_int_equal(gt_dataset_read(ds, 0, pixels), GT_OK);
    assert_int_equal(gt_dataset_read(ds, 1, pixels), GT_FORMAT);
    assert_non_null(strstr(gt_message(), "crc.zip"));
    assert_non_null(strstr(gt_message(), "bad.png"));
    assert_non_null(strstr(gt_message(), "CRC-32"));
    gt_dataset_close(ds);
    free(b.data);
}

/* What an entry claims to unpack to is believed only as far as its packed bytes can go, and only up to a limit. */
static void bombs_are_refused(void **state) {
    (void)state;
    static maker m;
    static uint8_t packed[620000];
    bytes b = picture(1, 8, 8, 3);
    m = (maker){0};
    add(&m, (entry){.name = "a.png"}, b);
    add(&m, (entry){.name = "dataset.json", .method = 8, .size = (uint64_t)600 << 20}, (bytes){packed, sizeof packed});
    refused(finish(&m, "bomb.zip", false, 2), "dataset.json", "at most");
    m = (maker){0};
    add(&m, (entry){.name = "a.png"}, b);
    add(&m, (entry){.name = "dataset.json", .method = 8, .size = (uint64_t)60 << 20}, (bytes){packed, 60000});
    refused(finish(&m, "bomb.zip", false, 2), "dataset.json", "damaged");
    free(b.data);
}

/* Some bytes that many entries unpack: whether they lie in each other, one behind the other or in one place; small ones
 * in a file that has room for them, and so many that the file has not. */
static void entries_that_share_bytes_are_refused(void **state) {
    (void)state;
    static maker m, arrays;
    static uint8_t zeros[1 << 12];
    bytes b = picture(1, 8, 8, 3);
    for (int zip64 = 0; zip64 < 2; zip64++) {
        for (int kind = 0; kind < 3; kind++) {
            m = (maker){0};
            add(&m, (entry){.name = "a.png", .zip64 = zip64}, b);
            uint64_t second = m.n, over = kind == 0 ? b.n + 60 : 0;
            add(&m, (entry){.name = "b.png", .zip64 = zip64, .size = over, .packed = over}, b);
            add(&m,
                (entry){.name = "c.png",
                        .zip64 = zip64,
                        .offset = kind == 0   ? 0
                                  : kind == 1 ? second
                                              : second + 1},
                b);
            add(&m, (entry){.name = "rest.bin"}, (bytes){zeros, sizeof zeros});
            refused(finish(&m, "shared.zip", zip64, 4), "shared.zip", "c.png", "shares bytes");
        }
    }
    m = (maker){0};
    add(&m, (entry){.name = "first.png"}, b);
    uint64_t place = m.n;
    for (int i = 0; i < 99; i++) {
        char name[] = "00.png";
        name[0] = (char)('0' + i / 10), name[1] = (char)('0' + i % 10);
        if (i) m.n = place; /* one place in the file */
        add(&m, (entry){.name = name}, (bytes){zeros, sizeof zeros});
    }
    arrays = m;
    refused(finish(&m, "kernel.zip", false, 100), "kernel.zip", "shares bytes");
    refused(finish(&arrays, "kernel.npz", false, 100), "kernel.npz", "shares bytes");
    free(b.data);
}

/* Whatever is cut off or turned around: an error or the right pixels, never anything else. The library's memory is
 * bounded by the file's size, so that a small limit holds. */
static void damage_never_passes(void **state) {
    (void)state;
    uint8_t *whole, want[2][8 * 8 * 3], got[8 * 8 * 3];
    size_t n;
    const char *labels = "{\"labels\": [[\"00000/img00000000.png\", 1], [\"00000/img00000001.png\", 0]]}";
    whole = get(simple_zip("whole.zip", 2, labels), &n);
    for (int i = 0; i < 2; i++) paint(i, 8, 8, 3, want[i]);
    for (size_t cut = 0; cut < n; cut++) {
        put(at("cut.zip"), whole, cut);
        refused(at("cut.zip"), "cut.zip");
    }
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < 8; bit += 3) {
            whole[i] ^= (uint8_t)(1 << bit);
            put(at("flip.zip"), whole, n);
            whole[i] ^= (uint8_t)(1 << bit);
            gt_dataset *ds;
            if (gt_dataset_open(&ds, at("flip.zip"), NULL)) {
                assert_non_null(strstr(gt_message(), "flip.zip"));
                continue;
            }
            const gt_dataset_info *info = gt_dataset_get_info(ds);
            for (int64_t k = 0; k < info->count; k++) {
                gt_status st = gt_dataset_read(ds, k, got);
                if (st) assert_non_null(strstr(gt_message(), "img0000000"));
                else if (memcmp(got, want[0], sizeof got))
                    assert_memory_equal(got, want[1], sizeof got); /* a flipped name may change the order */
            }
            gt_dataset_close(ds);
        }
    }
    free(whole);
}

int main(void) {
    const struct rlimit memory = {(rlim_t)2 << 30, (rlim_t)2 << 30};
    if (!sanitized()) setrlimit(RLIMIT_AS, &memory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zip64_is_read),
        cmocka_unit_test(names_are_just_names),
        cmocka_unit_test(threads_share_an_archive),
        cmocka_unit_test(lies_in_the_index_are_found),
        cmocka_unit_test(a_wrong_checksum_is_found),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(entries_that_share_bytes_are_refused),
        cmocka_unit_test(damage_never_passes),
    };
    return cmocka_run_group_tests_name("dataset_zip", tests, make_scratch, remove_scratch);
}
