/* SPDX-License-Identifier: Apache-2.0
 * Options as a table. One row says everything about an option: key, type, default, range, unit, class, help, and the
 * field it fills in. The table drives command lines, job files, --help, dumps, comparisons, the commented reference job
 * and the manual pages, so these cannot disagree.
 *
 *     typedef struct demo { int64_t n; const char *out; } demo;
 *     static const gt_option rows[] = {
 *         {GT_ROW(demo, "n", n, "8", "How many"), .min = 1, .max = 64},
 *         {GT_ROW(demo, "out", out, "", "Where to")},
 *     };
 *     demo d; uint8_t state[2];
 *     gt_options o = {rows, 2, &d, state, arena};
 *     gt_options_reset(&o);
 *     gt_options_set(&o, "n", "12", NULL);       // GT_USAGE and a sentence when the key or the value is wrong
 *
 * Texts are copied into the arena. Nothing here prints or exits.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_OPTION_H
#define GANTRY_OPTION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gantry/memory.h"
#include "gantry/status.h"

static inline bool gt_is(const char *choice, const char *name) { return !strcmp(choice, name); }

/* A name and a few words for people. A list of such pairs ends with {0}. */
typedef struct gt_named {
    const char *name, *text;
} gt_named;

typedef enum gt_option_type {
    GT_OPTION_BOOL, /* bool; "0" "1" "true" "false", and the bare key means true */
    GT_OPTION_INT,  /* int64_t */
    GT_OPTION_REAL, /* double, finite */
    GT_OPTION_TEXT, /* const char *, "" when empty; where the row has `choices`, one of them: names of a list that is
                       open */
    GT_OPTION_ENUM, /* an enum, whose constants 0, 1, ... are the row's `choices` in their order: gantry/choices.h */
} gt_option_type;

/* What an option is about decides whether two jobs are the same job: only recipe options count, and only they are in
 * checkpoints. */
typedef enum gt_option_class {
    GT_RECIPE = 1,    /* changes what is computed */
    GT_EXECUTION = 2, /* where, how long and on how many threads it is computed */
    GT_OUTPUT = 4,    /* what is written, and when */
    GT_COMMAND = 8,   /* one invocation of a command: never written to a file */
    GT_SHAPE = 16,    /* found in the data by the program, kept with the recipe; nobody sets it */
} gt_option_class;

/* Place and type of an option's field: `.key = "n", GT_FIELD(demo, n)`. */
#define GT_FIELD(struct_, field) \
    .offset = offsetof(struct_, field), .type = _Generic(((struct_ *)0)->field, bool: GT_OPTION_BOOL,                  \
                                                         int64_t: GT_OPTION_INT, double: GT_OPTION_REAL,              \
                                                         const char *: GT_OPTION_TEXT, unsigned: GT_OPTION_ENUM)

/* How a row begins: `{GT_ROW(demo, "n", n, "8", "How many"), .min = 1, .max = 64}`. `value`: the default as text, or
 * NULL. */
#define GT_ROW(struct_, name, field, value, text) .key = name, GT_FIELD(struct_, field), .standard = value, .help = text

typedef struct gt_option gt_option;
struct gt_option {
    const char *key; /* as on the command line, without "--", and in job files */
    gt_option_type type;
    gt_option_class class;
    size_t offset;           /* of the field */
    const char *group;       /* section of job files and manuals */
    const char *other_group; /* of jobs: the section in jobs of families whose name is not `group`; NULL: the same */
    const char *only;        /* of jobs: the families of models that have it, "stylegan2|dcgan"; NULL: all */
    const char *after;       /* of jobs: the key that it stands behind; NULL: the end of its group */
    const char *standard;    /* default as text; NULL: see `derived` */
    const char *derived;     /* how the program finds the value when nobody gives one ("from cfg") */
    /* What a record (a checkpoint's recipe, the job.ini of a run) means that does not have the key, since it is older
     * than the option: the value with which all is as it was before there was the option. Needed where that is not what
     * a new run gets. Of options that a record of this version never leaves out where they mean something, since they
     * have a default or a derived value. NULL: as where nobody gives the option. */
    const char *absent;
    const char *unit;        /* a value of a number may end with it, "200MB"; NULL: none */
    const char *placeholder; /* stands for the value in help: "LIST"; NULL: found in the row (gt_option_placeholder) */
    /* Of numbers, inclusive; both 0: any. Of enums min is the constant of the first name. */
    double min, max;
    const char *choices;                                       /* "ada|fixed|noaug"; of texts NULL: any text */
    gt_status (*check)(const gt_option *o, const char *value); /* NULL, or more rules for a value of the right type; a
                                                                  message follows "--key=value: " */
    bool any;   /* of texts: any text is a value, since only data, networks or other programs know what it names */
    bool empty; /* of texts: also an empty one is a value on the command line */
    /* NULL, or what the option has an effect with, alternatives between "|": "fit" is a command's action or form,
     * "--graph" an option that is on, "--out=*.webp" one with such a value; behind a "!" in front: what it has none
     * with. See gt_options_check_effect(). */
    const char *with;
    bool late;          /* whether it has an effect is known only at the end of the work: see gt_options_use() */
    const char *help;   /* one line */
    const char *detail; /* NULL, or what follows from it: sentences for manual and reference job */
    /* The value that the key alone stands for; NULL: a value is needed (a boolean's key alone is 1). */
    const char *bare;
    char letter; /* short form for the command line, "-n"; 0: none */
    bool path;   /* of texts: the name of a file, of which a leading ~ is expanded (gt_path_expand) */
    bool lines;  /* of texts: "@FILE" stands for the lines of a file */
    const struct gt_outfile *writes; /* of paths: what is written there (gantry/outfile.h); NULL: the file is read */
    bool required;
    bool unrecorded; /* the job.ini of a run of version 1.0 has it, where it means nothing any more */
    bool common;     /* --help shows it before the others */
    /* The ranks of a run may have different values: the option concerns one rank alone, or is compared in another way.
     */
    bool by_rank;
};

