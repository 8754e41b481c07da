/* SPDX-License-Identifier: Apache-2.0
 * A card as text: JSON, or Markdown with the front matter of model hubs, YAML 1.1 as their readers take it
 * (github.com/huggingface/hub-docs, modelcard.md). Texts of the front matter stand in double quotes with the escapes of
 * JSON, which YAML has, too; letters that YAML does not allow are not in a card (gt_format). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "features/card/card.h"

/* ---- pieces ---- */

/* The shortest decimal number that is this double, with a point: without one YAML 1.1 takes 1e-05 for a text. */
static void put_number(gt_buffer *out, double x) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    int mantissa = (int)strcspn(text, "e");
    bool plain = !memchr(text, '.', (size_t)mantissa);
    gt_buffer_printf(out, "%.*s%s%s", mantissa, text, plain ? ".0" : "", text + mantissa);
}

static void put_quoted(gt_buffer *out, const char *text) {
    json_t *j = json_string(text);
    GT_FREED char *quoted = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
    if (quoted) gt_buffer_printf(out, "%s", quoted);
    out->failed |= !quoted;
    json_decref(j);
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/* A text in Markdown, where nothing of it is a command: also in a cell of a table, where < and & would be HTML. An
 * underscore within a word is a letter. */
static void put_plain(gt_buffer *out, const char *text) {
    for (const char *at = text; *at; at++) {
        bool within = *at == '_' && at > text && is_letter(at[-1]) && is_letter(at[1]);
        if (strchr("\\`*_[]<>|~&#$", *at) && !within) gt_buffer_add(out, "\\", 1);
        gt_buffer_add(out, at, 1);
    }
}

/* A row of a table whose second cell is a text; nothing for "". */
static void put_row(gt_buffer *out, const char *head, const char *text) {
    if (!*text) return;
    gt_buffer_printf(out, "| %s | ", head);
    put_plain(out, text);
    gt_buffer_printf(out, " |\n");
}

static void put_code(gt_buffer *out, const char *head, const char *text) {
    if (*text) gt_buffer_printf(out, "| %s | `%s` |\n", head, text);
}

static void begin_table(gt_buffer *out) { gt_buffer_printf(out, "| | |\n| --- | --- |\n"); }

static const char *text_in(const gt_card *c, const char *part, const char *key) {
    return card_text(card_get(c, part, key));
}
static json_int_t int_in(const json_t *of, const char *key) { return json_integer_value(json_object_get(of, key)); }
static double real_in(const json_t *of, const char *key) {
    const json_t *x = json_object_get(of, key);
    return json_is_number(x) ? json_number_value(x) : (double)NAN;
}
static const json_t *part_of(const gt_card *c, const char *part) { return json_object_get(c->all, part); }

/* ---- front matter ---- */

/* "pr10k3_recall" -> "pr"; "Accuracy/test" -> "accuracy" */
static void type_of(const char *name, char type[64]) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    snprintf(type, 64, "%.*s", (int)(n < 60 ? n : 60), name);
    for (char *at = type; *at; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
    if (!*type) snprintf(type, 64, "score");
}

/* Of the log only accuracies: losses and values of a sheet depend on the family, and on what the sheet shows. */
static bool is_result(const json_t *row) {
    const char *name = card_text(json_object_get(row, "name"));
    return json_object_get(row, "recipe") || !strncmp(name, "Accuracy/", 9);
}

typedef void put_result(gt_buffer *out, const json_t *row, const char *type);

static int each_result(const gt_card *c, gt_buffer *out, put_result *put) {
    static const char *const lists[] = {"scores", "log"};
    int n = 0;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < json_array_size(part_of(c, lists[k])); i++) {
            const json_t *row = json_array_get(part_of(c, lists[k]), i);
            char type[64];
            if (!is_result(row)) continue;
            type_of(card_text(json_object_get(row, "name")), type);
            if (put) put(out, row, type);
            n++;
        }
    return n;
}

static void put_result_row(gt_buffer *out, const json_t *row, const char *type) {
    const char *recipe = card_text(json_object_get(row, "recipe"));
    gt_buffer_printf(out, "      - type: ");
    put_quoted(out, type);
    gt_buffer_printf(out, "\n        name: ");
    put_quoted(out, card_text(json_object_get(row, "name")));
    gt_buffer_printf(out, "\n        value: ");
    put_number(out, real_in(row, "value"));
    if (*recipe) gt_buffer_printf(out, "\n        args:\n          recipe: ");
    if (*recipe) put_quoted(out, recipe);
    gt_buffer_printf(out, "\n");
}

