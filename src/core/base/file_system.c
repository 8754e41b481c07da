/* SPDX-License-Identifier: Apache-2.0
 * What file systems say: their kind, and how much room is left. The kind is found by the magic number that statfs()
 * gives. The numbers come from linux/magic.h, and from the sources of file systems outside the kernel. */
#include "base/door/file.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

static const struct {
    unsigned long magic;
    gt_file_system is;
} known[] = {
    {0x6969, {"nfs", true}},          {0x0bd00bd0, {"lustre", true}},   {0x47504653, {"gpfs", true}},
    {0x19830326, {"beegfs", true}},   {0x00c36400, {"ceph", true}},     {0xff534d42, {"cifs", true}},
    {0xfe534d42, {"smb2", true}},     {0x5346414f, {"afs", true}},      {0x013111a8, {"ibrix", true}},
    {0xaad7aaea, {"panfs", true}},    {0x01021997, {"9p", true}},       {0x65735546, {"fuse", true}},
    {0x7461636f, {"ocfs2", true}},    {0x01161970, {"gfs2", true}},     {0x6b414653, {"kafs", true}},
    {0x786f4256, {"vboxsf", true}},   {0x20030528, {"orangefs", true}}, {0xef53, {"ext4", false}},
    {0x58465342, {"xfs", false}},     {0x9123683e, {"btrfs", false}},   {0x01021994, {"tmpfs", false}},
    {0x794c7630, {"overlay", false}}, {0x2fc12fc1, {"zfs", false}},     {0xf2f52010, {"f2fs", false}},
    {0x858458f6, {"ramfs", false}},   {0x4d44, {"vfat", false}},        {0x2011bab0, {"exfat", false}},
    {0x5346544e, {"ntfs", false}},
};

gt_file_system gt_file_system_of(const char *path) {
    struct statfs s;
    if (statfs(path, &s)) return (gt_file_system){"unknown", false};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].magic == ((unsigned long)s.f_type & 0xffffffffUL)) return known[i].is;
    return (gt_file_system){"unknown", false};
}

/* The file system of `path`, or where that is not there, of its folder. */
static bool read_space(const char *path, struct statvfs *s) {
    if (!statvfs(path, s)) return true;
    GT_FREED char *copy = strdup(path);
    return copy && !statvfs(dirname(copy), s);
}

double gt_space_free(const char *path) {
    struct statvfs s;
    /* Some file systems tell no size: ramfs, and tmpfs without a limit. */
    return read_space(path, &s) && s.f_blocks > 0 ? (double)s.f_bavail * (double)s.f_frsize : INFINITY;
}

/* Some file systems have no number of inodes. */
bool gt_file_system_has_inodes(const char *path) {
    struct statvfs s;
    return !read_space(path, &s) || s.f_files == 0 || s.f_favail > 0;
}

const char *gt_error_text(int error, const char *path) {
    return error == ENOSPC && !gt_file_system_has_inodes(path)
               ? "the file system has no free inodes for more files: remove some files"
               : strerror(error);
}
