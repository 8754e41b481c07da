/* SPDX-License-Identifier: Apache-2.0
 * Networks that the reference implementation downloads, by name or address: the files that it has kept of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/family.h"
#include "base/door/hash.h"
#include "job/door/network.h"

#define PLACE "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/transfer-learning-source-nets/"

static const gt_named published[] = {
    {"ffhq256", PLACE "ffhq-res256-mirror-paper256-noaug.pkl"},
    {"ffhq512", PLACE "ffhq-res512-mirror-stylegan2-noaug.pkl"},
    {"ffhq1024", PLACE "ffhq-res1024-mirror-stylegan2-noaug.pkl"},
    {"celebahq256", PLACE "celebahq-res256-mirror-paper256-kimg100000-ada-target0.5.pkl"},
    {"lsundog256", PLACE "lsundog-res256-paper256-kimg100000-noaug.pkl"},
    {0},
};

/* The address that `path` stands for; NULL: it is a path. */
static const char *address_of(const char *path) {
    if (gt_is_url(path)) return path;
    for (const gt_named *p = published; p->name; p++)
        if (gt_is(path, p->name)) return p->text;
    return NULL;
}

/* Where the reference keeps what it downloads, to be freed. */
static char *kept_folder(void) {
    const char *dir = getenv("DNNLIB_CACHE_DIR"), *home = getenv("HOME");
    char *text = NULL;
    int n = dir && *dir ? asprintf(&text, "%s/downloads", dir)
                        : asprintf(&text, "%s/.cache/dnnlib/downloads", home && *home ? home : "/tmp");
    return n < 0 ? NULL : text;
}

static bool is_kept(const char *name, const char *hash) {
    enum { DIGITS = 32 };
    size_t n = strlen(name);
    bool half = n > 4 && (gt_is(name + n - 4, ".tmp") || gt_is(name + n - 4, ".lck")); /* a download that broke off */
    return !strncmp(name, hash, DIGITS) && name[DIGITS] == '_' && !half;
}

/* The file in the folder whose name begins with the hash, to be freed; NULL: there is none. */
static char *kept_file(const char *folder, const char *hash) {
    char *found = NULL;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && !found && (e = readdir(d));)
        if (is_kept(e->d_name, hash)) found = gt_path_join(folder, e->d_name);
    if (d) closedir(d);
    return found;
}

gt_status gt_network_find(const char *path, char **file) {
    const char *address = access(path, F_OK) ? address_of(path) : NULL;
    char hash[33], name[GT_NAME_BYTES];
    *file = NULL;
    if (!address) return gt_checkpoint_settle(path, file);
    char *folder = kept_folder();
    if (!folder) return gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_md5_hex(address, strlen(address), hash);
    *file = kept_file(folder, hash);
    gt_path_name(address, name);
    for (char *c = name; *c; c++) /* a name that a shell takes as it is */
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c)) *c = '_';
    gt_status st = *file ? GT_OK
                         : gt_fail(GT_FAILED,
                                   "'%s' is not a file here, and nothing is downloaded: fetch it with "
                                   "`curl -L --create-dirs -o '%s/%s_%s' '%s'`, then give this command again",
                                   path, folder, hash, name, address);
    free(folder);
    return st;
}
