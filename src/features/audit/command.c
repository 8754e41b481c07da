/* SPDX-License-Identifier: Apache-2.0
 * gantry audit: is a run, or a network, what it says that it is (features/audit/audit.h)? */
#include "features/audit/audit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "features/audit/internal.h"
#include "features/audit/pictures.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/stop.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "base/door/file.h"
#include "data/door/dataset.h"
#include "runner/generator/door/film.h"
#include "gantry/text.h"

typedef struct audit_fields {
    const char *data, *run, *trace, *compare, *class, *bundle, *checkpoint, *network, *latents, *directions, *start,
        *target, *condition, *statics, *find, *key;
    double minutes, trunc;
    int64_t segments, seed, threads;
    bool all, head, note, overwrite;
    gt_audit_pictures pictures; /* what is audited, when it is pictures, or a statement */
    audit_copies copies;        /* the first rank's */
    const char *word;           /* what is read of a file or folder that is audited: the first word, or its copy */
    bool folder;                /* its networks are those of a folder */
    const char *unread;         /* names of those of a folder that cannot be opened, for a statement; "" */
    const char *run_of;         /* the folder of a run with these networks; "" */
    int64_t n_seeds;
    int64_t *seeds; /* of --find */
} audit_fields;

#define FIELDS audit_fields

