/* SPDX-License-Identifier: Apache-2.0
 * Files that may come from elsewhere: checkpoints, which a process of its own checks before all ranks open them, and
 * files that stand in the place of a job file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "gantry/checkpoint.h"
#include "gantry/family.h"
#include "gantry/file.h"
#include "gantry/network.h"
#include "gantry/program.h"
#include "gantry/metric.h"
#include "gantry/source.h"

static gt_status choose_and_check(const gt_options *o, const char *path, char **file) {
    bool foreign;
    gt_network_options reading = cli_reading(o);
    gt_status st = gt_network_choose(path, &reading, file, &foreign); /* first: damage is told as such */
    return !st && *file && !foreign ? gt_h5_check(*file) : st;
}

gt_status cli_check_checkpoint(const gt_options *o, const char *path, char **file) {
    enum { TRIES = 100 };
    gt_status st = GT_OK;
    for (int i = 0; i < TRIES; i++) {
        st = choose_and_check(o, path, file);
        /* a training may have removed it in the meantime: then there are newer ones */
        if (!*file || gt_is(*file, path) || !access(*file, F_OK)) break;
        free(*file);
        *file = NULL;
    }
    if (!st) return GT_OK;
    free(*file);
    *file = NULL;
    return st;
}

gt_status cli_choose_checkpoint(const gt_options *o, const char **path) {
    GT_FREED char *file = NULL;
    if (!cli_first_rank()) return GT_OK;
    gt_status st = cli_check_checkpoint(o, *path, &file);
    if (st || !file) return st; /* a run without any: opening it says so */
    *path = gt_arena_printf(o->arena, "%s", file);
    return *path ? GT_OK : GT_NOMEM;
}

gt_status cli_share_path_all(gt_comm *c, gt_arena *a, const char **path) {
    size_t bytes = strlen(*path) + 1;
    gt_comm_broadcast_all(c, &bytes, sizeof bytes, 0);
    char *text = gt_arena_alloc(a, bytes);
    gt_status st = gt_comm_agree_all(c, text ? GT_OK : GT_NOMEM);
    if (st) return st;
    if (c->rank == 0) memcpy(text, *path, bytes);
    gt_comm_broadcast_all(c, text, bytes, 0);
    *path = text;
    return gt_checkpoint_hold_all(c, text);
}

gt_status cli_choose_detector(const gt_options *o, const char **path) {
    if (gt_is_pixels(*path)) return GT_OK;
    gt_file_kind kind = *path && **path ? gt_kind_of_file(*path) : GT_KIND_UNKNOWN;
    bool ours = kind == GT_KIND_FOLDER || kind == GT_KIND_CHECKPOINT || kind == GT_KIND_HDF5;
    gt_status st = ours ? cli_choose_checkpoint(o, path) : GT_OK;
    return st ? gt_wrap(st, "--detector") : GT_OK;
}

gt_status cli_check_resume(gt_job *job) {
    const gt_job_facts of = gt_job_look(job);
    if (!gt_job_transfers(job) || gt_checkpoint_any(of.run)) return GT_OK;
    GT_FREED char *file = NULL;
    gt_status st = cli_check_checkpoint(gt_options_of_job(job), of.resume, &file);
    if (!st && !file) st = gt_checkpoint_none_in(of.resume);
    if (st) return gt_wrap(st, "--resume");
    return gt_job_set_resume_file(job, file);
}

gt_status cli_check_detector(gt_job *job) {
    const char *path = gt_job_look(job).detector;
    gt_status st = cli_choose_detector(gt_options_of_job(job), &path);
    if (!st || !gt_checkpoint_any(gt_job_look(job).run)) return st;
    return gt_job_set_no_metrics(job, gt_message());
}

static bool is_run(const char *dir) { return gt_checkpoint_any(dir) || gt_folder_has(dir, "job.ini"); }

/* ---- jobs and networks that come with the program ---- */

static bool may_be_name(const char *word) {
    return gt_kind_of_file(word) == GT_KIND_MISSING && *word != '/' && !strchr(word, '.');
}

const char *cli_find_job_file(gt_arena *a, const char *word) {
    char path[GT_PROGRAM_PATH_BYTES];
    bool found = may_be_name(word) && gt_shipped_find("jobs", ".ini", word, path);
    const char *copy = found ? gt_arena_printf(a, "%s", path) : NULL;
    return copy ? copy : word;
}

const char *cli_find_network(gt_arena *a, const char *word) {
    char path[GT_PROGRAM_PATH_BYTES];
    const char *copy = gt_network_shipped(word, path) ? gt_arena_printf(a, "%s", path) : NULL;
    return copy ? copy : word;
}

bool cli_is_number(const char *word) { return *word && !word[strspn(word, "0123456789")]; }

/* There is neither such a file nor such a job: the message names the model that is called so, or the nearest job. */
static gt_status fail_no_job(const char *word) {
    if (cli_is_number(word))
        return gt_fail(GT_USAGE, "'%s': a number belongs to an option, as in --batch=%s; ranks: gantry run -n %s train",
                       word, word, word);
    char near[GT_NAME_BYTES];
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (const gt_family_model *m = gt_family_models(*f); m->name; m++)
            if (!strcasecmp(word, m->name))
                return gt_fail(GT_USAGE, "'%.200s' is a model, not a job that comes with the program: use --model=%s",
                               word, m->name);
    gt_shipped_near("jobs", ".ini", word, near);
    return gt_fail(GT_USAGE, "'%.200s' is neither a file here nor a job that comes with the program%s%s%s", word,
                   *near ? "; did you mean " : "", near, *near ? "?" : "");
}

gt_status cli_check_job_file(const char *path) {
    gt_file_kind kind = gt_kind_of_file(path);
    const char *hint, *named = "", *rest = "";
    if (kind == GT_KIND_MISSING && gt_synth_of_path(path))
        return gt_fail(GT_USAGE, "'%s' is a dataset, not a job file: use --data=%s", path, path);
    if (kind == GT_KIND_MISSING && gt_is_url(path))
        return gt_fail(GT_USAGE, "'%s' is not a job file here, and nothing is downloaded", path);
    if (may_be_name(path)) return fail_no_job(path);
    if (kind == GT_KIND_MISSING && access(path, F_OK))
        return gt_fail(
            GT_USAGE,
            "'%s': No such file or directory; a word without -- is a job file (gantry reference writes one), "
            "data are --data=FILE",
            path);
    if (kind == GT_KIND_FOLDER && is_run(path))
        return gt_fail(GT_USAGE,
                       "'%s' is a run's directory, not a job file: --run=%s resumes the run, --resume=%s "
                       "begins a new one from its networks",
                       path, path, path);
    if (kind == GT_KIND_CHECKPOINT) {
        hint = ": --resume=";
        named = path;
        rest = " begins a new run from its networks, --run=DIR resumes the run in DIR";
    } else if (kind == GT_KIND_ZIP || kind == GT_KIND_HDF5 || kind == GT_KIND_FOLDER) {
        hint = "; it looks like a dataset: --data=";
        named = path;
        rest = "?";
    } else if (kind == GT_KIND_NUMPY || kind == GT_KIND_GZIP || kind == GT_KIND_PICTURE) {
        hint = "; gantry dataset makes datasets from many sources, and --data takes them";
    } else if (gt_kind_is_foreign_network(kind)) {
        hint = ": --resume=";
        named = path;
        rest = " begins a new run from its networks";
    } else {
        return GT_OK;
    }
    return gt_fail(GT_USAGE, "'%s' is %s, not a job file%s%s%s", path, gt_kind_text(kind), hint, named, rest);
}
