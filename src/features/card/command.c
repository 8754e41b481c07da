/* SPDX-License-Identifier: Apache-2.0
 * gantry card: a model card of a trained network (features/card/card.h), or a statement (features/card/statement.h). */
#include "command/door/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/arrays.h"
#include "features/card/card.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "features/card/statement.h"

#define CARD_FORMATS(X) X(CARD_FORMAT_CARD, "card") X(CARD_FORMAT_STATEMENT, "in-toto")
typedef enum card_format { CARD_FORMATS(GT_CONSTANT) } card_format;

typedef struct card_fields {
    const char *out, *data, *name, *license, *dataset, *sign;
    card_format format;
    bool json, quick, overwrite;
    int64_t threads;
    cli_assumed assumed;
    /* found before the work */
    const char *file, *run, *job, *sheet; /* sheet: where a picture of the network is to lie; "": nowhere */
} card_fields;

#define FIELDS card_fields

static const gt_option table[] = {
    {CLI_OPTION(out, "", "File to write, FILE.md or FILE.json; empty: standard output"), .placeholder = "FILE",
     CLI_WRITES({"*.md", GT_OUTFILE_DATASET}, {"*.json", GT_OUTFILE_DATASET}),
     .detail = "If the run has a sheet of pictures of this network, it is written to FILE.png. An existing card may "
               "have been edited, so it is replaced only with --overwrite."},
    {CLI_OPTION(json, "0", "Print the card as JSON")},
    {CLI_OPTION(format, "card", "A card, or a statement for other tools"), GT_CHOICES(CARD_FORMATS),
     .detail = "in-toto: a statement in JSON with SLSA's provenance: the SHA-256 of the checkpoints and exported "
               "networks of a run (or of one of its files), the root of its data, source, program, and the head of its "
               "chain. It needs the run's ledger. docs/verify.md."},
    {CLI_OPTION(sign, "", "Sign the statement with this private key (Ed25519, PEM)"), .path = true,
     .placeholder = "KEY.pem", .with = "--format=in-toto",
     .detail = "openssl genpkey -algorithm ed25519 -out KEY.pem; chmod 600 KEY.pem. The result is a DSSE envelope, "
               "which gantry audit --key=PUB.pem checks."},
    {CLI_OPTION(quick, "0", "Do not read the data; the card then lacks their hash and class sizes")},
    {CLI_OPTION(license, "", "License of the network, by its name on model hubs, such as cc-by-4.0"),
     .placeholder = "NAME", .any = true},
    {CLI_OPTION(dataset, "", "Name of the data on the hub"), .placeholder = "USER/NAME", .any = true},
    {CLI_OPTION(name, "", "Name of the network; empty: the name of the run or the file"), .placeholder = "NAME",
     .any = true},
    {CLI_OPTION(data, "", "Where the run's data are now; empty: where the run read them"), .path = true},
    {CLI_OPTION(threads, "1", "Number of threads that decode samples"), .min = 1, .max = 4096},
    CLI_OVERWRITE,
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

static bool is_statement(const card_fields *f) { return f->format == CARD_FORMAT_STATEMENT; }

static gt_status check_statement(const card_fields *f) {
    if (*f->out && !gt_ends_with(f->out, ".json"))
        return gt_fail(GT_USAGE, "--out=%s: a statement is JSON: a name that ends in .json is needed", f->out);
    if (access(f->file, F_OK)) return gt_fail(GT_FAILED, "there is no '%s'", f->file);
    return gt_is_directory(f->file) ? GT_OK : gt_h5_check(f->file);
}

static gt_status prepare(cli_session *s) {
    card_fields *f = s->fields;
    if (s->arguments.n_words != 1) return gt_fail(GT_USAGE, "one run, checkpoint or network is needed");
    if (f->quick && *f->data) return gt_fail(GT_USAGE, "--data=%s: with --quick the data are not read", f->data);
    f->file = s->arguments.words[0];
    gt_status st = is_statement(f) ? check_statement(f) : cli_choose_checkpoint(&s->options, &f->file);
    if (!st) st = cli_find_run(s, f->file, &f->run, &f->job);
    if (is_statement(f) || st) return st;
    f->sheet = "";
    if (!*f->out || gt_kind_of_file(f->out) == GT_KIND_SPECIAL) return st;
    return cli_picture_beside(s, f->out, &f->sheet);
}

static gt_status write_text(const card_fields *f, gt_buffer *text) {
    if (*f->out) return gt_buffer_write(text, f->out);
    if (text->failed) return gt_fail(GT_NOMEM, "out of memory for the text of the card");
    fwrite(text->data, 1, text->n, stdout);
    return GT_OK;
}

static gt_status write_statement(const card_fields *f) {
    gt_buffer text = {0};
    bool one = !gt_is_directory(f->file);
    gt_status st = *f->run ? GT_OK
                           : gt_fail(GT_FAILED,
                                     "'%s' does not lie in the folder of a run, whose ledger a statement "
                                     "tells",
                                     f->file);
    if (!st)
        st = gt_statement_make(&(gt_statement_options){.run = f->run, .file = one ? f->file : "", .key = f->sign},
                               &text);
    if (!st) st = write_text(f, &text);
    if (!st && *f->out) gt_print("%s\n", f->out);
    gt_buffer_free(&text);
    return st;
}

static gt_status write_card(const card_fields *f, const gt_card *card) {
    GT_BUFFER gt_buffer text = {0};
    char name[GT_NAME_BYTES];
    bool sheet = gt_card_has_sheet(card) && *f->sheet;
    gt_status st = sheet ? gt_card_write_sheet(card, f->sheet) : GT_OK;
    gt_path_name(f->sheet, name);
    (f->json || gt_ends_with(f->out, ".json") ? gt_card_json : gt_card_markdown)(card, sheet ? name : NULL, &text);
    if (!st) st = write_text(f, &text);
    if (!st && *f->out) gt_print("%s\n", f->out);
    if (!st && sheet) gt_print("%s\n", f->sheet);
    return st;
}

static gt_status make_card(cli_session *s) {
    const card_fields *f = s->fields;
    if (is_statement(f)) return write_statement(f);
    gt_network_options reading = cli_reading(&s->options);
    gt_pool *pool = gt_pool_new((int)f->threads);
    if (!pool) return gt_failure();
    gt_card *card;
    gt_status st = gt_card_make(&(gt_card_options){.file = f->file,
                                                   .run = f->run,
                                                   .job = f->job,
                                                   .data = f->data,
                                                   .name = f->name,
                                                   .license = f->license,
                                                   .dataset = f->dataset,
                                                   .quick = f->quick,
                                                   .pool = pool,
                                                   .reading = &reading},
                                &card);
    if (!st) st = write_card(f, card);
    if (!st) gt_card_free(card);
    gt_pool_free(pool);
    return st;
}

const cli_command cli_card = {
    .name = "card",
    .arguments = "RUN | CHECKPOINT | NETWORK [--key=value ...]",
    .help = "Write a model card: data, recipe, time and scores of a network",
    .detail =
        "Markdown with the front matter that model hubs read, or JSON. All figures come from the run's records; scores "
        "that were measured on another checkpoint are left out. Only hashes are computed again: the hash of the file, "
        "and the hash of the data if their fingerprint is the one in the file. A run stands for its newest checkpoint. "
        "The card names its parts that are the run's own words and were not checked.",
    .files = "With --out: the card, and a picture with the same name.",
    CLI_EXAMPLES(
        {"The card of a run's newest network", "gantry card runs/first"},
        {"For a folder that goes to a hub", "gantry card runs/first --out=upload/README.md --license=cc-by-4.0"},
        {"For programs", "gantry card runs/first --json --quick"},
        {"Signed, for who checks where it came from",
         "gantry card runs/first --format=in-toto --sign=key.pem --out=first.json"}),
    CLI_ROWS(table),
    .prepare = prepare,
    .run = make_card,
};
