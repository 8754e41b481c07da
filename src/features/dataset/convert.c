/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * In rounds every rank makes a block of items, and rank 0 takes the blocks in the order of the items. So the result is
 * one ordered stream, whoever made its parts. */
#include "features/dataset/dataset_tool.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/pool.h"
#include "files/codec/door/sample.h"
#include "data/door/source.h"
#include "features/dataset/tool.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/text.h"

typedef struct conversion { /* one call of gt_convert_all */
    gt_comm *comm;
    gt_pool *pool;
    gt_convert_request *request; /* the caller's, with the source's range */
    gt_items items;
    gt_picture shape;
    gt_hash128 digest; /* of the scan, rank 0 */
    gt_worker *worker;
    gt_remarks *remarks;
    gt_writer writer; /* remarks and writer: rank 0 */
} conversion;

/* Where a path leads, links followed, as far as it is there already. malloc'ed; NULL: unknown. */
static char *place_of(const char *name) {
    char *path = strdup(name), *place = NULL;
    while (path && !(place = realpath(path, NULL)) && errno == ENOENT && strcmp(path, ".")) {
        const char *above = dirname(path);
        memmove(path, above, strlen(above) + 1);
    }
    free(path);
    return place;
}

static bool lies_in(const char *place, const char *folder) {
    size_t n = strlen(folder);
    return !strncmp(place, folder, n) && (place[n] == '/' || !place[n] || folder[n - 1] == '/');
}

/* Pictures that are made in a folder of pictures would be taken for the source's own, by the next part of a split or
 * the next call. And a source that is replaced by the first part of a split is not there for the next one. */
static gt_status check_place(const gt_convert_request *r) {
    bool folder = gt_dest_kind_of(r) == &gt_dest_folder;
    GT_FREED char *dest = folder ? place_of(r->dest) : r->overwrite ? realpath(r->dest, NULL) : NULL;
    gt_status st = GT_OK;
    for (int k = 0; k < r->n_sources && dest && !st; k++) {
        GT_FREED char *source = realpath(r->sources[k], NULL);
        if (!folder && source && !strcmp(dest, source))
            st = gt_fail(GT_USAGE,
                         "the destination '%s' is the source '%s': choose another destination, and replace the source "
                         "afterwards",
                         r->dest, r->sources[k]);
        else if (folder && source && lies_in(dest, source))
            st = gt_fail(GT_USAGE,
                         "the destination folder '%s' is inside the source '%s' and its pictures would become part of "
                         "the source: choose a folder outside, or a FILE.zip or FILE.h5",
                         r->dest, r->sources[k]);
    }
    return st;
}

/* A slip or another format is not a name of a folder. What has no letter is part of a name, as in photos-1.5. */
static gt_status check_suffix(const gt_convert_request *r) {
    const char *slash = strrchr(r->dest, '/'), *name = slash ? slash + 1 : r->dest, *dot = strrchr(name, '.');
    struct stat s;
    if (r->folder || gt_dest_kind_of(r) != &gt_dest_folder || !dot || dot == name ||
        (!stat(r->dest, &s) && S_ISDIR(s.st_mode)))
        return GT_OK;
    for (const char *c = dot + 1;; c++) {
        if (!*c) return GT_OK;
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) break;
    }
    return gt_fail(GT_USAGE,
                   "destination '%s': '%s' is not a kind of dataset. FILE.zip, FILE.h5 and FILE.hdf5 are files, names "
                   "without a suffix are folders; '%s/' means a folder of this name",
                   r->dest, dot, r->dest);
}

gt_status gt_convert_check(const gt_convert_request *r) {
    if (r->n_sources < 1) return gt_fail(GT_USAGE, "a source is needed");
    if (!r->scan_only && (!r->dest || !*r->dest)) return gt_fail(GT_USAGE, "--dest: a name for the result is needed");
    gt_status st = gt_transform_check(&r->transform);
    if (!st && r->has_range && !(isfinite(r->range[0]) && isfinite(r->range[1]) && r->range[0] < r->range[1]))
        st = gt_fail(GT_USAGE, "--range=%g,%g: two finite numbers, the smaller one first, such as --range=100,500",
                     r->range[0], r->range[1]);
    bool exists;
    if (st || r->scan_only) return st;
    st = check_suffix(r);
    if (!st) st = check_place(r);
    return st ? st : gt_dest_exists(r, &exists);
}

