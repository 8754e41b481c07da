/* SPDX-License-Identifier: Apache-2.0
 * Option tables: values from and to text, the command line's grammar, and the job file that is made from the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "gantry/text.h"
#include "job/internal.h"
#include "networks/model/door/family.h"

#define MODES(X) X(MODE_OPEN, "") X(MODE_FAST, "fast") X(MODE_EXACT, "exact")
typedef enum mode { MODES(GT_CONSTANT) } mode;

typedef struct fields {
    bool flag;
    int64_t count;
    double real;
    const char *text, *choice;
    mode mode, given;
} fields;

static const gt_option rows[] = {
    {.key = "flag", .type = GT_OPTION_BOOL, .offset = offsetof(fields, flag), .standard = "0", .letter = 'f'},
    {.key = "count", .type = GT_OPTION_INT, .offset = offsetof(fields, count), .standard = "4", .min = 1, .max = 9},
    {.key = "real",
     .type = GT_OPTION_REAL,
     .offset = offsetof(fields, real),
     .standard = "0.5",
     .max = HUGE_VAL,
     .unit = "MB"},
    {.key = "text", .type = GT_OPTION_TEXT, .offset = offsetof(fields, text), .standard = "", .bare = "auto"},
    {.key = "choice",
     .type = GT_OPTION_TEXT,
     .offset = offsetof(fields, choice),
     .standard = "ada",
     .choices = "ada|fixed"},
    {GT_ROW(fields, "mode", mode, "", "One of three, one of which is empty"), GT_CHOICES(MODES)},
    {GT_ROW(fields, "given", given, NULL, "One of two, or nobody says"), GT_CHOICES_GIVEN(MODES), .derived = "later"},
};
enum { N = sizeof rows / sizeof *rows };

typedef struct set {
    fields f;
    uint8_t state[N];
    gt_options o;
} set;

static int begin(void **state) {
    set *s = calloc(1, sizeof *s);
    s->o = (gt_options){.rows = rows, .n = N, .fields = &s->f, .state = s->state, .arena = gt_arena_new()};
    gt_options_reset(&s->o);
    *state = s;
    return 0;
}

static int end(void **state) {
    set *s = *state;
    gt_arena_free(s->o.arena);
    free(s);
    return 0;
}

static void durations(void **state) {
    static const struct {
        const char *text;
        double seconds; /* -1: an error */
    } cases[] = {
        {"90", 5400},
        {"0", 0},
        {"1:30", 90},
        {"23:50:00", 85800},
        {"1-12", 129600},
        {"1-12:30", 131400},
        {"2-00:00:07", 172807},
        {"", -1},
        {"x", -1},
        {"5m", -1},
        {":30", -1},
        {"1:", -1},
        {"1-", -1},
        {"1:2:3:4", -1},
        {"1-2-3", -1},
        {"1:2-3", -1},
        {"-5", -1},
        {"1-1:1:1:1", -1},
        {"1234567890", -1},
        {" 5", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double seconds = -1;
        gt_status st = gt_parse_duration(cases[i].text, &seconds);
        if (st != (cases[i].seconds < 0 ? GT_USAGE : GT_OK) || (!st && seconds != cases[i].seconds))
            fail_msg("'%s' gives status %d, %g seconds", cases[i].text, st, seconds);
    }
}

static void every_row_has_its_place(void **state) {
    (void)state;
    assert_true(gt_job_table_is_whole());
}

static void defaults_and_values(void **state) {
    set *s = *state;
    assert_true(!s->f.flag && s->f.count == 4 && s->f.real == 0.5 && !*s->f.text);
    assert_string_equal(s->f.choice, "ada");
    assert_int_equal(gt_options_set(&s->o, "flag", NULL, NULL), GT_OK);
    assert_int_equal(gt_options_set(&s->o, "count", "9", "x.ini:1"), GT_OK);
    assert_int_equal(gt_options_set(&s->o, "text", NULL, NULL), GT_OK);
    assert_true(s->f.flag && s->f.count == 9);
    assert_int_equal(gt_options_set(&s->o, "real", "0.5MB", "x.ini:1"), GT_OK); /* with its unit */
    assert_true(s->f.real == 0.5);
    gt_options_forget(&s->o, "real");
    assert_string_equal(s->f.text, "auto");
    assert_int_equal(gt_options_state(&s->o, "flag"), GT_OPTION_GIVEN);
    assert_int_equal(gt_options_state(&s->o, "count"), GT_OPTION_FILED);
    assert_int_equal(gt_options_state(&s->o, "real"), GT_OPTION_DEFAULT);
    static const char *const truths[] = {"1", "true", "True", "yes", "ON"}, *const lies[] = {"0", "false", "FALSE",
                                                                                             "no", "off"};
    for (int i = 0; i < 5; i++) {
        assert_true(!gt_options_set(&s->o, "flag", truths[i], NULL) && s->f.flag);
        assert_true(!gt_options_set(&s->o, "flag", lies[i], NULL) && !s->f.flag);
    }
}