static const gt_option table[] = {
    {CLI_OPTION(minutes, "10", "Time for what is computed again"), .unit = "minutes", .max = 1e6,
     .detail = "How many intervals are drawn follows from the speed of the first one, never from the draws. So a part "
               "of the time may be left. An interval that no checkpoint is near enough to reach in the time is not "
               "computed, and counts as unseen. 0: no limit. The checks of the ledger, of files and of the data come "
               "on top."},
    {CLI_OPTION(segments, NULL, "Number of intervals between links that are drawn, instead of --minutes"),
     .derived = "as many as fit", .min = 1, .max = 1e6,
     .detail = "Each draw takes one image of the run, all with the same probability, and the interval with this image "
               "is computed again, from the kept checkpoint before it. An interval may be drawn twice."},
    {CLI_OPTION(all, "0", "Compute the whole run again, whatever time that takes")},
    {CLI_OPTION(seed, NULL, "Seed of the draws"), .derived = "from the operating system", .max = 4294967295.0,
     .detail = "A forger who knows the seed beforehand knows which intervals are not computed. The seed is printed, so "
               "that the same intervals can be computed again."},
    {CLI_OPTION(data, "", "Where the data of the run are now; empty: where the run read them"), .path = true,
     .detail = "For fields with a record, the truth, as gantry generate --data had it."},
    {CLI_OPTION(run, "", "The run that a network, a checkpoint or pictures are said to come from"), .path = true,
     .placeholder = "RUN",
     .detail = "What the run gives is made again and compared byte by byte. If the bytes differ, all tensors must be "
               "equal, and what is read beside them (recipe, data, chain). For a network, this is the export of the "
               "checkpoint in the file's name (network-snapshot-000200000.pkl), else of each kept checkpoint; for a "
               "folder of pictures (seed0000.png and so on), the pictures of gantry generate. A checkpoint that no "
               "longer exists is computed again."},
    {CLI_OPTION(class, "", "Class of these pictures, instead of that in their names"), .placeholder = "CLASS",
     .any = true, .with = "--run"},
    {CLI_OPTION(trunc, "1", "Truncation of these pictures, as gantry generate had it"), .max = 2, .with = "--run"},
    {CLI_OPTION(network, "",
                "For pictures with a record, and statements: the network, or a run or folder with it; may be repeated"),
     .path = true, .placeholder = "NETWORK", .with = "!--run",
     .detail =
         "A picture's record names its network by a hash, which is looked for here alone; without this, among the "
         "networks that come with Gantry. A record names nothing that is opened. After pictures that the networks of "
         "a run have made, and after a statement, the run is audited; with RUN/last it is not."},
    {CLI_OPTION(key, "", "Check a statement that is signed (gantry card --sign) with this public key (Ed25519, PEM)"),
     .path = true, .placeholder = "PUB.pem", .with = "!--run",
     .detail = "Then the networks of --network by their SHA-256, and of a run the head of its chain and its data."},
    {CLI_OPTION(latents, "", "Styles, or the mixture, that such pictures are made of, such as projected_w.npz"),
     .path = true, .placeholder = "FILE", .with = "!--run"},
    {CLI_OPTION(directions, "", "Directions along which such pictures were edited"), .path = true,
     .placeholder = "FILE", .with = "!--run"},
    {CLI_OPTION(start, "", "Picture that such pictures of a diffusion model began with"), .path = true,
     .placeholder = "FILE", .with = "!--run"},
    {CLI_OPTION(target, "", "Picture that such styles (projected_w.npz, .h5) were found for"), .path = true,
     .placeholder = "FILE", .with = "!--run",
     .detail = "The projection is computed again, which takes as long as it took."},
    {CLI_OPTION(condition, "", "Conditions that such fields were made of, as for gantry generate"), .path = true,
     .placeholder = "DATA", .with = "!--run",
     .detail = "A record has the hash of what the network reads of them. The run that the network of --network lies "
               "in tells how the files are read."},
    {CLI_ROW("static", statics, "", "Constant fields of these conditions; empty: those of the run"), .path = true,
     .placeholder = "DATA", .with = "--condition"},
    {CLI_OPTION(find, "", "Pictures without a record: try these seeds, and all classes"), .placeholder = "SEEDS",
     .check = gt_option_check_ranges, .with = "!--run",
     .detail =
         "Says which seed and class make the picture bit for bit, else the nearest and by how much it differs, at "
         "truncation 1. Tried are the networks that come with Gantry, or those of --network alone."},
    {CLI_OPTION(trace, "", "Write hashes of each gradient and state of one stretch, to find where two machines part"),
     .placeholder = "FILE", CLI_WRITES({"*.txt", GT_OUTFILE_TABLE}), .with = "!--run"},
    {CLI_OPTION(compare, "", "Compute the stretch of such a trace again, up to the first line that differs"),
     .placeholder = "FILE", .path = true, .with = "!--run", .detail = "The line names step, phase and tensor."},
    {CLI_OPTION(bundle, "", "Write ledger, job and newest checkpoint of the run into one file; check nothing"),
     .placeholder = "FILE", CLI_WRITES({"*.zip", GT_OUTFILE_DATASET}), .with = "!--run",
     .detail = "Such a file can be published and audited like the run: gantry audit FILE.zip --data=DATA. It also has "
               "the hashes of the samples, if the run keeps them (data.sha256)."},
    {CLI_OPTION(checkpoint, "", "Checkpoint of --bundle in place of the newest one"), .path = true, .with = "--bundle"},
    {CLI_OPTION(note, "0", "If nothing differs, write RUN/audit.json, from which gantry card takes a line"),
     .with = "!--run"},
    {CLI_OPTION(head, "0", "Only print the head of the chain, which can be published; check nothing")},
    CLI_OVERWRITE,
    CLI_THREADS,
};