/* The folder of the result, made if needed. */
static gt_status prepare_folder(const char *dest) {
    GT_FREED char *copy = strdup(dest);
    return copy ? gt_make_directories(dirname(copy)) : gt_fail(GT_NOMEM, "out of memory for a file name");
}

/* Everything that decides what the items made so far look like. Labels count as they are, whatever file they come from.
 */
static gt_hash128 key_of(const conversion *p) {
    const gt_transform *t = &p->request->transform;
    const gt_source_options *o = &p->request->import;
    char text[512];
    gt_hasher *h = gt_hasher_new();
    if (!h) return (gt_hash128){0};
    int n = snprintf(text, sizeof text, "3 %s %d %d %d %d %d %d %a %a %a %d %d %a %a %d %d %lld %d %d %d 0 0 0 0",
                     gt_dest_kind_of(p->request)->name, t->width, t->height, t->filter, t->crop, t->pad, t->alpha,
                     t->background[0], t->background[1], t->background[2], t->channels, t->depth, t->range[0],
                     t->range[1], p->request->compress, p->request->skip_duplicates, (long long)p->items.count,
                     o->crops, o->coarse, o->labels);
    gt_hasher_add(h, text, (size_t)n);
    if (o->mnist_border != GT_MNIST_BORDER) gt_hasher_add(h, &o->mnist_border, sizeof o->mnist_border);
    if (o->layout) gt_hasher_add(h, &o->layout, sizeof o->layout);
    if (o->shape && *o->shape) gt_hasher_add(h, o->shape, strlen(o->shape));
    if (o->array && *o->array) gt_hasher_add(h, "array", 5), gt_hasher_add(h, o->array, strlen(o->array));
    if (o->windows) gt_hasher_add(h, "windows", 7), gt_hasher_add(h, &o->windows, sizeof o->windows);
    /* those without a label are left out */
    if (p->items.info.unlabelled) gt_hasher_add(h, "labelled", 8);
    gt_hasher_add(h, &p->digest, sizeof p->digest);
    gt_items_identify(&p->items, h);
    return gt_hasher_end(h);
}

/* Bytes that may still be written beside `dest`, what an earlier run wrote of it included. */
static double room_for(const char *dest) {
    GT_FREED char *folder = strdup(dest);
    struct stat s;
    double room = folder ? gt_space_free(dirname(folder)) : INFINITY;
    if (!gt_part_stat(dest, ".part", &s) && S_ISREG(s.st_mode)) room += (double)s.st_size;
    return room;
}

/* Says how large the result will be, and whether that fits. */
static gt_status announce_size(const conversion *p) {
    const char *dest = p->request->dest;
    const gt_dest_kind *kind = gt_dest_kind_of(p->request);
    char text[GT_SHAPE_BYTES];
    bool sure = !p->request->compress, twice = kind == &gt_dest_hdf5; /* it is made from a file of about its size */
    gt_picture mask = {.height = p->shape.height, .width = p->shape.width, .channels = 1};
    double masks = p->items.info.masks ? kind->bytes(&mask, p->items.count) : 0;
    double bytes = kind->bytes(&p->shape, p->items.count) + masks, room = room_for(dest);
    gt_info("making %s: %lld picture%s become%s %s, in %s%.1f MB", dest, (long long)p->items.count,
            gt_plural(p->items.count), p->items.count == 1 ? "s" : "", gt_picture_shape(&p->shape, text),
            sure ? "" : "less than ", bytes / 1e6);
    if ((twice ? 2 : 1) * bytes <= room) return GT_OK;
    if (sure)
        return gt_fail(GT_FAILED, "'%s' needs %.1f MB%s, but only %.1f MB are free there: make room, or use --compress",
                       dest, bytes / 1e6, twice ? " twice while it is made" : "", room / 1e6);
    gt_warn("only %.1f MB are free", room / 1e6);
    return GT_OK;
}

/* Without stretching into the shape of most pictures; pictures of many shapes into a square, as gantry inspect proposes
 * it. */