static const char *effective(const gt_options *o, const char *key) {
    return gt_options_effective(o, gt_options_find(o, key));
}

static void choices_are_enums(void **state) {
    static const char *const names[] = {MODES(GT_NAME)};
    set *s = *state;
    assert_string_equal(gt_options_find(&s->o, "mode")->choices, "|fast|exact");
    assert_string_equal(gt_options_find(&s->o, "given")->choices, "fast|exact");
    assert_true(s->f.mode == MODE_OPEN && s->f.given == MODE_OPEN);
    assert_string_equal(effective(&s->o, "mode"), "");
    assert_null(effective(&s->o, "given"));
    for (int i = MODE_FAST; i <= MODE_EXACT; i++) {
        assert_int_equal(gt_options_set(&s->o, "mode", names[i], NULL), GT_OK);
        assert_int_equal(gt_options_set(&s->o, "given", names[i], "x.ini:1"), GT_OK);
        assert_true((int)s->f.mode == i && (int)s->f.given == i && (int)gt_options_choice(&s->o, "given") == i);
        assert_string_equal(effective(&s->o, "mode"), names[i]);
        assert_string_equal(effective(&s->o, "given"), names[i]);
    }
    assert_true(!gt_options_set(&s->o, "mode", "", NULL) && s->f.mode == MODE_OPEN);
    assert_int_equal(gt_options_set(&s->o, "given", "", NULL), GT_USAGE);
    assert_int_equal(gt_options_set(&s->o, "given", "exat", NULL), GT_USAGE);
    assert_string_equal(gt_message(), "--given=exat: must be one of fast|exact; did you mean exact?");
    gt_options_forget(&s->o, "given");
    assert_true(s->f.given == MODE_OPEN && !effective(&s->o, "given"));
}

static void bad_values_are_refused_and_named(void **state) {
    set *s = *state;
    static const struct {
        const char *key, *value, *message;
    } bad[] = {
        {"flag", "maybe", "--flag=maybe: must be 0 or 1, no or yes"},
        {"count", "0", "--count=0: must be at least 1"},
        {"count", "10", "--count=10: must be at most 9"},
        {"count", "3x", "--count=3x: must be a whole number"},
        {"count", "", "--count=: must be a whole number"},
        {"count", "99999999999999999999", "--count=99999999999999999999: must be a whole number"},
        {"count", NULL, "--count: a value is needed"},
        {"real", "-0.1", "--real=-0.1: must be non-negative"},
        {"real", "nan", "--real=nan: must be a number"},
        {"real", "1GB", "--real=1GB: must be a number"},
        {"real", "MB", "--real=MB: must be a number"},
        {"real", "inf", "--real=inf: must be a number"},
        {"real", "1e999", "--real=1e999: must be a number"},
        {"text", "a\nb", "must not contain line breaks"},
        {"choice", "ad", "--choice=ad: must be one of ada|fixed"},
        {"cuont", "3", "unknown option --cuont; did you mean --count?"},
        {"xyzzy", "3", "unknown option --xyzzy"},
        {"coxxx", "3", "unknown option --coxxx"}, /* three of five letters are wrong */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gt_options_set(&s->o, bad[i].key, bad[i].value, NULL), GT_USAGE);
        if (!strstr(gt_message(), bad[i].message)) fail_msg("'%s' is not in '%s'", bad[i].message, gt_message());
    }
    assert_null(strstr(gt_message(), "did you mean"));
}

static void numbers_survive_being_written(void **state) {
    (void)state;
    static const struct {
        double x;
        const char *text;
    } known[] = {{0.1, "0.1"}, {25000, "25000"}, {10, "10"}, {0.0025, "0.0025"}, {-3, "-3"}, {1.25, "1.25"}};
    char buffer[32];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(gt_real_text(known[i].x, buffer), known[i].text);
    double x = 1.0 / 3;
    for (int i = 0; i < 1000; i++, x *= -1.37) assert_true(strtod(gt_real_text(x, buffer), NULL) == x);
}