/* Each once. */
static void put_metric_types(const gt_card *c, gt_buffer *out) {
    static const char *const lists[] = {"scores", "log"};
    char said[1024] = "|", type[64];
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < json_array_size(part_of(c, lists[k])); i++) {
            const json_t *row = json_array_get(part_of(c, lists[k]), i);
            type_of(card_text(json_object_get(row, "name")), type);
            size_t n = strlen(said);
            char mark[68];
            snprintf(mark, sizeof mark, "|%s|", type);
            if (!is_result(row) || strstr(said, mark) || n + sizeof mark > sizeof said) continue;
            snprintf(said + n, sizeof said - n, "%s", mark);
            gt_buffer_printf(out, "- ");
            put_quoted(out, type);
            gt_buffer_printf(out, "\n");
        }
}

static void put_pair(gt_buffer *out, const char *before, const char *value) {
    if (!*value) return;
    gt_buffer_printf(out, "%s", before);
    put_quoted(out, value);
    gt_buffer_printf(out, "\n");
}

/* A dataset without a name on the hub has the type "custom": hubs would take another one for the name of somebody's. */
static void put_model_index(const gt_card *c, gt_buffer *out) {
    const char *hub = text_in(c, "data", "hub"), *name = text_in(c, "data", "name"),
               *task = text_in(c, "model", "task");
    if (!*task || !each_result(c, NULL, NULL)) return;
    gt_buffer_printf(out, "metrics:\n");
    put_metric_types(c, out);
    gt_buffer_printf(out, "model-index:\n");
    put_pair(out, "- name: ", card_text(part_of(c, "name")));
    gt_buffer_printf(out, "  results:\n  - task:\n");
    put_pair(out, "      type: ", task);
    gt_buffer_printf(out, "    dataset:\n");
    put_pair(out, "      type: ", *hub ? hub : "custom");
    put_pair(out, "      name: ", *name ? name : "unknown");
    put_pair(out, "      revision: ", text_in(c, "data", "hash"));
    gt_buffer_printf(out, "    metrics:\n");
    each_result(c, out, put_result_row);
}

static void put_front_matter(const gt_card *c, gt_buffer *out) {
    const char *hub = text_in(c, "data", "hub"), *task = text_in(c, "model", "task");
    gt_buffer_printf(out, "---\n");
    put_pair(out, "license: ", card_text(part_of(c, "license")));
    gt_buffer_printf(out, "library_name: \"gantry\"\n");
    put_pair(out, "pipeline_tag: ", task);
    gt_buffer_printf(out, "tags:\n- \"gantry\"\n");
    put_pair(out, "- ", text_in(c, "model", "name"));
    if (!strcmp(text_in(c, "data", "labels"), "classes") && !strcmp(task, "unconditional-image-generation"))
        gt_buffer_printf(out, "- \"class-conditional\"\n");
    if (*hub) gt_buffer_printf(out, "datasets:\n");
    put_pair(out, "- ", hub);
    put_model_index(c, out);
    gt_buffer_printf(out, "---\n\n");
}

/* ---- sections ---- */

static void put_size(const gt_card *c, gt_buffer *out) {
    const json_t *size = card_get(c, "model", "image");
    json_int_t d[3];
    for (size_t i = 0; i < 3; i++) d[i] = json_integer_value(json_array_get(size, i));
    gt_buffer_printf(out, "%lldx%lld pixels with %lld channel%s", (long long)d[0], (long long)d[1], (long long)d[2],
                     d[2] == 1 ? "" : "s");
}

static void put_kimg(gt_buffer *out, double images) { gt_buffer_printf(out, "%.6g thousand", images / 1000); }

static void put_head(const gt_card *c, const char *sheet, gt_buffer *out) {
    gt_buffer_printf(out, "# ");
    put_plain(out, card_text(part_of(c, "name")));
    gt_buffer_printf(out, "\n\n");
    put_plain(out, text_in(c, "model", "kind"));
    gt_buffer_printf(out, " (`%s`) for images of ", text_in(c, "model", "name"));
    put_size(c, out);
    gt_buffer_printf(out, "%s.\n\n", json_object_get(part_of(c, "file"), "program") ? ", trained by Gantry" : "");
    if (!sheet) return;
    gt_buffer_printf(out, "![Pictures of this network](<");
    for (const char *at = sheet; *at; at++) { /* as a URL has it */
        if (is_letter(*at) || strchr("-._", *at)) gt_buffer_add(out, at, 1);
        else gt_buffer_printf(out, "%%%02X", (unsigned char)*at);
    }
    gt_buffer_printf(out, ">)\n\n");
}