static void advise_fit(const conversion *p, gt_buffer *text, int64_t odd) {
    const gt_transform *t = &p->request->transform;
    int64_t number;
    gt_survey found = {0};
    bool known = !gt_survey_pictures(gt_items_at(&p->items, 0, &number), &found);
    bool many = known && 2 * odd > p->items.count;
    int side = t->width ? t->width : t->height ? t->height : found.side;
    int width = many ? side : p->shape.width, height = many ? side : p->shape.height;
    if (!t->width) gt_buffer_printf(text, " --width=%d", width);
    if (!t->height) gt_buffer_printf(text, " --height=%d", height);
    if (t->crop || t->pad) return;
    if (known && !t->channels && t->alpha == GT_ALPHA_KEEP) gt_survey_fit(&found, text);
    else gt_buffer_printf(text, " --pad%s", t->alpha == GT_ALPHA_KEEP ? " --background=white" : "");
}

/* What the user can do: the whole command, which works. `odd`, `bad`: numbers of pictures of another shape, and of
 * others that cannot be used. */
static void advise_user(const conversion *p, gt_buffer *text, int64_t odd, int64_t bad) {
    const gt_transform *t = &p->request->transform;
    bool sizes = odd && (!t->width || !t->height), skips = bad || (odd && !sizes);
    gt_buffer_printf(text, "; to make a dataset of %s: %s",
                     !skips  ? "all"
                     : sizes ? "all that can be read"
                             : "the others",
                     p->request->command ? p->request->command : "gantry dataset ...");
    if (sizes) advise_fit(p, text, odd);
    if (skips) gt_buffer_printf(text, " --on-error=skip");
    if (p->items.info.unlabelled) gt_buffer_printf(text, "; --labels=none needs no labels");
}

/* GT_FORMAT: pictures cannot be read, and are not left out either. GT_USAGE: all can be read, but not used like this.
 */
static gt_status check_usable(const conversion *p) {
    static const gt_remark kinds[] = {GT_REMARK_BAD, GT_REMARK_ODD, GT_REMARK_UNLABELLED};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    int64_t n[KINDS], all = 0;
    const char *first = NULL;
    for (int k = 0; k < KINDS; k++) {
        all += n[k] = gt_remarks_count(p->remarks, kinds[k]);
        if (n[k] && !first) first = gt_remarks_first(p->remarks, kinds[k]);
    }
    if (!all || p->request->skip || p->request->scan_only) return GT_OK;
    GT_BUFFER gt_buffer advice = {0};
    advise_user(p, &advice, n[1], n[0] + n[2]);
    gt_status st = gt_fail(n[0] ? GT_FORMAT : GT_USAGE, "%lld of %lld pictures cannot be used; the first: %s%.*s",
                           (long long)all, (long long)p->items.count, first, (int)advice.n,
                           advice.data ? (const char *)advice.data : "");
    return st;
}

/* Whole numbers have bounds that a range must keep to, or nothing would be white. */
static gt_status check_range(const conversion *p) {
    const gt_convert_request *r = p->request;
    gt_picture_info head;
    char name[GT_ITEM_NAME_BYTES];
    int64_t number;
    gt_source *first = gt_items_at(&p->items, 0, &number);
    if (!r->has_range || gt_source_head(first, number, &head)) return GT_OK; /* the work says what is wrong with it */
    gt_sample type = gt_sample_of_bits(head.bits);
    if (type == GT_F32 || (r->range[0] >= gt_sample_low(type) && r->range[1] <= gt_sample_high(type))) return GT_OK;
    return gt_fail(GT_USAGE, "--range=%g,%g: the samples of '%s' are whole numbers of %s, between %g and %g",
                   r->range[0], r->range[1], gt_items_name(&p->items, 0, name), gt_sample_name(type),
                   gt_sample_low(type), gt_sample_high(type));
}

/* The shortest text that reads back as this float. */
static const char *float_text(float x, char text[32]) {
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, 32, "%.*g", digits, (double)x);
        if (strtof(text, NULL) == x) break;
    }
    return text;
}

