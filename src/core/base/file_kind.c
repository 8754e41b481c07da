/* SPDX-License-Identifier: Apache-2.0
 * Finds the kind of a file in the first bytes of the file. */
#define _GNU_SOURCE
#include "base/door/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins(const void *head, size_t n, const char *with, size_t length) {
    return n >= length && !memcmp(head, with, length);
}
#define BEGINS(text) begins(head, n, text, sizeof(text) - 1)
#define HOLDS(text) (memmem(head, n, text, sizeof(text) - 1) != NULL)

/* The first entry of a ZIP: torch.save begins with ".../data.pkl", NumPy's .npz has arrays only. */
static gt_file_kind kind_of_zip(const unsigned char *head, size_t n) {
    enum { LENGTH_AT = 26, NAME_AT = 30 };
    static const char torch[] = "/data.pkl";
    size_t length = n >= NAME_AT ? (size_t)head[LENGTH_AT] + 256u * head[LENGTH_AT + 1] : 0, m = sizeof torch - 1;
    bool whole = length >= m && NAME_AT + length <= n;
    return whole && !memcmp(head + NAME_AT + length - m, torch, m) ? GT_KIND_TORCH : GT_KIND_ZIP;
}

/* From head[at] on: a line, not empty, of the characters of names. Returns the place behind it; 0: there is none. */
static size_t name_line(const unsigned char *head, size_t n, size_t at) {
    size_t end = at;
    while (end < n && (isalnum(head[end]) || head[end] == '_' || head[end] == '.')) end++;
    return end > at && end < n && head[end] == '\n' ? end + 1 : 0;
}

/* "p0", in protocol 1 "q" and a byte 0: what stands before is kept under a number. */
static bool is_kept(const unsigned char *head, size_t n, size_t at) {
    return at + 1 < n && ((head[at] == 'p' && isdigit(head[at + 1])) || (head[at] == 'q' && !head[at + 1]));
}

/* Protocol 0 is text: a dict or list "(dp0", or a name in two lines "ccollections", "OrderedDict" and what is done with
 * it. Protocol 1 has a dict "}". Where nothing is kept, the first key follows, "VG" in a line or "X" and its length. */
static bool is_old_pickle(const unsigned char *head, size_t n) {
    if (BEGINS("}")) return is_kept(head, n, 1) || (BEGINS("}(X") && n > 6 && !head[6]);
    if (BEGINS("(dV")) return HOLDS("\nc") && name_line(head, n, 3);
    size_t at = n > 1 && head[0] == '(' ? 1 : 0;
    if (at && (head[1] == 'd' || head[1] == 'l')) return is_kept(head, n, 2);
    if (at >= n || head[at] != 'c' || !(at = name_line(head, n, at + 1)) || !(at = name_line(head, n, at)))
        return false;
    return is_kept(head, n, at) || (at < n && (head[at] == '(' || head[at] == ')'));
}

/* Of protocols 0 to 5. */
static gt_file_kind kind_of_pickle(const unsigned char *head, size_t n) {
    if (is_old_pickle(head, n)) return GT_KIND_PICKLE;
    if (n < 4 || head[0] != 0x80 || head[1] < 2 || head[1] > 5) return GT_KIND_UNKNOWN;
    static const char old_torch[12] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"; /* torch.save before 1.6 */
    if (begins(head + 2, n - 2, old_torch, sizeof old_torch)) return GT_KIND_TORCH;
    return HOLDS("torch_utils") || HOLDS("dnnlib") ? GT_KIND_REFERENCE : GT_KIND_PICKLE;
}

/* The length of a JSON header, little-endian, and the header's first brace. */
static bool is_safetensors(const unsigned char *head, size_t n, size_t all) {
    uint64_t length = 0;
    for (int i = 7; i >= 0 && n > 8; i--) length = length << 8 | head[i];
    return n > 9 && length >= 2 && length <= all - 8 && head[8] == '{' && (head[9] == '"' || head[9] == '}');
}

/* PNG, JPEG, WebP with one frame, SVG. */
static bool is_picture(const unsigned char *head, size_t n) {
    if (BEGINS("\x89PNG\r\n\x1a\n") || BEGINS("\xff\xd8\xff") || BEGINS("<svg")) return true;
    return (BEGINS("<?xml") && HOLDS("<svg")) || (BEGINS("RIFF") && n >= 16 && !memcmp(head + 8, "WEBP", 4));
}

/* HEIC and AVIF are still pictures in the same container. */
static bool is_iso_film(const unsigned char *head, size_t n) {
    static const char *const stills[] = {"hei", "hev", "avi", "mif"};
    bool film = n >= 12 && !memcmp(head + 4, "ftyp", 4);
    for (size_t i = 0; i < sizeof stills / sizeof *stills; i++) film = film && memcmp(head + 8, stills[i], 3);
    return film;
}

/* WebP with several frames, MP4. */
static bool is_film(const unsigned char *head, size_t n) {
    enum { FLAGS_AT = 20, ANIMATED = 2 };
    bool extended = BEGINS("RIFF") && n > FLAGS_AT && !memcmp(head + 8, "WEBPVP8X", 8);
    return (extended && (head[FLAGS_AT] & ANIMATED)) || is_iso_film(head, n);
}