typedef enum gt_option_state {
    GT_OPTION_DEFAULT, /* nobody gave a value */
    GT_OPTION_FILED,   /* given in a file */
    GT_OPTION_GIVEN,   /* given on the command line */
    GT_OPTION_DERIVED, /* found by the program */
    GT_OPTION_MOOT,    /* has no meaning together with the other options: not written, not compared */
} gt_option_state;

typedef struct gt_options {
    const gt_option *rows;
    int n;
    void *fields;   /* the struct that the offsets refer to */
    uint8_t *state; /* n of gt_option_state */
    gt_arena *arena;
    bool shapes; /* GT_SHAPE options may be set: a file of the program's own is read */
    bool *used;  /* n of them: see gt_options_use(); NULL: nobody asks */
} gt_options;

void gt_options_reset(gt_options *o);                   /* every field to its default */
void gt_options_forget(gt_options *o, const char *key); /* as if nobody had set it; unknown keys are fine */

const gt_option *gt_options_find(const gt_options *o, const char *key); /* NULL: no such key */
/* the key that is most like a mistyped key; NULL: no key is close */
const char *gt_options_nearest(const gt_options *o, const char *key);
gt_option_state gt_options_state(const gt_options *o, const char *key);
/* The constant that an option of type GT_OPTION_ENUM has, for callers that do not know the struct. */
unsigned gt_options_choice(const gt_options *o, const char *key);

/* Give an option its value. `value` NULL: the bare key, for booleans. `where` is "file:line" for messages; NULL: the
 * command line. */
gt_status gt_options_set(gt_options *o, const char *key, const char *value, const char *where);

/* GT_USAGE: an option of the command line has no effect together with the others, as they are now, or with `action`
 * (NULL: the command has none). */
gt_status gt_options_check_effect(const gt_options *o, const char *action);
/* Has this option an effect together with the others, as they are now (gt_option.with)? */
bool gt_options_have_effect(const gt_options *o, const gt_option *row);
/* To be called where an option that is `late` has its effect. */
void gt_options_use(const gt_options *o, const char *key);
/* The next option from row *i on that is `late`, stands on the command line and was not used; NULL: no more. */
const gt_option *gt_options_unused(const gt_options *o, int *i);

/* The value that counts, as text in the arena that gt_options_set() reads back to the same value; NULL: there is no
 * value (the option is moot, or left open for the program to find), or no memory. */
const char *gt_options_effective(const gt_options *o, const gt_option *row);

/* What stands for the value in help: "N", "PATH", "MINUTES"; "" where there is none, of booleans. Returns `text` or a
 * word of the row. */
const char *gt_option_placeholder(const gt_option *o, char text[32]);

/* A setting that all ranks of a run must have alike: see gt_comm_same_settings_all(). */
typedef struct gt_setting {
    const char *name;
    const char *value; /* NULL: left open */
} gt_setting;
/* The options that all ranks must have alike, as "--key" and value, into settings[o->n] in the arena; the values are
 * the present ones. */
gt_status gt_options_settings(const gt_options *o, gt_setting **settings, int *n);

/* A decimal text of at most 17 digits that reads back as x. */
const char *gt_real_text(double x, char buffer[32]);

/* "0-63,77" -> the numbers, each 0..2^32-1, at most `most` of them. *list is in the arena. `what` names the option in
 * messages. */
gt_status gt_parse_range_list(gt_arena *a, const char *what, const char *text, int64_t most, int64_t **list,
                              int64_t *n);
gt_status gt_option_check_ranges(const gt_option *o, const char *value); /* the `check` of such a row */

#endif