static void put_network(const gt_card *c, gt_buffer *out) {
    const json_t *file = part_of(c, "file");
    const char *license = card_text(part_of(c, "license")), *key;
    json_t *n;
    int k = 0;
    gt_buffer_printf(out, "## Network\n\n");
    begin_table(out);
    gt_buffer_printf(out, "| parameters | ");
    json_object_foreach((json_t *)card_get(c, "model", "parameters"), key, n) {
        gt_buffer_printf(out, "%s", k++ ? ", " : "");
        put_plain(out, key);
        gt_buffer_printf(out, " %lld", (long long)json_integer_value(n));
    }
    gt_buffer_printf(out, " |\n");
    put_row(out, "file", text_in(c, "file", "name"));
    put_code(out, "hash of its contents (`gantry hash`)", text_in(c, "file", "hash"));
    if (json_is_false(json_object_get(file, "hash_as_recorded")))
        put_row(out, "", "The record of the run has another hash: the file was changed after the training.");
    if (json_object_get(file, "images")) {
        gt_buffer_printf(out, "| images shown | ");
        put_kimg(out, (double)int_in(file, "images"));
        if (json_object_get(file, "step")) gt_buffer_printf(out, ", %lld steps", (long long)int_in(file, "step"));
        gt_buffer_printf(out, " |\n");
    }
    if (json_object_get(file, "seed")) gt_buffer_printf(out, "| seed | %lld |\n", (long long)int_in(file, "seed"));
    put_row(out, "arithmetic", text_in(c, "file", "arithmetic"));
    put_row(out, "license", *license ? license : "not stated");
    gt_buffer_printf(out, "\n");
}

static void put_classes(const gt_card *c, gt_buffer *out) {
    const json_t *classes = card_get(c, "data", "classes");
    if (!json_array_size(classes)) return;
    gt_buffer_printf(out, "| classes | ");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *row = json_array_get(classes, i), *images = json_object_get(row, "images");
        const char *name = card_text(json_object_get(row, "name"));
        gt_buffer_printf(out, "%s%zu ", i ? ", " : "", i);
        put_plain(out, name);
        if (images) gt_buffer_printf(out, "%s(%lld)", *name ? " " : "", (long long)json_integer_value(images));
    }
    gt_buffer_printf(out, " |\n");
}

static void put_data(const gt_card *c, gt_buffer *out) {
    const json_t *data = part_of(c, "data");
    gt_buffer_printf(out, "## Data\n\n");
    begin_table(out);
    put_row(out, "data", text_in(c, "data", "name"));
    put_row(out, "on the hub", text_in(c, "data", "hub"));
    put_row(out, "tested on", text_in(c, "data", "test_data"));
    if (json_object_get(data, "images"))
        gt_buffer_printf(out, "| images of an epoch | %lld |\n", (long long)int_in(data, "images"));
    if (json_object_get(data, "stored"))
        gt_buffer_printf(out, "| images in the data | %lld |\n", (long long)int_in(data, "stored"));
    put_row(out, "samples", text_in(c, "data", "samples"));
    put_row(out, "channels", text_in(c, "data", "channels"));
    put_row(out, "labels", text_in(c, "data", "labels"));
    put_classes(c, out);
    put_code(out, "hash of the contents (`gantry hash`)", text_in(c, "data", "hash"));
    if (!*text_in(c, "data", "hash")) put_row(out, "hash of the contents", text_in(c, "data", "no_hash"));
    put_code(out, "fingerprint, of a part", text_in(c, "data", "fingerprint"));
    gt_buffer_printf(out, "\n");
}

static void put_machine(gt_buffer *out, const json_t *m, bool from) {
    int ranks = (int)int_in(m, "ranks"), threads = (int)int_in(m, "threads"), hosts = (int)int_in(m, "hosts");
    gt_buffer_printf(out, "| processors | ");
    put_plain(out, card_text(json_object_get(m, "processors")));
    if (ranks) gt_buffer_printf(out, "; %d rank%s", ranks, ranks == 1 ? "" : "s");
    if (hosts > 1) gt_buffer_printf(out, " on %d hosts", hosts);
    if (threads) gt_buffer_printf(out, ", %d thread%s%s", threads, threads == 1 ? "" : "s", ranks > 1 ? " each" : "");
    if (from) gt_buffer_printf(out, "; from "), put_kimg(out, (double)int_in(m, "from_images"));
    if (from) gt_buffer_printf(out, " images on");
    gt_buffer_printf(out, " |\n");
}

