/* SPDX-License-Identifier: Apache-2.0
 * Which files are pictures: see sift.h. */
#define _GNU_SOURCE
#include "data/sift.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Endings of other files, between blanks, and what makes pictures of such files. Files with these endings are
 * not opened: folders on a network have many. Other endings (IMG.JPG.1, a.jpg?w=300) tell nothing. */
static const struct {
    const char *endings, *advice;
} others[] = {
    {" dcm dicom ima ", "DICOM: dcm2pnm of DCMTK makes PNGs"},
    {" nii nii.gz nrrd mha mhd mgz mgh ", "volumes: nibabel or SimpleITK in Python gives arrays, numpy.save an .npy"},
    {" mat ", "MATLAB: scipy.io.loadmat in Python gives arrays, numpy.save an .npy"},
    {" svg svgz ", "drawings: rsvg-convert makes PNGs"},
    {" pdf ps eps ai ", "pages: pdftoppm makes PNGs"},
    {" mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp ", "films: ffmpeg -i FILM %06d.png makes PNGs"},
    {" cr2 cr3 nef arw dng orf rw2 raf ", "raw photographs: dcraw_emu -T of LibRaw makes TIFFs"},
    {" exr hdr fits fit ", "measured light: ImageMagick's convert makes TIFFs"},
    {" parquet arrow feather ", "tables: pandas in Python gives the pictures' bytes"},
    {" zip tar tar.gz tgz tar.zst tar.xz tar.bz2 7z rar h5 hdf5 npy npz tfrecords ",
     "give each as a source of its own"},
    {" gz bz2 xz zst mdb pkl pickle pt pth ckpt safetensors onnx pb tflite txt text csv tsv json jsonl ndjson xml yaml "
     "yml toml ini cfg conf md rst html htm xhtml php css js ts log lock py ipynb pyc c h cc cpp hpp rs go java class "
     "jar "
     "sh bat ps1 exe dll so o a mp3 wav flac ogg m4a aac doc docx xls xlsx ppt pptx odt ods odp rtf tex bib url lnk db "
     "sqlite md5 sha1 sha256 sha512 asc sig torrent ttf otf woff woff2 obj stl ply glb gltf fbx blend mtl ",
     NULL},
};
enum { OTHERS = sizeof others / sizeof *others };

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* " txt " of a name, in small letters between blanks; of two endings both where the last one says how the file is
 * packed. false: there is none, or it is too long to be one. */
static bool ending_of(const char *path, char ending[24]) {
    const char *name = last_part(path), *dot = strrchr(name, '.');
    if (!dot || dot == name || !dot[1] || strlen(dot) > 12) return false;
    const char *packed = " .gz .bz2 .xz .zst ";
    char one[24];
    snprintf(one, sizeof one, "%s ", dot);
    const char *before = strcasestr(packed, one) ? memrchr(name, '.', (size_t)(dot - name)) : NULL;
    if (before && before > name && dot - before <= 5) dot = before;
    snprintf(ending, 24, " %s ", dot + 1);
    for (char *c = ending; *c; c++) *c = (char)tolower((unsigned char)*c);
    return true;
}

/* The row of an ending; -1: none. */
static int row_of(const char *path) {
    char ending[24];
    if (!ending_of(path, ending)) return -1;
    for (int i = 0; i < OTHERS; i++)
        if (strstr(others[i].endings, ending)) return i;
    const char *dot = strrchr(ending, '.'); /* x.csv.gz is as x.gz */
    if (!dot) return -1;
    char last[24];
    snprintf(last, sizeof last, " %s", dot + 1);
    for (int i = 0; i < OTHERS; i++)
        if (strstr(others[i].endings, last)) return i;
    return -1;
}

const char *gt_sift_advice(const char *name) {
    int row = row_of(name);
    return row < 0 ? NULL : others[row].advice;
}