static void range_lists(void **state) {
    set *s = *state;
    int64_t *list, n;
    assert_int_equal(gt_parse_range_list(s->o.arena, "--seeds", "0-3,77,5-5", 100, &list, &n), GT_OK);
    static const int64_t expected[] = {0, 1, 2, 3, 77, 5};
    assert_int_equal(n, 6);
    assert_memory_equal(list, expected, sizeof expected);
    static const char *const bad[] = {"", "a", "3-1", "1,", ",1", "1--2", "-1", "4294967296", "0-200", "1 2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gt_parse_range_list(s->o.arena, "--seeds", bad[i], 100, &list, &n), GT_USAGE);
}

static void the_command_line_is_split(void **state) {
    set *s = *state;
    char *argv[] = {"train", "a.ini",  "--flag", "b",       "--flag",   "0",     "--count", "7",   "--real=2",
                    "-f",    "--text", "c",      "count=5", "--choice", "fixed", "--",      "--x", NULL};
    cli_arguments a;
    assert_int_equal(cli_split(s->o.arena, rows, N, sizeof argv / sizeof *argv - 1, argv, true, &a), GT_OK);
    assert_int_equal(a.n_words, 4);
    static const char *const words[] = {"a.ini", "b", "c", "--x"};
    for (int i = 0; i < 4; i++) assert_string_equal(a.words[i], words[i]);
    assert_int_equal(cli_apply(&s->o, &a), GT_OK);
    assert_true(s->f.flag && s->f.count == 5 && s->f.real == 2);
    assert_string_equal(s->f.text, "auto");
    assert_string_equal(s->f.choice, "fixed");
    assert_false(a.help);
}

/* --ema_kimg is --ema-kimg; -q and -v are short for options that a command has. */
static void other_spellings(void **state) {
    (void)state;
    int n;
    const gt_option *job = gt_job_table(&n);
    gt_arena *arena = gt_arena_new();
    char *argv[] = {"train", "--ema_kimg", "3", "-q", "--verbose", NULL};
    cli_arguments a;
    assert_int_equal(cli_split(arena, job, n, 5, argv, true, &a), GT_OK);
    static const char *const pairs[][2] = {{"ema-kimg", "3"}, {"log", "warning"}, {"progress", "0"}, {"log", "debug"}};
    assert_int_equal(a.n_pairs, 4);
    assert_int_equal(a.n_words, 0);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(a.keys[i], pairs[i][0]);
        assert_string_equal(a.values[i], pairs[i][1]);
    }
    gt_arena_free(arena);
}

/* ---- the tables of the program, and what is made from them ---- */

static char *printed(void (*print)(FILE *)) {
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    print(f);
    fclose(f);
    return text;
}