static void put_training(const gt_card *c, gt_buffer *out) {
    const json_t *t = part_of(c, "training"), *machines = card_get(c, "training", "machines");
    if (!json_object_size(t)) return;
    gt_buffer_printf(out, "## Training\n\n");
    begin_table(out);
    put_row(out, "begun from the networks in", text_in(c, "training", "begun_from"));
    put_row(out, "begun", text_in(c, "training", "begun"));
    put_row(out, "state of the run", text_in(c, "training", "state"));
    if (int_in(t, "run_images") != int_in(part_of(c, "file"), "images") && json_object_get(t, "run_images")) {
        gt_buffer_printf(out, "| images that the run has shown by now | ");
        put_kimg(out, (double)int_in(t, "run_images"));
        gt_buffer_printf(out, " |\n");
    }
    if (json_object_get(t, "starts")) gt_buffer_printf(out, "| starts | %lld |\n", (long long)int_in(t, "starts"));
    if (json_object_get(t, "hours"))
        gt_buffer_printf(out, "| hours of training up to this network | %.4g |\n", real_in(t, "hours"));
    if (json_object_get(t, "core_hours"))
        gt_buffer_printf(out, "| core-hours: these hours, times ranks and threads | %.4g |\n",
                         real_in(t, "core_hours"));
    for (size_t i = 0; i < json_array_size(machines); i++)
        put_machine(out, json_array_get(machines, i), json_array_size(machines) > 1);
    put_row(out, "program", text_in(c, "training", "program"));
    gt_buffer_printf(out, "\n");
}

/* ---- how to use it ---- */

static const struct {
    const char *task, *before, *after; /* of the file's name */
} uses[] = {
    {"unconditional-image-generation", "gantry generate ", " --seeds=0-31 --grid=8x4 --outdir=pictures"},
    {"image-classification", "gantry predict ", " PICTURES"},
    {"image-segmentation", "gantry predict ", " PICTURES"},
    {"image-feature-extraction", "gantry reconstruct ", " PICTURES"},
};
enum { USES = sizeof uses / sizeof *uses };

/* What a conditional network needs besides: its pictures are of a class, or of a vector of labels. */
static const char *condition(const gt_card *c) {
    const json_t *lines = part_of(c, "recipe");
    for (size_t i = 0; i < json_array_size(lines); i++)
        if (!strcmp(card_text(json_array_get(lines, i)), "cond = 1"))
            return strcmp(text_in(c, "data", "labels"), "vectors") ? " --class=0" : " --label=LIST";
    return "";
}

static void put_use(const gt_card *c, gt_buffer *out) {
    int k = 0;
    while (k < USES && strcmp(uses[k].task, text_in(c, "model", "task"))) k++;
    if (k == USES) return;
    gt_buffer_printf(out, "## Use\n\n    %s", uses[k].before);
    gt_buffer_shell(out, text_in(c, "file", "name"));
    gt_buffer_printf(out, "%s%s\n\n", k ? "" : condition(c), uses[k].after);
}

/* ---- how good it is ---- */

/* `how`: the member that says how it was measured. */
static void put_score(gt_buffer *out, const json_t *row, const char *third, const char *how) {
    const char *unit = card_text(json_object_get(row, "unit"));
    gt_buffer_printf(out, "| ");
    put_plain(out, card_text(json_object_get(row, "name")));
    gt_buffer_printf(out, " | %.6g%s%s | %s | ", real_in(row, "value"), *unit ? " " : "", unit, third);
    put_plain(out, card_text(json_object_get(row, how)));
    gt_buffer_printf(out, " |\n");
}

static void put_scores(const gt_card *c, gt_buffer *out) {
    const json_t *scores = part_of(c, "scores"), *log = part_of(c, "log");
    size_t n = json_array_size(scores), m = json_array_size(log);
    json_int_t others = json_integer_value(part_of(c, "scores_of_other_files"));
    gt_buffer_printf(out, "## Scores\n\n");
    if (!n && !m) gt_buffer_printf(out, "No score was measured on this network.\n\n");
    if (n + m) gt_buffer_printf(out, "| score | value | better | judge and recipe |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(scores, i);
        put_score(out, row, card_text(json_object_get(row, "better")), "recipe");
    }
    for (size_t i = 0; i < m; i++) {
        const json_t *row = json_array_get(log, i);
        put_score(out, row, card_text(json_object_get(row, "better")), "meaning");
    }
    if (n + m) gt_buffer_printf(out, "\n");
    if (others)
        gt_buffer_printf(out, "The run has %lld more score%s of other checkpoints, which do not apply to this one.\n\n",
                         (long long)others, others == 1 ? "" : "s");
}