/* What lies beyond black and white is most often a range that nobody declared; so are whole numbers far below white. */
static void note_range(const conversion *p) {
    const gt_writer *l = &p->writer;
    const gt_transform *t = &p->request->transform;
    bool declared = t->range[0] != 0 || t->range[1] != 0, all = declared && !t->of_floats;
    double low = declared ? t->range[0] : gt_sample_low(GT_F32), high = declared ? t->range[1] : gt_sample_high(GT_F32);
    double rounding = 1e-6 * fmax(fabs(low), fabs(high)); /* of ends that no float is exactly */
    double least = INFINITY, most = -INFINITY, range[2];
    char from[32], to[32];
    for (int k = GT_U8; k <= GT_F32; k++) {
        if (!l->ends[k].looked) continue;
        if (all || k == GT_F32) {
            least = fmin(least, (double)l->ends[k].low);
            most = fmax(most, (double)l->ends[k].high);
        } else if (gt_samples_suggest((gt_sample)k, (double)l->ends[k].low, (double)l->ends[k].high, range)) {
            gt_warn(GT_SAMPLES_FAR, (double)l->ends[k].high, gt_sample_high((gt_sample)k), "", range[0], range[1]);
        }
    }
    if (!(least < low - rounding) && !(most > high + rounding)) return;
    float_text((float)least, from);
    float_text((float)most, to);
    gt_warn("samples lie between %s and %s, and %g and %g stand for black and white%s: if this is wrong, declare black "
            "and white (--range=%s,%s makes the smallest sample black and the largest white)",
            from, to, low, high, declared ? "" : ", since nothing else is declared", from, to);
}

/* Images that nothing can be learnt from. */
static void note_images(const conversion *p) {
    const gt_writer *l = &p->writer;
    char name[GT_ITEM_NAME_BYTES], other[GT_ITEM_NAME_BYTES];
    int64_t n = p->request->scan_only ? p->items.count : (int64_t)l->dest.n;
    if (l->uniform)
        gt_warn("%lld of %lld images have only one colour; the first: '%s'", (long long)l->uniform, (long long)n,
                gt_items_name(&p->items, l->first_uniform, name));
    if (l->alike)
        gt_warn("%lld of %lld images equal an earlier image, though their pictures differ; the first: '%s' and '%s'",
                (long long)l->alike, (long long)n, gt_items_name(&p->items, l->alike_to, other),
                gt_items_name(&p->items, l->first_alike, name));
}

/* Rank 0, after the scan: may the work begin? If not, the scan's remarks are reported; else the work finds them again,
 * and more. */
static gt_status check_scan(conversion *p) {
    gt_status st = check_usable(p);
    if (!st) st = check_range(p);
    if (st) return st;
    gt_remarks_free(p->remarks);
    p->remarks = gt_remarks_new(&p->items, true);
    if (!p->remarks) return GT_NOMEM;
    if (p->request->scan_only) return GT_OK;
    bool exists = false;
    const gt_dest_kind *kind = gt_dest_kind_of(p->request);
    if (kind->check) st = kind->check(&p->shape);
    if (!st) st = gt_dest_exists(p->request, &exists);
    return st || (exists && !p->request->overwrite) ? st : announce_size(p);
}

/* Floats whose source says no range: all of them are read to find it. */
static gt_status find_range_all(conversion *p) {
    gt_transform *t = &p->request->transform;
    bool unit = false, others = false;
    int said = 0;
    for (int k = 0; k < p->items.n; k++) said += gt_source_get_info(p->items.sources[k])->says_range;
    gt_status st = GT_OK;
    if (!p->request->has_range && said < p->items.n)
        st = gt_floats_look_all(p->comm, p->pool, &p->items, &unit, &others);
    if (st || !unit) return st;
    if (said || others)
        return gt_fail(GT_USAGE, "the floats of some sources look like 0 .. 1 without declaring it, and other sources "
                                 "have or declare another range; --range=LO,HI declares one range for all");
    t->of_floats = true;
    t->range[0] = 0, t->range[1] = 1;
    gt_info("floats: all samples are between 0 and 1, so 0 is black and 1 is white%s (to make -1 black: --range=-1,1)",
            t->depth || p->request->scan_only ? "" : ", as the dataset declares");
    return GT_OK;
}

static gt_status scan_items(conversion *p) {
    bool floats = false;
    gt_status st = gt_scan_all(p->comm, p->pool, &p->items, &p->request->transform, p->remarks, &p->shape, &p->digest,
                               &floats);
    if (!st && floats) st = find_range_all(p);
    if (!st && !p->comm->rank) st = check_scan(p);
    return gt_comm_agree_all(p->comm, st);
}