/* Files of words that are said not to be pictures with records, in place of being taken for runs. */
static bool is_other_file(const char *path) {
    static const char *const endings[] = {".zip", ".npy", ".npz", ".h5",  ".mp4",  ".tif", ".tiff",
                                          ".gif", ".bmp", ".png", ".jpg", ".jpeg", ".webp"};
    gt_file_kind kind = gt_kind_of_file(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (gt_ends_with(path, endings[i])) return kind != GT_KIND_CHECKPOINT && !gt_audit_bundle_is(path);
    return kind == GT_KIND_EMPTY;
}

/* One of the two is enough: that the other is gone is for the audit of the run to say. */
static bool is_run(const char *folder) {
    return gt_folder_has(folder, "starts.jsonl") || gt_folder_has(folder, "job.ini");
}

/* The copies are what is read from here on. What cannot be copied is refused. */
static gt_status copy_pictures(gt_arena *a, gt_audit_pictures *p) {
    p->name = p->path;
    p->path = gt_arena_array(a, (size_t)p->n + 1, sizeof *p->path);
    p->refused = gt_arena_array(a, (size_t)p->n + 1, sizeof *p->refused);
    if (!p->path || !p->refused) return GT_NOMEM;
    for (int i = 0; i < p->n; i++) {
        gt_status st = audit_copy(p->copies, p->name[i], &p->path[i]);
        if (st == GT_NOMEM) return st;
        if (st && !(p->refused[i] = gt_arena_printf(a, "%s", gt_message()))) return GT_NOMEM;
    }
    return GT_OK;
}

/* Where the data of the run are now: beside --condition, --data is the truth of fields. */
static const char *data_of_run(const audit_fields *f) { return *f->condition ? "" : f->data; }

/* Are the words pictures with records, or a folder of them? */
static gt_status are_pictures(cli_session *s, bool *are) {
    audit_fields *f = s->fields;
    gt_audit_pictures *p = &f->pictures;
    const cli_arguments *a = &s->arguments;
    const char *first = a->n_words ? a->words[0] : "";
    *are = false;
    if (!a->n_words || !cli_first_rank()) return GT_OK;
    if (*f->run) {
        f->word = cli_find_network(s->arena, first);
        return access(f->word, F_OK) || gt_is_directory(f->word) ? GT_OK : audit_copy(&f->copies, f->word, &f->word);
    }
    p->path = a->words;
    p->n = a->n_words;
    if (a->n_words == 1 && gt_is_directory(first)) {
        if (is_run(first)) return GT_OK;
        gt_status st = gt_audit_folder(s->arena, first, GT_AUDIT_PICTURES, &p->path, &p->n, &p->others);
        *are = p->n > 0;
        return st ? st : copy_pictures(s->arena, p);
    }
    for (int i = 0; i < a->n_words && a->n_words > 1; i++)
        if (gt_is_directory(a->words[i]))
            return gt_fail(GT_USAGE, "'%s' is a folder: pictures, or one folder, are audited at a time", a->words[i]);
    if (access(first, F_OK)) return gt_fail(GT_FAILED, "there is no '%s'", first);
    gt_status st = copy_pictures(s->arena, p);
    if (st) return st;
    f->word = *p->path;
    *are = a->n_words > 1 || *p->refused || gt_audit_is_picture(f->word) || is_other_file(f->word);
    return GT_OK;
}

/* What cannot be opened: of networks of a folder it is passed over with a warning, or, for a statement (`unread`),
 * listed; of pictures said. A folder may have many large networks: those that are wanted are copied later. */
static gt_status check_networks(gt_arena *a, gt_audit_pictures *p, bool folder, audit_list *unread) {
    char name[AUDIT_NAME_BYTES];
    const char **good = gt_arena_array(a, (size_t)p->n_networks + 1, sizeof *good),
               **names = gt_arena_array(a, (size_t)p->n_networks + 1, sizeof *names);
    int n = 0;
    gt_status st = good && names ? GT_OK : GT_NOMEM;
    for (int i = 0; i < p->n_networks && !st; i++) {
        const char *path = p->network[i];
        if (access(path, R_OK)) st = gt_fail(GT_FAILED, "'%s' cannot be read", path);
        else if (!folder) st = audit_copy(p->copies, path, &path);
        if (!st) st = gt_h5_check(path);
        if (!st) good[n] = path, names[n++] = p->network[i];
        if (!st || !folder || st == GT_NOMEM || st == GT_STOPPED) continue;
        if (unread) audit_list_add(unread, "%s", audit_quoted(p->network[i], name));
        else gt_warn("no picture is looked for in it: %s", gt_message());
        st = GT_OK;
    }
    if (!st && p->n_networks && !n && !unread)
        st = gt_fail(GT_FAILED, "--network: there is no network that can be read");
    p->network = good;
    p->network_name = names;
    p->n_networks = n;
    return st;
}

/* Before MPI starts. Where ffmpeg is not, the audit says so. */
static gt_status ready_ffmpeg(gt_arena *a, gt_audit_pictures *p, const char **refused) {
    enum { MOST_FILMS = 64 };
    int films = 0;
    gt_status st = GT_OK;
    p->ffmpeg = gt_arena_array(a, (size_t)p->n + 1, GT_AUDIT_FFMPEGS * sizeof(gt_ffmpeg *));
    if (!p->ffmpeg) return GT_NOMEM;
    for (int i = 0; i < p->n; i++) {
        if (refused[i] || !gt_ends_with(p->path[i], ".mp4")) continue;
        if (++films > MOST_FILMS) refused[i] = "64 films of MP4 are audited at a time";
        for (int k = 0; k < GT_AUDIT_FFMPEGS && films <= MOST_FILMS && !st; k++)
            st = gt_ffmpeg_ready(&p->ffmpeg[i * GT_AUDIT_FFMPEGS + k]);
    }
    return GT_OK;
}

static gt_status check_pictures(gt_arena *a, gt_audit_pictures *p) {
    for (int i = 0; i < p->n; i++) {
        gt_status st = p->refused[i] ? GT_OK : gt_h5_check(p->path[i]);
        if (st == GT_NOMEM || st == GT_STOPPED) return st;
        if (st) p->refused[i] = audit_own_names(p->copies, gt_arena_printf(a, "%s", gt_message()));
    }
    return ready_ffmpeg(a, p, p->refused);
}

/* The networks of --network, on the first rank, before the ranks meet. */
static gt_status list_networks(cli_session *s) {
    audit_fields *f = s->fields;
    gt_audit_pictures *p = &f->pictures;
    const cli_arguments *a = &s->arguments;
    const char **one = gt_arena_array(s->arena, (size_t)a->n_pairs + 1, sizeof *one);
    if (!one) return GT_NOMEM;
    p->network = one;
    for (int i = 0; i < a->n_pairs; i++)
        if (gt_is(a->keys[i], "network") && a->values[i] && *a->values[i])
            one[p->n_networks++] = cli_find_network(s->arena, a->values[i]);
    for (int i = 0; i < p->n_networks && p->n_networks > 1; i++)
        if (gt_is_directory(one[i]))
            return gt_fail(GT_USAGE, "--network: '%s' is a folder: several files, or one run or folder, are looked at",
                           one[i]);
    f->folder = p->n_networks && gt_is_directory(*one);
    if (f->folder && is_run(*one)) f->run_of = *one;
    bool statement = *f->key != 0;
    audit_list unread = {0};
    gt_status st = f->folder ? gt_audit_folder(s->arena, *one, statement ? GT_AUDIT_ALL_NETWORKS : GT_AUDIT_NETWORKS,
                                               &p->network, &p->n_networks, NULL)
                             : GT_OK;
    if (!st && f->folder && !p->n_networks && !statement)
        st = gt_fail(GT_FAILED, "--network: there is no network in '%s'", f->network);
    if (!st) st = check_networks(s->arena, p, f->folder, statement ? &unread : NULL);
    f->unread = gt_arena_printf(s->arena, "%s", audit_list_end(&unread));
    if (!st && !f->unread) st = GT_NOMEM;
    return !st && *f->run_of ? gt_audit_check_data(f->run_of, data_of_run(f)) : st;
}

static gt_status prepare_statement(cli_session *s) {
    audit_fields *f = s->fields;
    const cli_arguments *a = &s->arguments;
    if (a->n_words != 1 || *f->find || f->head || *f->bundle)
        return gt_fail(GT_USAGE, "--key is for one signed statement, as gantry card --format=in-toto --sign writes it");
    if (!cli_first_rank()) return GT_OK;
    if (gt_is_directory(a->words[0]))
        return gt_fail(GT_USAGE, "'%s' is a folder: --key checks a signed statement, and --network=%s compares the run",
                       a->words[0], a->words[0]);
    if (access(a->words[0], F_OK)) return gt_fail(GT_FAILED, "there is no '%s'", a->words[0]);
    gt_status st = list_networks(s);
    f->pictures.came = gt_arena_array(s->arena, (size_t)f->pictures.n_networks + 1, sizeof *f->pictures.came);
    return st ? st : f->pictures.came ? GT_OK : GT_NOMEM;
}

/* ---- files that records know by their hash ---- */

enum { GIVEN = 7, FIRST_DATA = 4 };
static const char *const given_options[GIVEN] = {"latents",   "directions", "start", "target",
                                                 "condition", "static",     "data"};
static const char **given_file(audit_fields *f, size_t i) {
    gt_given *g = &f->pictures.given;
    return (const char **[GIVEN]){&g->latents,   &g->directions, &g->start, &g->target,
                                  &g->condition, &g->statics,    &g->truth}[i];
}

/* Data as "FILE:NAME,NAME,FILE:NAME". A set that is built in has no file. */
static gt_status copy_data(audit_fields *f, gt_arena *a, const char **list) {
    if (gt_synth_of_path(*list)) return GT_OK;
    GT_BUFFER gt_buffer text = {0};
    gt_named_array part = {0};
    char file[GT_ARRAY_FILE_BYTES] = "";
    const char *rest = *list, *copy = "";
    gt_status st = GT_OK;
    while (!st && gt_named_array_next(&rest, &part, &st)) {
        if (!st && strcmp(file, part.file)) st = audit_copy(&f->copies, part.file, &copy);
        if (!st && strpbrk(f->copies.folder, ",:"))
            st = gt_fail(GT_USAGE, "TMPDIR: '%s' has a comma or a colon, which divide lists of data", gt_temp_folder());
        snprintf(file, sizeof file, "%s", part.file);
        gt_buffer_printf(&text, "%s%s%s%s", text.n ? "," : "", copy, *part.name ? ":" : "", part.name);
    }
    if (st) return st;
    *list = text.failed ? NULL : gt_arena_printf(a, "%s", text.data ? text.data : "");
    return *list ? GT_OK : GT_NOMEM;
}

/* Fields are read as a run has read its own. */
static gt_status find_job(cli_session *s) {
    audit_fields *f = s->fields;
    const char *run;
    gt_status st = GT_OK;
    f->pictures.given.job = "";
    for (int i = 0; i < f->pictures.n_networks && !st && *f->condition && !*f->pictures.given.job; i++)
        st = cli_find_run(s, f->pictures.network_name[i], &run, &f->pictures.given.job);
    return st;
}

static gt_status prepare_pictures(cli_session *s) {
    audit_fields *f = s->fields;
    gt_audit_pictures *p = &f->pictures;
    gt_status st = list_networks(s);
    if (!st && f->note && !*f->run_of)
        st = gt_fail(GT_USAGE, "--note: the run that has made the pictures is needed (--network=RUN)");
    p->came = gt_arena_array(s->arena, (size_t)p->n_networks + 1, sizeof *p->came);
    if (!st) st = p->came ? check_pictures(s->arena, p) : GT_NOMEM;
    for (size_t i = 0; i < GIVEN && !st; i++) {
        const char **file = given_file(f, i), *why = NULL;
        if (!**file) continue;
        st = i < FIRST_DATA ? audit_copy(&f->copies, *file, file) : copy_data(f, s->arena, file);
        if (!st) st = gt_h5_check(*file);
        if (!st || st == GT_NOMEM || st == GT_STOPPED) continue;
        why = gt_arena_printf(s->arena, "--%s: %s", given_options[i], audit_own_names(&f->copies, gt_message()));
        for (int k = 0; k < p->n; k++)
            if (!p->refused[k]) p->refused[k] = why;
        st = why ? GT_OK : GT_NOMEM;
    }
    return st ? st : find_job(s);
}

static gt_status read_seeds(cli_session *s) {
    enum { MOST_SEEDS = 1 << 24 };
    audit_fields *f = s->fields;
    return gt_parse_range_list(s->arena, "--find", f->find, MOST_SEEDS, &f->seeds, &f->n_seeds);
}

static gt_status prepare_all(cli_session *s) {
    audit_fields *f = s->fields;
    bool pictures;
    f->run_of = "";
    if (*f->key) return prepare_statement(s);
    gt_status found = are_pictures(s, &pictures);
    if (!found && *f->find) found = read_seeds(s);
    if (found || pictures) return found ? found : prepare_pictures(s);
    if (*f->find && cli_first_rank())
        return gt_fail(GT_USAGE, "--find is for pictures, and '%s' is not one",
                       s->arguments.n_words ? s->arguments.words[0] : "");
    if (!*f->run && s->arguments.n_words && !cli_first_rank()) return GT_OK; /* the first rank knows what it is */
    if (s->arguments.n_words != 1)
        return gt_fail(GT_USAGE, "one run is needed, pictures with a record, or one network, checkpoint or folder of "
                                 "pictures and --run=RUN");
    if (f->head && *f->bundle) return gt_fail(GT_USAGE, "--head or --bundle: one of them");
    if (f->all && f->segments) return gt_fail(GT_USAGE, "--all or --segments: one of them");
    bool opens = cli_first_rank() && !f->head && !*f->bundle;
    gt_status st = opens ? gt_audit_check_data(*f->run ? f->run : f->word, f->data) : GT_OK;
    return !st && opens && *f->run ? gt_h5_check(f->word) : st;
}

static gt_status prepare(cli_session *s) {
    audit_fields *f = s->fields;
    f->copies.arena = s->arena;
    f->pictures.copies = &f->copies;
    f->word = s->arguments.n_words ? s->arguments.words[0] : "";
    f->pictures.given = (gt_given){.latents = f->latents,
                                   .directions = f->directions,
                                   .start = f->start,
                                   .target = f->target,
                                   .condition = f->condition,
                                   .statics = f->statics,
                                   .truth = *f->condition ? f->data : "",
                                   .job = "",
                                   .mixtures = cli_find_latent_file()};
    return audit_own_message(&f->copies, prepare_all(s));
}

static void finish(cli_session *s) { audit_copies_remove(&((audit_fields *)s->fields)->copies); }

static gt_status print_head(const char *run) {
    char head[GT_AUDIT_HEAD];
    int64_t images, begin, links;
    gt_status st = gt_audit_head(run, head, &images, &begin, &links);
    if (st) return st;
    gt_print("%s  %.6g kimg", head, (double)images / 1000);
    if (begin) gt_print("  of a chain that begins at %.6g kimg: the network is not proven", (double)begin / 1000);
    else if (!links) gt_print("  no link yet: this covers recipe and seed, and neither data nor steps");
    gt_print("\n");
    if (begin) return gt_fail(GT_UNDECIDED, "the chain of %s does not begin with the run", run);
    return links ? GT_OK : gt_fail(GT_UNDECIDED, "the chain of %s has no link yet", run);
}

static gt_status audit_network_all(cli_session *s) {
    audit_fields *f = s->fields;
    gt_audit_made made;
    const gt_audit_network o = {.network = f->word,
                                .run = f->run,
                                .data = f->data,
                                .class = f->class,
                                .truncation = f->trunc,
                                .pool = s->pool,
                                .copies = &f->copies};
    gt_status st = gt_audit_network_all(s->comm, &o, &made);
    gt_tell_end();
    if (st) return st;
    return gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gt_audit_print_made(&o, &made));
}