static void put_copies(const gt_card *c, gt_buffer *out) {
    const json_t *copies = part_of(c, "near_copies");
    if (!json_array_size(copies)) return;
    gt_buffer_printf(out,
                     "## Near copies\n\nThe share of generated pictures that are farther from their nearest training "
                     "picture than that picture is from all other training pictures. The base rate is this share for "
                     "real pictures that the network never saw, or that were left out. A share far below the base rate "
                     "means copies; noise has 1.\n\n"
                     "| score | value | base rate | judge and recipe |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < json_array_size(copies); i++) {
        const json_t *row = json_array_get(copies, i);
        char rate[40];
        snprintf(rate, sizeof rate, "%.6g", real_in(row, "base_rate"));
        put_score(out, row, rate, "recipe");
    }
    gt_buffer_printf(out, "\n");
}

/* So many backticks as no text between them has in a row. */
static size_t fence_of(const json_t *lines, size_t least) {
    size_t most = least - 1, n = 0;
    for (size_t i = 0; i < json_array_size(lines); i++)
        for (const char *at = card_text(json_array_get(lines, i)); *at; at++) {
            n = *at == '`' ? n + 1 : 0;
            if (n > most) most = n;
        }
    return most + 1;
}

static void put_fence(gt_buffer *out, size_t n) {
    while (n--) gt_buffer_add(out, "`", 1);
}

/* A text of a file that anybody may have written: nothing of it is a command or becomes a link. */
static void put_literal(gt_buffer *out, const json_t *text) {
    json_t *lines = json_pack("[O]", text);
    size_t n = fence_of(lines, 1);
    out->failed |= !lines;
    put_fence(out, n);
    gt_buffer_printf(out, " %s ", card_text(text));
    put_fence(out, n);
    json_decref(lines);
}

static void put_own_words(const gt_card *c, gt_buffer *out) {
    static const char *const titles[][2] = {{"training", "Training"},
                                            {"scores", "Scores"},
                                            {"near_copies", "Near copies"},
                                            {"audit", "the line above, of audit.json"}};
    const json_t *list = part_of(c, "own_words");
    const char *before = "These parts of the card are not checked; they are the words of the run: ";
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *part = card_text(json_array_get(list, k));
            if (strcmp(strcmp(part, "log") ? part : "scores", titles[i][0])) continue;
            gt_buffer_printf(out, "%s%s", before, titles[i][1]);
            before = "; ";
            break;
        }
    if (*before == ';') gt_buffer_printf(out, ". `gantry audit` checks a run.\n\n");
}

static void put_audit(const gt_card *c, gt_buffer *out) {
    const char *why = card_text(part_of(c, "no_audit"));
    gt_buffer_printf(out, "## Audit\n\n");
    if (part_of(c, "audit")) put_literal(out, part_of(c, "audit"));
    else gt_buffer_printf(out, "Not audited%s%s.", *why ? ": " : "", why);
    gt_buffer_printf(out, "\n\n");
    put_own_words(c, out);
}

static void put_recipe(const gt_card *c, gt_buffer *out) {
    const json_t *lines = part_of(c, "recipe");
    size_t fence = fence_of(lines, 3);
    gt_buffer_printf(out,
                     "## Recipe\n\nTogether with the data, these options determine the numbers of the network.\n\n");
    put_fence(out, fence);
    gt_buffer_printf(out, "ini\n");
    for (size_t i = 0; i < json_array_size(lines); i++)
        gt_buffer_printf(out, "%s\n", card_text(json_array_get(lines, i)));
    put_fence(out, fence);
    gt_buffer_printf(out, "\n");
}

void gt_card_markdown(const gt_card *c, const char *sheet, gt_buffer *out) {
    put_front_matter(c, out);
    put_head(c, sheet, out);
    put_use(c, out);
    put_network(c, out);
    put_data(c, out);
    put_training(c, out);
    put_scores(c, out);
    put_copies(c, out);
    put_audit(c, out);
    put_recipe(c, out);
}

void gt_card_json(const gt_card *c, const char *sheet, gt_buffer *out) {
    enum { DIGITS = 17, INDENT = 2 };
    json_t *all = json_copy(c->all); /* its members are those of the card */
    bool fine = all;
    if (fine && !json_object_get(all, "audit")) fine = !json_object_set_new(all, "audit", json_null());
    if (fine && sheet) fine = !json_object_set_new(all, "sheet", json_string(sheet));
    GT_FREED char *text = fine ? json_dumps(all, JSON_INDENT(INDENT) | JSON_REAL_PRECISION(DIGITS)) : NULL;
    if (text) gt_buffer_printf(out, "%s\n", text);
    out->failed |= !text;
    json_decref(all);
}