void gt_sift_count(gt_sift *s, const char *kind) {
    int i = 0;
    while (i < s->n_kinds && strcmp(s->kinds[i].name, kind)) i++;
    if (i == GT_SIFT_KINDS) i--; /* the last one stands for the rest */
    else if (i == s->n_kinds)
        snprintf(s->kinds[s->n_kinds++].name, sizeof s->kinds->name, "%s",
                 i == GT_SIFT_KINDS - 1 ? "of other kinds" : kind);
    s->kinds[i].n++;
}

/* Names are kept for messages: where memory is short there are fewer. */
static void list_name(gt_name_list *l, const char *path) {
    if (l->count < GT_SIFT_LISTED) (void)gt_names_add(l, path, strlen(path));
}

void gt_sift_link(gt_sift *s, const char *path) { list_name(&s->linked, path); }

static bool is_hidden(const char *part, size_t n) {
    static const char *const names[] = {"__MACOSX", "Thumbs.db", "desktop.ini"};
    if (n && *part == '.') return n > 2 || (n == 2 && part[1] != '.');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (n == strlen(names[i]) && !strncasecmp(part, names[i], n)) return true;
    return false;
}

static bool count_hidden(gt_sift *s, const char *path) {
    s->hidden_files++;
    list_name(&s->hidden, path);
    return true;
}

bool gt_sift_hides(gt_sift *s, const char *name, const char *path) {
    return is_hidden(name, strlen(name)) && count_hidden(s, path);
}

bool gt_sift_hides_path(gt_sift *s, const char *path) {
    for (const char *part = path, *end; part; part = *end ? end + 1 : NULL) {
        end = part + strcspn(part, "/");
        if (is_hidden(part, (size_t)(end - part))) return count_hidden(s, path);
    }
    return false;
}

/* Counts a file by its ending. */
static void count_name(gt_sift *s, const char *path) {
    char ending[24], kind[24];
    bool any = ending_of(path, ending);
    snprintf(kind, sizeof kind, any ? ".%.*s" : "without an ending", any ? (int)strlen(ending) - 2 : 0,
             any ? ending + 1 : "");
    gt_sift_count(s, kind);
}

/* In the order of names: folders are listed in any. */
static void note_table(gt_sift *s, const char *path) {
    static const char *const usual[] = {"metadata.csv", "metadata.jsonl", "labels.csv", "labels.txt", GT_NOTES_FILE};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (!strcasecmp(last_part(path), usual[i]) && (!*s->table || strcmp(path, s->table) < 0))
            snprintf(s->table, sizeof s->table, "%s", path);
}

gt_status gt_sift_say_table(const gt_sift *s, gt_source *source, bool in_archive) {
    const char *name = s->table;
    if (!*name) return GT_OK;
    if (!strcasecmp(last_part(name), GT_NOTES_FILE))
        return gt_notes_say(&source->info, "no labels: '%s' is not read, because its name is not %s", name,
                            GT_NOTES_FILE);
    if (in_archive)
        return gt_notes_say(&source->info,
                            "no labels: '%s' is not read inside an archive; unpack it and give it as --labels=FILE",
                            name);
    return gt_notes_say(&source->info, "no labels: '%s' is read only with --labels=%.300s/%s, or with :COLUMN after it",
                        name, source->spec, name);
}

gt_sifted gt_sift_name(gt_sift *s, const char *path) {
    if (gt_picture_is_name(path)) return GT_SIFT_PICTURE;
    /* not a word: they are read */
    if (!strcmp(last_part(path), GT_NOTES_FILE) || !strcmp(path, GT_LEAVES_FILE)) return GT_SIFT_PASSED;
    note_table(s, path);
    if (row_of(path) < 0) return GT_SIFT_UNSURE;
    count_name(s, path);
    return GT_SIFT_PASSED;
}

/* Two letters may begin a text as well: of such kinds the head must be whole. */
static bool is_picture(const uint8_t *head, size_t n) {
    gt_picture_info info;
    bool weak = n >= 2 && ((head[0] == 'B' && head[1] == 'M') || (head[0] == 'P' && isdigit(head[1])));
    return !gt_picture_recognise(head, n) && (!weak || !gt_picture_head(&info, head, n));
}