static char *read_file(const char *path) {
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* Every default is a value that the option takes, and every row is complete. */
static void tables_are_sound(void **state) {
    (void)state;
    int n_commands;
    const cli_command *const *c = cli_commands(&n_commands);
    for (int k = 0; k < n_commands; k++) {
        int n = 0;
        const gt_option *o = cli_options(c[k], &n);
        for (int i = 0; i < n; i++) {
            if (!o[i].help || !o[i].class) fail_msg("--%s is not complete", o[i].key);
            if (!o[i].standard == !o[i].derived) fail_msg("--%s needs either a default or how it is derived", o[i].key);
            for (int j = 0; j < i; j++) assert_string_not_equal(o[i].key, o[j].key);
        }
    }
    gt_job *job = gt_job_new();
    gt_options o = job->options;
    for (int i = 0; i < o.n; i++) {
        const gt_option *row = &o.rows[i];
        if (row->absent && gt_options_set(&o, row->key, row->absent, NULL)) fail_msg("absent: %s", gt_message());
        if (!row->standard || row->class == GT_SHAPE ||
            ((row->type == GT_OPTION_TEXT || row->type == GT_OPTION_ENUM) && !*row->standard))
            continue;
        if (gt_options_set(&o, row->key, row->standard, NULL)) fail_msg("default of %s", gt_message());
        assert_string_equal(gt_options_effective(&o, row), row->standard); /* also catches a field of the wrong type */
    }
    gt_job_free(job);
}

static void reference_job_is_the_table(void **state) {
    (void)state;
    char *file = read_file("jobs/reference.ini"), *table = printed(cli_print_reference);
    if (strcmp(file, table))
        fail_msg("jobs/reference.ini is not what the option table says: build/gantry reference > jobs/reference.ini");
    gt_job *job = gt_job_new(), *plain = gt_job_new();
    if (gt_job_read_text(job, file, "jobs/reference.ini")) fail_msg("%s", gt_message());
    int n;
    const gt_option *row = gt_job_table(&n);
    for (int i = 0; i < n; i++) {
        char line[64];
        snprintf(line, sizeof line, "\n%s =", row[i].key);
        char commented[64];
        snprintf(commented, sizeof commented, "\n# %s =", row[i].key);
        if (row[i].class != GT_SHAPE && !strstr(file, line) && !strstr(file, commented))
            fail_msg("key %s is missing", row[i].key);
    }
    gt_job_set(job, "data", "x", NULL);
    gt_job_set(plain, "data", "x", NULL);
    assert_int_equal(gt_job_check(job), GT_OK);
    assert_int_equal(gt_job_resolve(job, 64, 64, 3, 0, 10), GT_OK);
    assert_int_equal(gt_job_resolve(plain, 64, 64, 3, 0, 10), GT_OK);
    char *a = gt_job_to_text(job), *b = gt_job_to_text(plain);
    assert_string_equal(a, b); /* reading the reference job changes nothing */
    free(a);
    free(b);
    free(file);
    free(table);
    gt_job_free(job);
    gt_job_free(plain);
}

/* ---- every option of every command ---- */

/* A command's options, a struct for their values, and what they say. */
typedef struct of_command {
    const cli_command *command;
    gt_options o;
    gt_job *job; /* of a command that takes those of jobs */
} of_command;

static bool next_command(int *i, of_command *c) {
    static const gt_option none;
    int n_commands;
    const cli_command *const *all = cli_commands(&n_commands);
    if (*i == n_commands) return false;
    *c = (of_command){.command = all[*i], .job = gt_job_new()};
    ++*i;
    c->o = (gt_options){.arena = c->job->arena};
    c->o.rows = cli_options(c->command, &c->o.n);
    if (!c->o.rows) c->o.rows = &none;
    c->o.fields = c->command->options ? (void *)c->job : gt_arena_alloc(c->job->arena, c->command->fields + 1);
    c->o.state = gt_arena_array(c->job->arena, (size_t)c->o.n + 1, 1);
    gt_options_reset(&c->o);
    return true;
}

static bool is_judged(const gt_option *row) { return row->class != GT_SHAPE && !row->path && !row->any; }

/* What is of no option: neither a number, nor a list, nor a name of any list. */
static const char rubbish[] = "ba\"na?na";

static void every_text_is_judged(void **state) {
    (void)state;
    of_command c;
    for (int i = 0; next_command(&i, &c); gt_job_free(c.job))
        for (const gt_option *row = c.o.rows; row < c.o.rows + c.o.n; row++) {
            bool judged = row->choices || row->check;
            if (row->type == GT_OPTION_TEXT && row->class != GT_SHAPE && judged + row->path + row->any != 1)
                fail_msg("%s --%s: one of choices, check, path, any", c.command->name, row->key);
            bool condition = !strncmp(row->help, "Of ", 3) || !strncmp(row->help, "With --", 7);
            if (condition && !c.command->options && !row->with && !row->late)
                fail_msg("%s --%s: the help has a condition, the row has none", c.command->name, row->key);
        }
}

static void is_refused(of_command *c, const gt_option *row, const char *value) {
    char begin[128];
    snprintf(begin, sizeof begin, "--%s=%s: ", row->key, value);
    if (gt_options_set(&c->o, row->key, value, NULL) != GT_USAGE)
        fail_msg("%s takes --%s=%s", c->command->name, row->key, value);
    if (strncmp(gt_message(), begin, strlen(begin)) || strstr(gt_message() + strlen(begin), begin))
        fail_msg("%s: '%s' does not begin with '%s', once", c->command->name, gt_message(), begin);
}

static void rubbish_is_refused_and_named(void **state) {
    (void)state;
    of_command c;
    int n = 0;
    for (int i = 0; next_command(&i, &c); gt_job_free(c.job))
        for (const gt_option *row = c.o.rows; row < c.o.rows + c.o.n; row++) {
            bool empty = row->class == GT_SHAPE || row->empty || (row->choices && *row->choices == '|');
            if (!empty) is_refused(&c, row, "");
            if (is_judged(row)) is_refused(&c, row, rubbish);
            n += is_judged(row);
        }
    assert_true(n > 300);
}

/* The status and the errors of a command line, as of the program. What was said goes to `f`, which is stderr and
 * stdout.
 */
static int run_line(const cli_command *c, int argc, char **argv, FILE *f, char said[4096]) {
    if (ftruncate(fileno(f), 0) || lseek(fileno(f), 0, SEEK_SET)) return -1;
    int status = cli_read_kernels() ? -1 : cli_perform(c, argc, argv);
    fflush(NULL);
    ssize_t n = pread(fileno(f), said, 4095, 0);
    said[n > 0 ? n : 0] = 0;
    return status;
}

/* The status of the process for a command: whether each option's value is refused as that option's. */
static int judges_first(const of_command *c, FILE *f) {
    int shown = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    dup2(fileno(f), STDOUT_FILENO);
    for (const gt_option *row = c->o.rows; row < c->o.rows + c->o.n; row++) {
        char word[128], said[4096], begin[128];
        snprintf(word, sizeof word, "--%s=%s", row->key, rubbish);
        snprintf(begin, sizeof begin, "%s: --%s=", c->command->name, row->key);
        char *argv[] = {(char *)c->command->name, word, NULL};
        bool list = !strcmp(row->key, "export"); /* judged by a room that tables of jobs do not know */
        if (!is_judged(row) && !list) continue;
        int status = run_line(c->command, 2, argv, f, said);
        if (list) begin[strlen(begin) - 1] = 0;
        if (status == CLI_USAGE && strstr(said, begin)) continue;
        dprintf(shown, "gantry %s %s: status %d, '%s'\n", c->command->name, word, status, said);
        return 1;
    }
    return 0;
}

/* The same through the commands themselves, each in a process of its own: they judge before they look for files, and
 * before any work. */
static void commands_judge_first(void **state) {
    (void)state;
    of_command c;
    for (int i = 0; next_command(&i, &c); gt_job_free(c.job)) {
        FILE *f = tmpfile();
        assert_non_null(f);
        fflush(NULL);
        pid_t child = fork();
        if (!child) _exit(judges_first(&c, f));
        int status = -1;
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        if (status) fail_msg("gantry %s: above (%x)", c.command->name, (unsigned)status);
        fclose(f);
    }
}

/* ---- options without effect ---- */

/* Gives the option a value that it takes, by which it is on where `on`, and which fits the pattern, if there is one. */
static bool give(gt_options *o, const gt_option *row, const char *pattern, bool fits) {
    static const char *const values[] = {
        "1",     "0",   "2",       "32",   "0.5",    "0,1",        "0.1,0.2",        "8x8",
        "white", "0-6", "0..1",    "unit", "x.webp", "x.npz",      "x.png",          "swd",
        "x",     "x/",  "node1:2", "5:00", "he",     "fc 9, relu", "residual(relu)", "1,1,1,1,1"};
    char choice[64];
    const char *choices = row->choices ? row->choices : "";
    if (!pattern && row->bare) return !gt_options_set(o, row->key, NULL, "a test");
    for (size_t i = 0; i < sizeof values / sizeof *values || *choices; i++) {
        const char *value = i < sizeof values / sizeof *values ? values[i] : choice;
        if (value == choice) {
            size_t n = strcspn(choices, "|");
            snprintf(choice, sizeof choice, "%.*s", (int)n, choices);
            choices += n + (choices[n] == '|');
        }
        if (pattern && !fnmatch(pattern, value, 0) != fits) continue;
        if (!pattern && (!strcmp(value, "0") || !strcmp(value, "none") || !*value)) continue;
        if (!gt_options_set(o, row->key, value, "a test")) return true;
    }
    return false;
}

/* Makes the condition hold, or not. *action: where the condition is one. */
static void fulfil(of_command *c, const char *condition, bool holds, const char **action) {
    char key[64];
    if (strncmp(condition, "--", 2)) {
        *action = holds ? condition : "nothing";
        return;
    }
    size_t n = strcspn(condition + 2, "=");
    snprintf(key, sizeof key, "%.*s", (int)n, condition + 2);
    const gt_option *row = gt_options_find(&c->o, key);
    const char *pattern = condition[2 + n] ? condition + 3 + n : NULL;
    if (!row) return; /* in rows that commands share: another command has it */
    if (!pattern && !holds) gt_options_forget(&c->o, key);
    else if (!give(&c->o, row, pattern, holds)) fail_msg("%s: no value for %s", c->command->name, condition);
}

/* The row's option on the command line, with each of its conditions. */
static void check_conditions(of_command *c, const gt_option *row) {
    char conditions[256], named[64], *rest = conditions, *one;
    bool without = *row->with == '!';
    snprintf(conditions, sizeof conditions, "%s", row->with + without);
    snprintf(named, sizeof named, "--%s ", row->key);
    while ((one = strsep(&rest, "|"))) {
        const char *action = NULL;
        bool there = strncmp(one, "--", 2) || gt_options_find(&c->o, one + 2) || strchr(one, '=');
        for (int holds = 0; holds < 2 && there; holds++) {
            gt_options_reset(&c->o);
            if (!give(&c->o, row, NULL, true)) fail_msg("%s: no value for --%s", c->command->name, row->key);
            c->o.state[row - c->o.rows] = GT_OPTION_GIVEN;
            fulfil(c, one, holds, &action);
            gt_status st = gt_options_check_effect(&c->o, action);
            if ((st == GT_OK) != (holds != without))
                fail_msg("%s --%s, %s%s: %s", c->command->name, row->key, holds ? "" : "without ", one, gt_message());
            if (st && strncmp(gt_message(), named, strlen(named)))
                fail_msg("'%s' does not name --%s", gt_message(), row->key);
        }
    }
}

static void options_without_effect_are_refused(void **state) {
    (void)state;
    of_command c;
    int n = 0;
    for (int i = 0; next_command(&i, &c); gt_job_free(c.job))
        for (const gt_option *row = c.o.rows; row < c.o.rows + c.o.n; row++)
            if (row->with) check_conditions(&c, row), n++;
    assert_true(n > 60);
}

static void what_was_not_used_is_known(void **state) {
    (void)state;
    static const gt_option late[] = {
        {.key = "a", .type = GT_OPTION_TEXT, .standard = "", .late = true},
        {.key = "b", .type = GT_OPTION_TEXT, .offset = sizeof(char *), .standard = "", .late = true},
        {.key = "c", .type = GT_OPTION_TEXT, .offset = 2 * sizeof(char *), .standard = ""},
    };
    const char *fields[3];
    uint8_t given[3];
    bool used[3] = {false};
    gt_arena *a = gt_arena_new();
    gt_options o = {.rows = late, .n = 3, .fields = fields, .state = given, .arena = a, .used = used};
    gt_options_reset(&o);
    int i = 0;
    assert_null(gt_options_unused(&o, &i));
    for (int k = 0; k < 3; k++) assert_int_equal(gt_options_set(&o, late[k].key, "x", NULL), GT_OK);
    gt_options_use(&o, "a");
    i = 0;
    assert_string_equal(gt_options_unused(&o, &i)->key, "b");
    assert_null(gt_options_unused(&o, &i));
    gt_arena_free(a);
}

/* Two ends of a range rise. */
static void ends_of_ranges(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {{"0..1", true},    {"-3.5..-1", true}, {"0...5", true}, {".5..1e3", true}, {"1..1", false},
                {"1..0", false},   {"0..", false},     {"..1", false},  {"0..x", false},   {"0..1 ", false},
                {"0..inf", false}, {"nan..1", false},  {"0,1", false},  {"", false}};
    double ends[2];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (cli_read_ends(rows[i].text, ends) != rows[i].good) fail_msg("'%s'", rows[i].text);
    assert_true(cli_read_ends("-0.5..2", ends) && ends[0] == -0.5 && ends[1] == 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_place),
        cmocka_unit_test_setup_teardown(defaults_and_values, begin, end),
        cmocka_unit_test_setup_teardown(choices_are_enums, begin, end),
        cmocka_unit_test_setup_teardown(bad_values_are_refused_and_named, begin, end),
        cmocka_unit_test(durations),
        cmocka_unit_test(ends_of_ranges),
        cmocka_unit_test(numbers_survive_being_written),
        cmocka_unit_test_setup_teardown(range_lists, begin, end),
        cmocka_unit_test_setup_teardown(the_command_line_is_split, begin, end),
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(reference_job_is_the_table),
        cmocka_unit_test(other_spellings),
        cmocka_unit_test(every_text_is_judged),
        cmocka_unit_test(rubbish_is_refused_and_named),
        cmocka_unit_test(commands_judge_first),
        cmocka_unit_test(options_without_effect_are_refused),
        cmocka_unit_test(what_was_not_used_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
