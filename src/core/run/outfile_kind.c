/* SPDX-License-Identifier: Apache-2.0
 * Tells what lies where a command is to write. Only what is surely of a kind is of that kind: a file that is damaged or
 * unknown is OTHER. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/codec.h"
#include "run/door/outfile.h"
#include "files/h5/door/h5.h"

/* ---- tables ---- */

/* First lines of the tables and findings that commands write. */
static const char *const headings[] = {
    "item,error,*file,above",
    "item,log_likelihood,elbo,divergence,error",
    "item,class,probability*",
    "class,images,accuracy",
    "class,pixels,accuracy,iou",
    "error,false_positive_rate,true_positive_rate",
    "picture,class,probability,left,top,right,bottom",
    "activation,init,layer,mean,std,*",
    "mean,deviation,kl",
    "mean,deviation,kl,z,q,p",
    "optimizer,step,x,y,f",
    "y,x,tap_*,product,convolution",
    "shift,input_changed,pooled_changed,*",
    "dimension,mean,*reconstruction",
    "samples,score_mean,reparametrised_mean,*",
    "step,dist,loss",
    "k,log_likelihood,bic,aic,*",
    "iteration,half,elbo,kl,log_likelihood",
    "label,component0*",
    "bad: * (cannot be read)", /* dataset --report */
    NULL,
};

/* Of gantry gmm, behind the columns of the points. Tables of other programs may begin so, too. */
static const char *const headings_of_points[] = {
    "*,component",
    "*,log_likelihood",
    "*,component,log_likelihood,p*",
    NULL,
};

static bool is_heading(const char *line, const char *const *list) {
    while (*list && fnmatch(*list, line, 0)) list++;
    return *list;
}

/* Does the table say how often each class (a row) was taken for each (a column)? Its rows have the names of its
 * columns. `second`: what follows the first line. */
static bool is_confusion(const char *first, const char *second) {
    if (strncmp(first, "class,", 6)) return false;
    size_t n = strcspn(first + 6, ",");
    return n > 0 && !strncmp(first + 6, second, n) && second[n] == ',';
}

/* Of a report on several parts the part's name stands above. */
static bool is_findings(const char *text) {
    return strstr(text, ":\nbad: ") || (*text == '{' && strstr(text, "\"items\":") && strstr(text, "\"counts\":"));
}

/* To be freed; NULL: nothing can be read. */
static char *head_of(int fd) {
    enum { HEAD = 1 << 16 };
    char *text = calloc(HEAD + 1, 1);
    if (text && pread(fd, text, HEAD, 0) > 0) return text;
    free(text);
    return NULL;
}

static gt_outfile_kind kind_of_text(int fd) {
    GT_FREED char *text = head_of(fd);
    if (!text) return GT_OUTFILE_OTHER;
    bool findings = is_findings(text);
    char *rest = text, *first = strsep(&rest, "\n");
    bool table = findings || is_heading(first, headings) || is_confusion(first, rest ? rest : ""),
         points = is_heading(first, headings_of_points);
    return table ? GT_OUTFILE_TABLE : points ? GT_OUTFILE_POINTS : GT_OUTFILE_OTHER;
}

/* What stands under the heading of a report or a comparison. */
static gt_outfile_kind kind_of_page(int fd) {
    GT_FREED char *text = head_of(fd);
    bool is = text && strstr(text, "</h1><p>Gantry");
    return is ? GT_OUTFILE_PAGE : GT_OUTFILE_OTHER;
}

/* ---- archives and arrays ---- */

/* "mu.npy" among "mu.npy|sigma.npy" */
static bool is_among(const char *name, const char *list) {
    size_t n = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += n)
        if ((at == list || at[-1] == '|') && (!at[n] || at[n] == '|')) return true;
    return false;
}

static gt_outfile_kind kind_of_zip(const char *path) {
    gt_zip *z;
    if (gt_zip_open(&z, path)) return GT_OUTFILE_OTHER;
    bool known = true, network = gt_zip_find(z, "gantry.model.npy", NULL),
         moments = gt_zip_find(z, "mu.npy", NULL) && gt_zip_find(z, "sigma.npy", NULL),
         styles = gt_zip_find(z, "w.npy", NULL);
    const char *parts = styles ? "w.npy|network.npy|gantry.npy" : "mu.npy|sigma.npy|count.npy";
    for (size_t i = 0; i < gt_zip_count(z) && known; i++) known = is_among(gt_zip_at(z, i)->name, parts);
    gt_zip_close(z);
    if (network) return GT_OUTFILE_NETWORK;
    return styles && known ? GT_OUTFILE_ARRAYS : moments && known ? GT_OUTFILE_STATISTICS : GT_OUTFILE_OTHER;
}

