/* SPDX-License-Identifier: Apache-2.0
 * Compares the data of a run with the data that the run was begun with. The first fingerprint is of the files, and is
 * quickly computed. Where the files have changed and the pictures have not (unzipped, compressed again, put into an
 * HDF5 file), the second fingerprint tells so, as far as some of the pictures can tell. */
#include <stdio.h>
#include <string.h>

#include "gantry/log.h"
#include "gantry/text.h"
#include "train/journal/journal.h"

static const char *say_range(char text[64], bool given, const double range[2]) {
    snprintf(text, 64, given ? "%g .. %g" : "the usual one", range[0], range[1]);
    return text;
}

static bool other_range(const gt_engine *e, const gt_checkpoint_data *before) {
    bool given = !gt_dataset_usual_range(e->info);
    return given != before->has_range || (given && memcmp(before->range, e->info->range, sizeof before->range));
}

static void say_why(const gt_engine *e, const gt_journal *j, const gt_checkpoint_data *before, const char *files) {
    char was[64], is[64];
    gt_print_to(
        stderr,
        "  the images, their labels, range or colours are not those the run was begun with (fingerprint %.8s..., "
        "now %.8s...)\n",
        files, j->fingerprint);
    if (e->info->sifted)
        gt_print_to(stderr,
                    "  earlier versions read other files as pictures; this version reads %s, and no hidden files\n",
                    e->info->sifted);
    if (!*before->pictures && !*before->readable)
        gt_print_to(stderr,
                    "  this fingerprint covers only the files, because an older gantry wrote the checkpoint; if only "
                    "the files have changed (unzipped, compressed again), resume once with the former files\n");
    else if (other_range(e, before))
        gt_print_to(stderr, "  their range was %s and is now %s\n", say_range(was, before->has_range, before->range),
                    say_range(is, !gt_dataset_usual_range(e->info), e->info->range));
}

/* Some of the pictures could not be read, and may have been repaired since: the others are compared. */
static gt_status same_readable(const gt_engine *e, const gt_journal *j, const gt_checkpoint_data *before, bool *same) {
    gt_hash128 now;
    char hex[33];
    gt_status st = gt_look_without(e->data, &j->look, before->unread, &now, same);
    gt_hash_hex(now, hex);
    *same = *same && !strcmp(before->readable, hex);
    return st;
}

gt_status gt_journal_same_pictures(gt_engine *e, gt_journal *j, const gt_checkpoint_file *f, bool *same) {
    const char *files = gt_checkpoint_info(f)->dataset;
    gt_checkpoint_data before;
    *same = true;
    if (!*files || !strcmp(files, j->fingerprint)) return GT_OK;
    gt_status st = gt_checkpoint_get_data(f, e->job->arena, &before);
    if (st) return st;
    *same = *before.pictures && !strcmp(before.pictures, j->pictures);
    if (!st && !*before.pictures && *before.readable) st = same_readable(e, j, &before, same);
    if (st) return st;
    if (*same) snprintf(j->files_before, sizeof j->files_before, "%s", files);
    else say_why(e, j, &before, files);
    return GT_OK;
}

static void warn_of_few(const gt_engine *e, const gt_journal *j) {
    enum { FEW = 100 };
    int64_t images = e->job->mirror ? e->info->count / 2 : e->info->count;
    gt_look_warn_of_sameness(&j->look, images, e->job->data);
    if (images > 1 && images < FEW && !e->shown)
        gt_info("only %lld images: networks memorise so few; see docs/few-pictures.md for help", (long long)images);
    gt_engine_advise_network(e, images);
}

gt_status gt_journal_warn_data(const gt_engine *e, const gt_journal *j) {
    if (*j->files_before)
        gt_warn("the files of the data differ from those at the run's start (fingerprint %.8s..., now %.8s...); size, "
                "range, labels, order and the pixels of %lld of the %lld images are the same, so the run resumes; "
                "other pixels were not compared",
                j->files_before, j->fingerprint, (long long)j->look.looks, (long long)e->info->stored);
    gt_look_warn(&j->look, e->info, e->job->data);
    warn_of_few(e, j);
    return gt_dataset_warn_classes(e->data, e->job->data);
}

gt_status gt_engine_compare_meaning(const gt_engine *e, const gt_checkpoint_file *source) {
    gt_checkpoint_data theirs;
    gt_status st = gt_checkpoint_get_data(source, e->job->arena, &theirs);
    const char *channels = e->info->channel_names;
    if (!st && theirs.has_range && memcmp(theirs.range, e->info->range, sizeof theirs.range))
        gt_warn("--resume: the networks were trained on samples with the range %g .. %g, the data have %g .. %g: both "
                "become -1 .. 1",
                theirs.range[0], theirs.range[1], e->info->range[0], e->info->range[1]);
    if (!st && theirs.channels && channels && strcmp(theirs.channels, channels))
        gt_warn("--resume: the networks were trained on the channels %.200s, the data have %.200s", theirs.channels,
                channels);
    return st;
}

void gt_engine_name_classes(const gt_engine *e, gt_checkpoint_data *d) {
    const gt_dataset_info *info = e->info;
    bool masks = e->model->masks;
    int known = (int)e->job->label_dim, names = !masks ? info->class_names : info->mask_name ? info->mask_classes : 0;
    d->class_name = masks ? info->mask_name : info->class_name;
    d->class_names = names < known ? names : known;
    d->vectors = known && !masks && info->label_kind == GT_LABELS_VECTORS;
}

void gt_journal_put_data(const gt_engine *e, const gt_journal *j, gt_checkpoint *c) {
    gt_checkpoint_data d = {.samples = e->info->type,
                            .has_range = !gt_dataset_usual_range(e->info),
                            .range = {e->info->range[0], e->info->range[1]},
                            .channels = e->info->channel_names,
                            .scale = e->info->scale,
                            .scales = e->info->channels,
                            .conditions = e->info->conditions,
                            .place = e->info->place};
    memcpy(d.pictures, j->pictures, sizeof d.pictures);
    if (j->look.unreadable) {
        gt_hash_hex(j->look.pictures, d.readable);
        snprintf(d.unread, sizeof d.unread, "%s", j->look.unread);
    }
    gt_engine_name_classes(e, &d);
    gt_checkpoint_put_data(c, &d);
}