bool gt_sift_look(gt_sift *s, const char *path, const void *head, size_t n) {
    enum { DICOM_AT = 128 };
    if (is_picture(head, n)) {
        s->pictures_by_bytes++;
        list_name(&s->by_bytes, path);
        return true;
    }
    bool dicom = n >= DICOM_AT + 4 && !memcmp((const char *)head + DICOM_AT, "DICM", 4);
    if (dicom) gt_sift_count(s, ".dcm");
    else count_name(s, path);
    return false;
}

/* ---- what is said ---- */

static int by_number(const void *a, const void *b) {
    const struct gt_sifted_kind *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

/* "3 .txt, 1 .mp4 and 2 hidden ('.DS_Store')"; with `advice` what each kind is. */
static void print_passed(gt_buffer *b, gt_sift *s, bool advice) {
    qsort(s->kinds, (size_t)s->n_kinds, sizeof *s->kinds, by_number);
    int all = s->n_kinds + (s->hidden_files > 0);
    for (int i = 0; i < all; i++) {
        gt_buffer_printf(b, "%s", !i ? "" : i == all - 1 ? " and " : ", ");
        if (i == s->n_kinds)
            gt_buffer_printf(b, "%" PRId64 " hidden ('%.100s'%s)", s->hidden_files,
                             s->hidden.count ? gt_names_at(&s->hidden, 0) : "", s->hidden_files > 1 ? ", ..." : "");
        else gt_buffer_printf(b, "%" PRId64 " %s", s->kinds[i].n, s->kinds[i].name);
        char name[32];
        snprintf(name, sizeof name, "x%s", i < s->n_kinds ? s->kinds[i].name : "");
        const char *what = advice ? gt_sift_advice(name) : NULL;
        if (what) gt_buffer_printf(b, " (%s)", what);
    }
}

static char *text_of(gt_buffer *b) {
    gt_buffer_add(b, "", 1);
    if (!b->failed) return b->data;
    gt_buffer_free(b);
    return NULL;
}

static void add_names(gt_buffer *b, const char *what, const gt_name_list *l, bool pictures) {
    bool first = true;
    for (size_t i = 0; i < l->count; i++) {
        const char *name = gt_names_at(l, i);
        if (!pictures && !gt_picture_is_name(name) && !gt_ends_with(name, "/")) continue;
        gt_buffer_printf(b, "%s%s'%.200s'", !first ? ", " : b->n ? "; " : "", first ? what : "", name);
        first = false;
    }
}

/* What earlier versions passed over, or took: a run that was begun by one of them has other pictures. */
static char *changes_of(const gt_sift *s) {
    gt_buffer b = {0};
    int64_t more = s->pictures_by_bytes - (int64_t)s->by_bytes.count;
    add_names(&b, "pictures by their bytes: ", &s->by_bytes, true);
    if (more > 0) gt_buffer_printf(&b, " and %" PRId64 " more", more);
    add_names(&b, "behind links: ", &s->linked, true);
    add_names(&b, "hidden: ", &s->hidden, false);
    return b.n ? text_of(&b) : NULL;
}

gt_status gt_sift_end(gt_sift *s, gt_source *source, gt_status st) {
    gt_buffer b = {0};
    bool any = s->n_kinds || s->hidden_files, none = !st && !source->count && any;
    if (any && !st) print_passed(&b, s, none);
    char *text = any && !st ? text_of(&b) : NULL;
    if (none) {
        st = gt_fail(GT_FORMAT, "holds no pictures, only %s", text ? text : "other files");
        free(text);
    } else {
        source->info.passed = text;
    }
    source->info.sifted = changes_of(s);
    gt_names_free(&s->by_bytes);
    gt_names_free(&s->linked);
    gt_names_free(&s->hidden);
    return st;
}