static gt_status write_bundle(const audit_fields *f, const char *run) {
    gt_status st = gt_audit_bundle_write(run, *f->checkpoint ? f->checkpoint : NULL, f->bundle);
    if (!st) gt_print("%s\n", f->bundle);
    return st;
}

/* `run`: a folder, on rank 0. `pictures`: that it has made, for the note. */
static gt_status audit_run_all(cli_session *s, const char *run, int64_t pictures) {
    const audit_fields *f = s->fields;
    const gt_options *o = &s->options;
    bool first = s->comm->rank == 0;
    if (f->head) return gt_comm_agree_all(s->comm, first ? print_head(run) : GT_OK);
    gt_audit_found found;
    gt_stop_install(s->comm, "this step");
    gt_status st = gt_audit_run_all(s->comm,
                                    &(gt_audit_options){.run = run,
                                                        .data = data_of_run(f),
                                                        .minutes = f->minutes,
                                                        .segments = f->segments,
                                                        .all = f->all,
                                                        .trace = f->trace,
                                                        .compare = f->compare,
                                                        .note = f->note,
                                                        .pictures = pictures,
                                                        .has_seed = gt_options_state(o, "seed") == GT_OPTION_GIVEN,
                                                        .seed = (uint64_t)f->seed},
                                    &found);
    gt_tell_end();
    if (first && (!st || st == GT_UNDECIDED || st == GT_STOPPED)) gt_audit_print(&found);
    gt_stop_restore();
    return st;
}

