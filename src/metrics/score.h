/* SPDX-License-Identifier: Apache-2.0
 * A score as a row of a table (score_list.h): its name, what the score needs, published counts, and its formula. Scores
 * are computed by use/score/run.c, which brings features and pictures.
 *
 * A name has the number of fakes in the place of '#', in thousands where possible: "fid50k_full", "pr512_3". Where that
 * would be the plain name of another score, '_' stands before the number: "ppl_2_wend". */
#ifndef GANTRY_METRICS_SCORE_H
#define GANTRY_METRICS_SCORE_H

#include "metrics/gaussian.h"

/* The network whose features a score is published with. The user's own detector may stand in for any of them but LPIPS.
 */
typedef enum gt_score_network {
    GT_SCORE_NO_NETWORK,
    GT_SCORE_INCEPTION,
    GT_SCORE_VGG16,
    GT_SCORE_LPIPS,      /* path lengths: use/score/path_length.h */
    GT_SCORE_CLASSIFIER, /* the user's own alone */
    GT_SCORE_OR_PIXELS,  /* the user's own; pixels where there is none */
} gt_score_network;

/* What a formula is given, of fakes and, with GT_SCORE_REALS, of reals. */
enum {
    GT_SCORE_REALS = 1,
    GT_SCORE_GAUSSIAN = 2,
    GT_SCORE_ROWS = 4,
    GT_SCORE_HALVES = 8,         /* the formula may round rows to float16 in place: it comes after others */
    GT_SCORE_PROBABILITIES = 16, /* of fakes */
    GT_SCORE_CLASSES = 32,       /* of fakes */
    GT_SCORE_PICTURES = 64,
    GT_SCORE_EQUAL_COUNTS = 128, /* as many reals as fakes, and no more than there are of either */
    /* The value stands beside a base rate, that of pictures which the network never saw. It does not depend on fakes,
     * but on how many there are. */
    GT_SCORE_BASE = 256,
};

/* This rank's part of a set: gt_rows_share(count). */
typedef struct gt_score_set {
    int64_t count;
    const gt_gaussian *gaussian; /* on rank 0 */
    gt_rows rows;                /* features */
    gt_rows probabilities;       /* of classes */
    gt_rows classes;             /* [own,2]: the class by the detector, and the class that was asked for or -1 */
    const uint8_t *pictures;     /* [own,height,width,channels] */
    int height, width, channels;
    bool mirrored; /* the second half of the set are the mirror images of the first */
} gt_score_set;

typedef struct gt_score_input {
    const gt_team *team;
    gt_score_set reals, fakes;
    gt_score_set held_out; /* with GT_SCORE_BASE; no pictures: none are held out */
    double *base;          /* with GT_SCORE_BASE: the base rate if it is known, else NaN, which the formula replaces */
    uint64_t seed;
    /* Takes a value. Its key is the score's name and `suffix`: "", "_precision". */
    void (*put)(void *arg, const char *suffix, double value);
    void *arg;
} gt_score_input;

enum { GT_SCORE_MOST_KEYS = 2 };
#define GT_SCORE_BASE_KEY "_base" /* suffix of a base rate, which follows the value that it stands beside */

typedef struct gt_score {
    const char *name;   /* "fid#_full" */
    const char *plain;  /* a name without a number; NULL: none */
    int64_t count;      /* published number of fakes */
    int64_t most_reals; /* 0: as many as fakes; GT_SCORE_ALL */
    bool full;          /* reals are all images as they are, never their mirror images */
    bool more_is_better;
    gt_score_network network;
    int needs;                            /* GT_SCORE_... */
    const char *keys[GT_SCORE_MOST_KEYS]; /* suffixes of the values that there always are; the first may be "" */
    const char *recipe;                   /* what belongs to the recipe beside detector and sets; NULL: nothing */
    const char *help;
    /* All ranks; puts its values on all ranks. NULL: a path length. */
    gt_status (*compute_all)(const gt_score_input *in);
    bool in_z, whole, crop; /* of path lengths: gt_path_options */
} gt_score;

#define GT_SCORE_ALL INT64_MAX

const gt_score *gt_score_at(int i); /* number i of all scores, from 0; NULL: there are no more */

/* ---- names ---- */

/* What the series of a score's key begin with in the logs of a run: "Metrics/fid10k". */
#define GT_SCORE_SERIES "Metrics/"

enum { GT_SCORE_NAME = 48, GT_SCORES_MOST = 32 };

typedef struct gt_score_request {
    const gt_score *score;
    int64_t count; /* of fakes; 0: as many as there are */
    char metric[GT_SCORE_NAME];
} gt_score_request;

/* Reads names between commas; "" and "none" mean no scores. `count` > 0 stands for the number in all names. A name
 * without a number stands for the published number, or, with `all`, for as many as there are. GT_USAGE: no such name,
 * two of one name, more than GT_SCORES_MOST. */
gt_status gt_scores_parse(const char *list, int64_t count, bool all, gt_score_request out[GT_SCORES_MOST], int *n);
/* The score that a key such as "pr10k3_recall" is a value of, and whether more of it is better; NULL: none. */
const gt_score *gt_score_of_key(const char *key, bool *more);
/* The name with this number of fakes; the plain name for the published number, where there is one. */
void gt_score_name(const gt_score *s, int64_t count, char name[GT_SCORE_NAME]);

#endif
