/* SPDX-License-Identifier: Apache-2.0
 * Networks by name: those that come with Gantry, and those that the reference implementation downloads, by name or
 * address: the files that it has kept of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/library.h"
#include "base/door/log.h"
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

/* MD5 as hexadecimal digits, which begin the names that the reference gives: for names, never for safety. */
static gt_status md5_of(const char *text, char out[33]) {
    unsigned char sum[16];
    gt_status st = gt_library_open("libcrypto");
    if (!st && EVP_Q_digest(NULL, "MD5", NULL, text, strlen(text), sum, NULL) != 1)
        st = gt_fail(GT_FAILED,
                     "libcrypto cannot compute MD5, by which kept downloads are found (does its configuration "
                     "forbid MD5, as in FIPS mode?): give the path of the file");
    for (size_t i = 0; !st && i < sizeof sum; i++) snprintf(out + 2 * i, 3, "%02x", sum[i]);
    return st;
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

/* ---- networks that come with Gantry ---- */

static bool may_be_name(const char *word) { return *word && !strpbrk(word, "./:"); }

bool gt_network_shipped(const char *name, char path[GT_PROGRAM_PATH_BYTES]) {
    return may_be_name(name) && access(name, F_OK) && gt_shipped_find(GT_SHIPPED_NETWORKS, name, path);
}

enum { SHIPPED_TEXT = 300 };

/* "; the networks that come with Gantry: a, b", or "" if none comes with it. */
static void list_shipped(char text[SHIPPED_TEXT]) {
    static const char before[] = "; the networks that come with Gantry: ";
    enum { BEFORE = sizeof before - 1 };
    memcpy(text, before, BEFORE);
    gt_shipped_names(GT_SHIPPED_NETWORKS, SHIPPED_TEXT - BEFORE, text + BEFORE);
    if (!text[BEFORE]) *text = 0;
}

/* The file of a network that comes with Gantry, or a copy of the path. */
static gt_status find_shipped(const char *name, char **file) {
    char path[GT_PROGRAM_PATH_BYTES], names[SHIPPED_TEXT];
    bool shipped = gt_network_shipped(name, path);
    if (!shipped && may_be_name(name) && access(name, F_OK)) {
        list_shipped(names);
        if (*names)
            return gt_fail(GT_FAILED, "cannot open the checkpoint '%s': No such file or directory%s", name, names);
    }
    if (!shipped) return gt_checkpoint_settle(name, file);
    if (gt_log_is_first()) gt_log_once(GT_INFO, "'%s' comes with Gantry: %s", name, path);
    *file = strdup(path);
    return *file ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
}

/* Says so where a file or folder here hides a network that comes with Gantry. */
static void tell_hidden(const char *name) {
    char path[GT_PROGRAM_PATH_BYTES];
    if (may_be_name(name) && !access(name, F_OK) && gt_shipped_find(GT_SHIPPED_NETWORKS, name, path) &&
        gt_log_is_first())
        gt_log_once(GT_INFO,
                    "'%s' is taken from the current folder, not the network of this name that comes with Gantry", name);
}

gt_status gt_network_find(const char *path, char **file) {
    const char *address = access(path, F_OK) ? address_of(path) : NULL;
    char hash[33], name[GT_NAME_BYTES], names[SHIPPED_TEXT];
    *file = NULL;
    tell_hidden(path);
    if (!address) return find_shipped(path, file);
    gt_status st = md5_of(address, hash);
    if (st) return st;
    GT_FREED char *folder = kept_folder();
    if (!folder) return gt_fail(GT_NOMEM, "out of memory for a file name");
    *file = kept_file(folder, hash);
    gt_path_name(address, name);
    if (!*file) list_shipped(names);
    for (char *c = name; *c; c++) /* a name that a shell takes as it is */
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c)) *c = '_';
    if (!*file)
        st = gt_fail(GT_FAILED,
                     "'%s' is not a file here, and nothing is downloaded: fetch it with "
                     "`curl -L --create-dirs -o '%s/%s_%s' '%s'`, then give this command again%s",
                     path, folder, hash, name, address, names);
    return st;
}