/* After pictures or a statement, of which `st` was found: the run that the networks lie in, where they do. What could
 * not be checked before stays so. */
static gt_status follow_run_all(cli_session *s, gt_status st, int64_t pictures) {
    const audit_fields *f = s->fields;
    char run[GT_NAME_BYTES * 16] = "", why[2048] = "";
    if (!s->comm->rank) snprintf(run, sizeof run, "%s", f->run_of);
    gt_comm_broadcast_all(s->comm, run, sizeof run, 0);
    if ((st && st != GT_UNDECIDED) || !*run) return st;
    if (st) snprintf(why, sizeof why, "%s", gt_message());
    if (!s->comm->rank) gt_print("the run '%s':\n", run);
    gt_status after = gt_audit_pictures_run_all(s->comm, &f->pictures, run, data_of_run(f));
    if (!after) after = audit_run_all(s, run, pictures);
    if (after && after != GT_UNDECIDED) return after;
    return after && st ? gt_wrap(after, "%s; and of the run", why) : st ? gt_fail(st, "%s", why) : after;
}

static gt_status audit_statement_all(cli_session *s) {
    const audit_fields *f = s->fields;
    const gt_audit_statement o = {.path = s->arguments.words[0],
                                  .key = f->key,
                                  .n = f->pictures.n_networks,
                                  .network = f->pictures.network,
                                  .name = f->pictures.network_name,
                                  .folder = f->folder,
                                  .came = f->pictures.came,
                                  .unread = f->unread,
                                  .run = f->run_of};
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gt_audit_statement_check(&o));
    return follow_run_all(s, st, 0);
}