/* Float32 [height,width,channels], as generate --npy writes it. */
static gt_outfile_kind kind_of_npy(int fd) {
    char head[GT_NPY_MADE_MAX];
    gt_npy a;
    ssize_t n = pread(fd, head, sizeof head, 0);
    bool is = n > 0 && !gt_npy_head(&a, head, (size_t)n) && a.type == 'f' && a.size == 4 && a.dimensions == 3;
    return is ? GT_OUTFILE_ARRAYS : GT_OUTFILE_OTHER;
}

static gt_status count_result(void *arg, const char *path) {
    int *known = arg;
    bool is = is_among(path + 1, "latent|error|log_variance|labels|class|truth|probability|class_names|classes|"
                                 "responsibilities|log_likelihood|points|component|map|item|w|path|steps|"
                                 "directions|names|sigma|layers|how|network");
    *known = *known < 0 || !is ? -1 : *known + 1;
    return GT_OK;
}

/* Networks without a state of training, or arrays that commands write. */
static gt_outfile_kind kind_of_h5(const char *path, bool checkpoint) {
    gt_h5_file f;
    gt_outfile_kind kind = GT_OUTFILE_OTHER;
    int known = 0;
    if (gt_h5_check(path) || gt_h5_open(&f, path)) return GT_OUTFILE_OTHER;
    if (checkpoint && gt_h5_has(&f, "networks") && !gt_h5_has(&f, "state") && !gt_h5_has(&f, "optimizers"))
        kind = GT_OUTFILE_NETWORK;
    if (!checkpoint && !gt_h5_each(&f, true, count_result, &known) && known > 0) kind = GT_OUTFILE_ARRAYS;
    gt_h5_close(&f);
    return kind;
}

/* ---- networks in the forms of other programs ---- */

/* `mark` within 512 bytes from `at` on: gantry export puts one into each form. */
static gt_outfile_kind kind_by_mark(int fd, off_t at, const char *mark) {
    char bytes[512];
    ssize_t n = pread(fd, bytes, sizeof bytes, at > 0 ? at : 0);
    return n > 0 && memmem(bytes, (size_t)n, mark, strlen(mark)) ? GT_OUTFILE_NETWORK : GT_OUTFILE_OTHER;
}

static gt_outfile_kind kind_of_safetensors(int fd) {
    return kind_by_mark(fd, 0, "{\"__metadata__\":{\"gantry.model\":");
}
static gt_outfile_kind kind_of_onnx(int fd) { return kind_by_mark(fd, 0, "\x12\x06gantry"); } /* producer_name */

/* The last key of the dictionary. */
static gt_outfile_kind kind_of_pickle(int fd) {
    enum { TAIL = 128 };
    return kind_by_mark(fd, lseek(fd, 0, SEEK_END) - TAIL, "gantry.model");
}

/* ---- all of them ---- */

static gt_outfile_kind kind_within(const char *path, gt_outfile_kind (*kind_of)(int fd)) {
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK);
    gt_outfile_kind kind = fd >= 0 ? kind_of(fd) : GT_OUTFILE_OTHER;
    if (fd >= 0) close(fd);
    return kind;
}

gt_outfile_kind gt_outfile_kind_of(const char *path, gt_outfile_kind written) {
    struct stat s;
    bool of_h5 = written == GT_OUTFILE_NETWORK || written == GT_OUTFILE_ARRAYS;
    if (stat(path, &s)) return GT_OUTFILE_NOTHING; /* what keeps the file from being made shows when it is made */
    if (gt_file_is_stdout(path)) return GT_OUTFILE_NOTHING;
    gt_file_kind kind = gt_kind_of_file(path);
    switch (kind) {
    case GT_KIND_EMPTY:
    case GT_KIND_SPECIAL: return GT_OUTFILE_NOTHING;
    case GT_KIND_PICTURE: return GT_OUTFILE_PICTURE;
    case GT_KIND_FILM: return GT_OUTFILE_FILM;
    case GT_KIND_PAGE: return kind_within(path, kind_of_page);
    case GT_KIND_TEXT: return kind_within(path, kind_of_text);
    case GT_KIND_ZIP: return kind_of_zip(path);
    case GT_KIND_NUMPY: return kind_within(path, kind_of_npy);
    case GT_KIND_CHECKPOINT:
    case GT_KIND_HDF5: return of_h5 ? kind_of_h5(path, kind == GT_KIND_CHECKPOINT) : GT_OUTFILE_OTHER;
    case GT_KIND_REFERENCE: return kind_within(path, kind_of_pickle);
    case GT_KIND_SAFETENSORS: return kind_within(path, kind_of_safetensors);
    case GT_KIND_ONNX: return kind_within(path, kind_of_onnx);
    default: return GT_OUTFILE_OTHER;
    }
}
