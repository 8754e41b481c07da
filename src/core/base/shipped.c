/* SPDX-License-Identifier: Apache-2.0
 * Files that come with the program (gantry/program.h). */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/file.h"
#include "base/door/program.h"

/* From the folder of program or library: in a checkout, installed, and installed as Debian does it (lib/ARCH). */
static const char *const places[] = {"..", "../share/gantry", "../../share/gantry"};
enum { PLACES = sizeof places / sizeof *places };

static bool may_be_name(const char *word) { return *word && *word != '/' && !strchr(word, '.'); }

/* False: there is no such folder, or its path is too long. */
static bool place_of(int i, const char *folder, char path[GT_PROGRAM_PATH_BYTES]) {
    char library[GT_PROGRAM_PATH_BYTES], joined[GT_PROGRAM_PATH_BYTES];
    gt_library_folder(library);
    int n = snprintf(joined, sizeof joined, "%s/%s/%s", library, places[i], folder);
    /* without the dots, for whoever reads it */
    GT_FREED char *real = n < (int)sizeof joined ? realpath(joined, NULL) : NULL;
    return real && snprintf(path, GT_PROGRAM_PATH_BYTES, "%s", real) < GT_PROGRAM_PATH_BYTES;
}

bool gt_shipped_find(const char *folder, const char *ending, const char *name, char path[GT_PROGRAM_PATH_BYTES]) {
    if (!may_be_name(name)) return false;
    for (int i = 0; i < PLACES; i++) {
        if (!place_of(i, folder, path)) continue;
        size_t n = strlen(path), left = GT_PROGRAM_PATH_BYTES - n;
        if ((size_t)snprintf(path + n, left, "/%s%s", name, ending) < left && !access(path, R_OK)) return true;
    }
    return false;
}

bool gt_shipped_near(const char *folder, const char *ending, const char *name, char near[GT_NAME_BYTES]) {
    char place[GT_PROGRAM_PATH_BYTES];
    *near = 0;
    for (int i = 0; i < PLACES && !*near; i++)
        if (place_of(i, folder, place) && gt_nearest_entry(place, name, ending, near))
            near[strlen(near) - strlen(ending)] = 0;
    return *near;
}

/* Takes the ending off the name of the entry; false: the entry has another one. */
static bool cut_ending(char *entry, const char *ending) {
    size_t n = strlen(entry), cut = strlen(ending);
    if (n <= cut || strcmp(entry + n - cut, ending)) return false;
    entry[n - cut] = 0;
    return true;
}

typedef struct text_list {
    char *text;
    size_t room, n;
} text_list;

static void add_name(text_list *list, const char *name) {
    const char *comma = list->n ? ", " : "";
    size_t n = strlen(comma) + strlen(name);
    if (list->n + n >= list->room) return;
    snprintf(list->text + list->n, list->room - list->n, "%s%s", comma, name);
    list->n += n;
}

void gt_shipped_names(const char *folder, const char *ending, size_t room, char *names) {
    char place[GT_PROGRAM_PATH_BYTES], path[GT_PROGRAM_PATH_BYTES];
    text_list list = {.text = names, .room = room};
    *names = 0;
    for (int k = 0; k < PLACES; k++) {
        struct dirent **entries;
        int n = place_of(k, folder, place) ? scandir(place, &entries, NULL, alphasort) : -1;
        for (int i = 0; i < n; i++) {
            char *name = entries[i]->d_name;
            /* found again by its name: a folder in a second place adds what the first has not */
            if (cut_ending(name, ending) && gt_shipped_find(folder, ending, name, path) &&
                !strncmp(path, place, strlen(place)))
                add_name(&list, name);
            free(entries[i]);
        }
        if (n >= 0) free(entries);
    }
}
