/* SPDX-License-Identifier: Apache-2.0
 * The parts of an audit of pictures: networks, makers, comparison. All of it is rank 0's. */
#ifndef GANTRY_FEATURES_AUDIT_PICTURES_H
#define GANTRY_FEATURES_AUDIT_PICTURES_H

#include "features/audit/audit.h"
#include "runner/contents/door/contents.h"
#include "gantry/hash.h"
#include "gantry/memory.h"
#include "runner/record/door/maker.h"
#include "runner/record/door/record.h"

/* ---- copies.c ---- */
/* Copies of the files that are audited, in a folder that is this program's alone. A file is opened once, and all that
 * is found is found in its copy: whoever writes or exchanges the file meanwhile changes nothing. A copy has the name of
 * its file, without the folder. The first rank's. */
typedef struct audit_copies {
    gt_arena *arena;
    char folder[4200]; /* "": nothing was copied */
    const char **of;   /* [n] the folders of the files, as the user has named them, with a slash at their ends; or "" */
    int n, room;
} audit_copies;
/* *copy is in the arena, and `path` itself on failure. GT_FORMAT: no regular file. GT_FAILED: there is no room. */
gt_status audit_copy(audit_copies *c, const char *path, const char **copy);
/* `text` with the user's names in place of those of copies; in the arena, or the text itself. `c` NULL: the text. */
const char *audit_own_names(const audit_copies *c, const char *text);
gt_status audit_own_message(const audit_copies *c, gt_status st); /* the same with gt_message(), for a failure */
void audit_copies_remove(audit_copies *c);

/* ---- makers.c ---- */
const gt_maker *audit_maker(const char *command); /* NULL: there is none */

/* ---- picture_networks.c ---- */
/* A name of a file that cannot be taken for words of the audit: in quotes, with ? for what no name should have, unless
 * it is of letters of ASCII, digits and a few signs alone. Returns `text`. */
enum { AUDIT_NAME_BYTES = 4200 };
const char *audit_name(const char *name, char text[AUDIT_NAME_BYTES]);
/* In place: ? for each control, space and mark of U+0080-00A0, U+2000-200F, U+2028-202F and U+205F-206F, which look
 * like the space between two words of the audit, or like nothing. */
void audit_hide(char *text);
/* The same as audit_name(), always in quotes. */
const char *audit_quoted(const char *name, char text[AUDIT_NAME_BYTES]);

/* A network that pictures may come from: those of the user, else those that come with Gantry. */
typedef struct audit_candidate {
    const char *path, *name;
    bool shipped, hashed, unreadable;
    bool copied; /* `path` is that of a copy */
    gt_sha256 contents;
    char g1[GT_CONTENTS_HASH_BYTES]; /* "": not computed yet */
    char recipe[GT_SHA256_TEXT];     /* of pictures that came from it; "": none did */
} audit_candidate;

typedef struct audit_candidates {
    audit_candidate *list; /* [n] in the arena */
    int n, room;
    gt_arena *arena;
    audit_copies *copies;
} audit_candidates;

/* Those of `o`, else those that come with Gantry. */
gt_status audit_candidates_open(audit_candidates *c, gt_arena *a, const gt_audit_pictures *o);
/* Copies one that is not copied yet, as those of a folder are not; those that come with Gantry stay where they are. */
gt_status audit_candidate_copy(audit_candidates *c, audit_candidate *one);
/* The network with this hash; NULL: none has it. Its `path` is that of a copy: contents are read here and now, and
 * nobody can change them between their hash and their use. `near`: the name of the one that is looked at first. */
audit_candidate *audit_candidate_find(audit_candidates *c, const gt_sha256 *contents, const char *near);
const char *audit_candidate_text(audit_candidates *c, audit_candidate *one); /* "clipart64 (g1:...)" */
/* The hashes of those that pictures came from, and of their recipes, but of those that come with Gantry. */
void audit_candidates_print(const audit_candidates *c);

/* ---- pictures.c ---- */
/* Of a kind of which `beyond` tells all that programs may show beside the pixels (files/codec/door/notes.h)? */
bool audit_is_plain(const gt_record_found *found);
/* Does its name end as its contents? A page of HTML that is a PNG, too, is shown as a page. */
bool audit_named_as_it_is(const char *path, const gt_record_found *found);
#define AUDIT_MISNAMED "its name does not end as its contents: programs may show something else"

/* Compares what a record claims with the record of `made`, which is to be closed. GT_FAILED: `made` has none. */
gt_status audit_record_compare(const gt_record *claimed, const char *made, gt_record **record, gt_record_difference *d);

/* ---- picture_compare.c ---- */

typedef struct audit_pixels {
    int64_t differ, all, most;                /* values that differ, of how many, and by how much at most */
    int64_t range;                            /* of values: 255, 65535; 0: float32 */
    int64_t frame;                            /* of a film: the first that differs; -1: none */
    int64_t cell;                             /* of a sheet: the first that differs; -1: none, or no sheet */
    bool bytes;                               /* WebP, MP4: all bytes are equal but those of the XMP */
    char words[GT_CONTENTS_NAME_BYTES + 256]; /* why they cannot be compared value by value; "" */
} audit_pixels;

typedef enum audit_form { AUDIT_PICTURE, AUDIT_FILM, AUDIT_ARRAY } audit_form;

/* Compares two pictures, two films of WebP, or two files of arrays. `columns` and `rows`: of a sheet, else 1. */
gt_status audit_pixels_compare(const char *path, const char *made, audit_form form, int64_t columns, int64_t rows,
                               audit_pixels *out);

/* Are all bytes of two WebP or MP4 files equal but those of the XMP? */
gt_status audit_same_files(const char *path, const char *made, bool *same);

/* ---- mp4_compare.c ---- */
/* Compares the bytes of two MP4 films, and, where these differ, the frames that ffmpeg unpacks in `folder`; words say
 * why it cannot. Both have frames of the size in `found`, else they are not unpacked. */
gt_status audit_mp4_compare(const char *path, const gt_record_found *found, const char *made,
                            struct gt_ffmpeg *const unpackers[2], const char *folder, audit_pixels *out);

/* ---- array_compare.c ---- */
/* Two archives of styles, .npz, byte by byte. GT_UNDECIDED: the first has the styles, and other bytes. */
gt_status audit_npz_compare(const char *path, const char *made, audit_pixels *out);
/* All sets of two HDF5 files: names, shapes, numbers. GT_UNDECIDED: the first has links, groups or attributes that the
 * other has not. */
gt_status audit_arrays_compare(const char *path, const char *made, audit_pixels *out);

#endif
