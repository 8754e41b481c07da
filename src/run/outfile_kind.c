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

#include "base/file.h"
#include "base/file_kind.h"
#include "codec/npy.h"
#include "gantry/codec.h"
#include "h5/h5.h"
#include "run/outfile.h"

/* ---- tables ---- */

/* First lines of the tables and findings that commands write; those that end with a name follow columns of the data. */
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
    "dimension,mean,*reconstruction",
    "samples,score_mean,reparametrised_mean,*",
    "step,dist,loss",
    "k,log_likelihood,bic,aic,*",
    "label,component0*",
    "*,component",
    "*,log_likelihood",
    "*,component,log_likelihood,p*",
    "bad: * (cannot be read)", /* dataset --report */
};

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

static bool is_table(int fd) {
    enum { HEAD = 1 << 16 };
    char *text = calloc(HEAD + 1, 1);
    bool is = false;
    if (!text || pread(fd, text, HEAD, 0) <= 0) {
        free(text);
        return false;
    }
    is = is_findings(text);
    char *rest = text, *first = strsep(&rest, "\n");
    for (size_t i = 0; i < sizeof headings / sizeof *headings && !is; i++) is = !fnmatch(headings[i], first, 0);
    is |= is_confusion(first, rest ? rest : "");
    free(text);
    return is;
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
         styles = gt_zip_count(z) == 1 && gt_zip_find(z, "w.npy", NULL);
    for (size_t i = 0; i < gt_zip_count(z) && known && moments; i++)
        known = is_among(gt_zip_at(z, i)->name, "mu.npy|sigma.npy|count.npy");
    gt_zip_close(z);
    if (network) return GT_OUTFILE_NETWORK;
    return styles ? GT_OUTFILE_ARRAYS : moments && known ? GT_OUTFILE_STATISTICS : GT_OUTFILE_OTHER;
}

/* Float32 [height,width,channels], as generate --npy writes it. */
static bool is_picture_array(int fd) {
    char head[GT_NPY_MADE_MOST];
    gt_npy a;
    ssize_t n = pread(fd, head, sizeof head, 0);
    return n > 0 && !gt_npy_head(&a, head, (size_t)n) && a.type == 'f' && a.size == 4 && a.dimensions == 3;
}

static gt_status count_result(void *arg, const char *path) {
    int *known = arg;
    bool is = is_among(path + 1, "latent|error|log_variance|labels|class|truth|probability|class_names|classes|"
                                 "responsibilities|log_likelihood|points|component|map|item|w|path|steps");
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

/* ---- all of them ---- */

/* `kind`, where the head of the file is of it. */
static gt_outfile_kind kind_by_head(const char *path, bool (*is_of_it)(int fd), gt_outfile_kind kind) {
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK);
    bool is = fd >= 0 && is_of_it(fd);
    if (fd >= 0) close(fd);
    return is ? kind : GT_OUTFILE_OTHER;
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
    case GT_KIND_PAGE: return GT_OUTFILE_PAGE;
    case GT_KIND_TEXT: return kind_by_head(path, is_table, GT_OUTFILE_TABLE);
    case GT_KIND_ZIP: return kind_of_zip(path);
    case GT_KIND_NUMPY: return kind_by_head(path, is_picture_array, GT_OUTFILE_ARRAYS);
    case GT_KIND_CHECKPOINT:
    case GT_KIND_HDF5: return of_h5 ? kind_of_h5(path, kind == GT_KIND_CHECKPOINT) : GT_OUTFILE_OTHER;
    case GT_KIND_REFERENCE:
    case GT_KIND_SAFETENSORS:
    case GT_KIND_ONNX: return GT_OUTFILE_NETWORK;
    default: return GT_OUTFILE_OTHER;
    }
}