/* How many pictures came from the networks that were given. */
static int64_t count_came_all(const cli_session *s) {
    const gt_audit_pictures *p = &((const audit_fields *)s->fields)->pictures;
    int64_t n = 0;
    for (int i = 0; i < p->n_networks && p->came; i++) n += p->came[i];
    gt_comm_broadcast_all(s->comm, &n, sizeof n, 0);
    return n;
}

static gt_status audit_pictures_all(cli_session *s) {
    audit_fields *f = s->fields;
    gt_status st = GT_OK;
    for (size_t i = 0; i < GIVEN && !st; i++) st = cli_share_path_all(s->comm, s->arena, given_file(f, i));
    if (st) return st;
    if ((st = cli_share_path_all(s->comm, s->arena, &f->pictures.given.job))) return st;
    f->pictures.pool = s->pool;
    f->pictures.stop = gt_stop_requested;
    gt_stop_install_short(s->comm, "stopping after these pictures (Ctrl-C again: at once)");
    st = f->n_seeds ? gt_audit_find_all(s->comm, &f->pictures, f->n_seeds, f->seeds)
                    : gt_audit_pictures_all(s->comm, &f->pictures);
    gt_stop_restore();
    for (int i = 0; i < f->pictures.n * GT_AUDIT_FFMPEGS && f->pictures.ffmpeg; i++)
        gt_ffmpeg_close(f->pictures.ffmpeg[i]);
    int64_t came = count_came_all(s);
    return came ? follow_run_all(s, st, came) : st;
}