/* Behind blanks, a mark of byte order or the line of XML, where there are some. */
static bool is_page(const unsigned char *head, size_t n) {
    static const char *const tags[] = {"<!doctype html", "<html"};
    size_t at = gt_text_mark((const char *)head, n);
    while (at < n && isspace(head[at])) at++;
    head += at, n -= at;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (n >= strlen(tags[i]) && !strncasecmp((const char *)head, tags[i], strlen(tags[i]))) return true;
    return BEGINS("<?xml") && (HOLDS("<html") || HOLDS("<!DOCTYPE html"));
}

/* Protocol buffers have no signature: the fields ir_version and producer_name, in their order, the second a short
 * printable text. */
static bool is_onnx(const unsigned char *head, size_t n) {
    enum { VERSION = 0x08, PRODUCER = 0x12, VERSION_MOST = 32, PRODUCER_MOST = 64 };
    if (n < 5 || head[0] != VERSION || head[1] == 0 || head[1] > VERSION_MOST || head[2] != PRODUCER) return false;
    if (head[3] == 0 || head[3] > PRODUCER_MOST || n < 4u + head[3]) return false;
    for (int i = 0; i < head[3]; i++)
        if (head[4 + i] < ' ' || head[4 + i] > '~') return false;
    return true;
}

static bool is_text(const unsigned char *head, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (head[i] < ' ' && !strchr("\t\n\r\f", head[i] ? head[i] : 1)) return false;
    return n > 0;
}

gt_file_kind gt_kind_of_bytes(const void *head, size_t n, size_t all) {
    if (!all) return GT_KIND_EMPTY;
    /* also a checkpoint that is cut in its first line */
    size_t mark = sizeof GT_CHECKPOINT_MARK - 1;
    if (!memcmp(GT_CHECKPOINT_MARK, head, n < mark ? n : mark)) return GT_KIND_CHECKPOINT;
    if (BEGINS("\x89HDF\r\n\x1a\n")) return GT_KIND_HDF5;
    if (BEGINS("PK\3\4") || BEGINS("PK\5\6")) return kind_of_zip(head, n);
    if (BEGINS("\x93NUMPY")) return GT_KIND_NUMPY;
    if (BEGINS("\x1f\x8b")) return GT_KIND_GZIP;
    if (is_film(head, n)) return GT_KIND_FILM;
    if (is_picture(head, n)) return GT_KIND_PICTURE;
    if (is_page(head, n)) return GT_KIND_PAGE;
    if (BEGINS("version https://git-lfs.github.com/spec/")) return GT_KIND_POINTER;
    gt_file_kind pickle = kind_of_pickle(head, n);
    if (pickle) return pickle;
    if (is_safetensors(head, n, all)) return GT_KIND_SAFETENSORS;
    if (is_onnx(head, n)) return GT_KIND_ONNX;
    return is_text(head, n) ? GT_KIND_TEXT : GT_KIND_UNKNOWN;
}

gt_file_kind gt_kind_of_file(const char *path) {
    struct stat s;
    unsigned char head[512];
    if (stat(path, &s)) return GT_KIND_MISSING;
    if (S_ISDIR(s.st_mode)) return GT_KIND_FOLDER;
    if (!S_ISREG(s.st_mode)) return GT_KIND_SPECIAL;
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK);
    ssize_t n = fd >= 0 ? pread(fd, head, sizeof head, 0) : -1;
    if (fd >= 0) close(fd);
    return n < 0 ? GT_KIND_MISSING : gt_kind_of_bytes(head, (size_t)n, (size_t)s.st_size);
}

const char *gt_kind_text(gt_file_kind kind) {
    static const char *const texts[] = {
        [GT_KIND_EMPTY] = "empty",
        [GT_KIND_FOLDER] = "a folder",
        [GT_KIND_SPECIAL] = "a device, pipe or socket",
        [GT_KIND_CHECKPOINT] = "a checkpoint of Gantry",
        [GT_KIND_HDF5] = "an HDF5 file",
        [GT_KIND_ZIP] = "a ZIP archive",
        [GT_KIND_NUMPY] = "a NumPy array",
        [GT_KIND_GZIP] = "a gzip file",
        [GT_KIND_PICTURE] = "a picture",
        [GT_KIND_FILM] = "a film",
        [GT_KIND_PAGE] = "an HTML page",
        [GT_KIND_POINTER] = "a pointer of Git LFS (git lfs pull brings the file)",
        [GT_KIND_TEXT] = "a text file",
        [GT_KIND_REFERENCE] = "a pickle of the reference implementation (StyleGAN)",
        [GT_KIND_PICKLE] = "a Python pickle",
        [GT_KIND_TORCH] = "a file of PyTorch (torch.save)",
        [GT_KIND_SAFETENSORS] = "a safetensors file",
        [GT_KIND_ONNX] = "an ONNX model",
    };
    const char *text = (size_t)kind < sizeof texts / sizeof *texts ? texts[kind] : NULL;
    return text ? text : "";
}

bool gt_kind_is_foreign_network(gt_file_kind kind) { return kind >= GT_KIND_REFERENCE; }

bool gt_is_url(const char *name) {
    static const char *const schemes[] = {"http://", "https://", "ftp://", "s3://", "gs://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (!strncasecmp(name, schemes[i], strlen(schemes[i]))) return true;
    return false;
}