static gt_status begin_work(conversion *p) {
    const gt_convert_request *r = p->request;
    gt_status st = GT_OK;
    if (!p->comm->rank && !r->scan_only) st = prepare_folder(r->dest);
    if (!st && !p->comm->rank)
        st = gt_writer_open(&p->writer, r, &p->items, p->remarks, &p->shape,
                            r->scan_only ? (gt_hash128){0} : key_of(p));
    p->worker = gt_worker_new(p->pool, &p->items, &r->transform, &p->shape, gt_dest_kind_of(r), r->compress);
    if (!p->worker && !st) st = GT_NOMEM;
    return gt_comm_agree_all(p->comm, st);
}

static gt_status make_items(conversion *p) {
    struct {
        int64_t next;
        int checking;
    } plan = {p->writer.done, p->writer.checking};
    int64_t block = gt_comm_min_all(p->comm, gt_worker_block(p->worker));
    GT_BUFFER gt_buffer made = {0};
    gt_status st = GT_OK;
    gt_comm_broadcast_all(p->comm, &plan, sizeof plan, 0);
    gt_tell_start(p->request->scan_only ? "reading" : "making", "images", p->items.count);
    gt_tell(plan.next);
    while (plan.next < p->items.count && !st) {
        int64_t first = plan.next + block * p->comm->rank, n = p->items.count - first;
        made.n = 0;
        if (n > 0) st = gt_worker_run(p->worker, first, (int)(n < block ? n : block), plan.checking, &made);
        if ((st = gt_comm_agree_all(p->comm, st))) break;
        st = gt_comm_agree_all(p->comm, gt_comm_funnel_all(p->comm, made.data, made.n, gt_writer_take, &p->writer));
        plan.next += block * p->comm->ranks;
        plan.checking = p->writer.checking;
        gt_comm_broadcast_all(p->comm, &plan, sizeof plan, 0);
    }
    return st;
}

static gt_status finish_result(conversion *p) {
    gt_status st = check_usable(p);
    if (st) return st;
    for (int k = 0; k < p->items.n; k++)
        if (gt_source_get_info(p->items.sources[k])->labels_missing) gt_warn(GT_LABELS_MISSING, p->request->sources[k]);
    note_range(p);
    note_images(p);
    if (st || p->request->scan_only) return st;
    return p->writer.dest.n ? gt_writer_finish(&p->writer)
                            : gt_fail(GT_FORMAT, "none of the %lld pictures can be used", (long long)p->items.count);
}

static gt_status count_classes(const conversion *p, gt_convert_result *result) {
    const gt_dest *d = &p->writer.dest;
    const gt_source_info *info = &p->items.info;
    if (info->label_kind != GT_LABELS_CLASSES || !gt_dest_labelled(d)) return GT_OK;
    result->of_class = calloc((size_t)info->label_width, sizeof *result->of_class);
    if (info->class_names >= info->label_width)
        result->class_name = calloc((size_t)info->label_width, sizeof *result->class_name);
    if (!result->of_class) return gt_fail(GT_NOMEM, "out of memory for %d classes", info->label_width);
    result->classes = info->label_width;
    for (size_t i = 0; i < d->n; i++) result->of_class[gt_items_class(&p->items, d->entries[i].item)]++;
    for (int i = 0; i < result->classes && result->class_name; i++) result->class_name[i] = strdup(info->class_name[i]);
    return GT_OK;
}

/* Files of the sources that were passed over. */
static char *passed_of(const gt_items *items) {
    gt_buffer b = {0};
    for (int k = 0; k < items->n; k++) {
        const char *passed = gt_source_get_info(items->sources[k])->passed;
        if (passed) gt_buffer_printf(&b, "%s%s", b.n ? "; " : "", passed);
    }
    if (b.n) gt_buffer_add(&b, "", 1);
    if (b.failed) gt_buffer_free(&b);
    return b.data;
}