static gt_status audit_word_all(cli_session *s) {
    const audit_fields *f = s->fields;
    int pictures = f->pictures.network != NULL; /* set by the first rank alone */
    gt_comm_broadcast_all(s->comm, &pictures, sizeof pictures, 0);
    const char *run = f->word;
    bool first = s->comm->rank == 0;
    if (*f->bundle) return gt_comm_agree_all(s->comm, first ? write_bundle(f, run) : GT_OK);
    gt_log_setup(s->comm->rank, s->comm->ranks, GT_ERROR); /* a run's warnings were said when it ran */
    if (*f->key) return audit_statement_all(s);
    if (pictures) return audit_pictures_all(s);
    if (*f->run) return audit_network_all(s);
    char *folder = NULL;
    gt_status st = first && gt_audit_bundle_is(run) ? gt_audit_bundle_open(run, &folder) : GT_OK;
    if (!st && folder && f->note) st = gt_fail(GT_USAGE, "--note: '%s' is a bundle, not the folder of a run", run);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = audit_run_all(s, folder ? folder : run, 0);
    gt_audit_bundle_close(folder);
    return st;
}

static gt_status audit_all(cli_session *s) {
    return audit_own_message(&((audit_fields *)s->fields)->copies, audit_word_all(s));
}

const cli_command cli_audit = {
    .name = "audit",
    .arguments = "RUN | FILE.zip | PICTURES | STATEMENT --key=PUB.pem | NETWORK --run=RUN [--key=value ...]",
    .help = "Check a run's ledger by computing parts of the run again",
    .detail =
        "Each run has a ledger, starts.jsonl, and a chain of hashes of its state. First all that needs no training: "
        "the lines of the ledger, the files of the kept checkpoints, the chain from recipe, states and data, the "
        "hash of all samples, and the job against the recipe. What else lies in the folder is named as not "
        "checked. Then intervals between links of the chain are drawn, each image of the run with the same "
        "probability, and computed again from the kept checkpoint before, on any number of ranks and with any "
        "instructions; each link on the way must be met. Two probabilities are printed with which one forged interval "
        "goes unseen: that of a forger who does not know the draws and takes any image alike, and that of the place "
        "that is drawn least. A chain proves that the network belongs to data and recipe, not who computed it "
        "and when: docs/reproducibility.md.",
    .files = "With --trace and --bundle that file, with --note RUN/audit.json.",
    .failed = "something differs: the first link, file or line is named",
    .undecided = "not all can be checked here, and why",
    .stopped = "stopped before the end; what was checked is printed",
    CLI_EXAMPLES({"Ten minutes of random intervals", "gantry audit runs/first"},
                 {"All of it, on four ranks", "gantry run -n 4 audit runs/first --all"},
                 {"Is this picture what its record says?", "gantry audit seed0007.png"},
                 {"Is this network what the run gives?", "gantry audit network.pkl --run=runs/first"},
                 {"What can be published when a run ends", "gantry audit runs/first --head"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = prepare,
    .run = audit_all,
    .finish = finish,
};