static void fill_result(const conversion *p, gt_convert_result *result) {
    struct stat s;
    result->items = p->items.count;
    result->kept = (int64_t)p->writer.dest.n;
    result->dropped = gt_remarks_count(p->remarks, GT_REMARK_DROPPED);
    result->bad = gt_remarks_count(p->remarks, GT_REMARK_BAD);
    result->odd = gt_remarks_count(p->remarks, GT_REMARK_ODD);
    result->unlabelled = gt_remarks_count(p->remarks, GT_REMARK_UNLABELLED);
    result->duplicates = gt_remarks_count(p->remarks, GT_REMARK_DUPLICATE);
    result->height = p->shape.height, result->width = p->shape.width, result->channels = p->shape.channels;
    result->type = p->shape.type;
    result->unchanged = p->writer.dest.comparing;
    result->passed = passed_of(&p->items);
    if (p->request->scan_only) return;
    bool file = !stat(p->request->dest, &s) && S_ISREG(s.st_mode);
    result->bytes = file                  ? (double)s.st_size
                    : p->writer.dest.kind ? gt_dest_kind_of(p->request)->bytes(&p->shape, result->kept)
                                          : 0;
}

/* Rank 0, when the work is over or has failed. */
static gt_status report_result(conversion *p, gt_status st, gt_convert_result *result) {
    const gt_convert_request *r = p->request;
    gt_comm_busy(p->comm, "the end of a dataset");
    if (!st) st = finish_result(p);
    if (!st && !r->scan_only) st = count_classes(p, result);
    char message[1024]; /* what follows must not hide it */
    snprintf(message, sizeof message, "%s", gt_message());
    fill_result(p, result);
    const char *part = r->choice == GT_CONVERT_SPLIT ? r->dest : NULL;
    if (r->report && p->remarks && gt_remarks_write(p->remarks, r->report, part, r->report_append))
        gt_warn("%s", gt_message());
    gt_writer_close(&p->writer, !st);
    return st ? gt_fail(st, "%s", message) : GT_OK;
}

/* Black and white are where the source says: whoever trains on it takes them from there. Booleans are the exception: as
 * samples 0 and 1 they look black everywhere. */
static void take_range(conversion *p) {
    const gt_source_info *info = &p->items.info;
    gt_transform *t = &p->request->transform;
    if (info->has_range) memcpy(t->range, info->range, sizeof info->range);
    if (!info->booleans || p->request->has_range || t->depth) return;
    t->depth = GT_DEPTH_U8;
    if (!p->comm->rank) gt_info("booleans are written as 0 and 255 (--range=0,1 keeps 0 and 1)");
}

static gt_status open_all(conversion *p) {
    gt_status st = gt_convert_check(p->request);
    if (!st) st = gt_items_open(&p->items, p->request);
    if (!st) take_range(p);
    if (!st && !p->comm->rank && !(p->remarks = gt_remarks_new(&p->items, !p->request->skip && !p->request->scan_only)))
        st = GT_NOMEM;
    if (!st && !(p->pool = gt_pool_new(p->comm->threads))) st = GT_FAILED;
    gt_pool_spin(p->pool, false); /* tiles wait for files now and then */
    return gt_comm_agree_all(p->comm, st);
}

static gt_status convert_items(conversion *p, gt_convert_result *result) {
    gt_status st = open_all(p);
    if (st) return st;
    st = scan_items(p);
    if (!st) st = begin_work(p);
    if (!st) st = make_items(p);
    if (!p->comm->rank) st = report_result(p, st, result);
    return gt_comm_agree_all(p->comm, st);
}

gt_status gt_convert_all(gt_comm *comm, const gt_convert_request *request, gt_convert_result *result) {
    gt_convert_request r = *request;
    conversion p = {.comm = comm, .request = &r};
    *result = (gt_convert_result){0};
    GT_FREED char *dest = strdup(r.dest ? r.dest : "");
    for (size_t n = dest ? strlen(dest) : 0; n > 1 && dest[n - 1] == '/'; n--)
        dest[n - 1] = 0, r.folder = true; /* names are put together with it */
    r.dest = dest;
    gt_status st = gt_comm_agree_all(comm, dest ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name"));
    if (!st) st = convert_items(&p, result);
    gt_worker_free(p.worker);
    gt_remarks_free(p.remarks);
    gt_items_close(&p.items);
    gt_pool_free(p.pool);
    return st;
}

void gt_convert_result_free(gt_convert_result *result) {
    for (int i = 0; i < result->classes && result->class_name; i++) free(result->class_name[i]);
    free(result->class_name);
    free(result->of_class);
    free(result->passed);
    *result = (gt_convert_result){0};
}
