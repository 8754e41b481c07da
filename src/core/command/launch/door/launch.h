/* SPDX-License-Identifier: Apache-2.0
 * Starting this program on several ranks, by mpirun or srun. For processes without MPI: they fork. */
#ifndef GANTRY_COMMAND_LAUNCH_DOOR_LAUNCH_H
#define GANTRY_COMMAND_LAUNCH_DOOR_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/choices.h"
#include "gantry/family.h"
#include "gantry/memory.h"
#include "gantry/option.h"

/* ---- a command on several ranks ---- */

/* auto: srun in an allocation where it speaks PMIx, else mpirun */
#define GT_LAUNCHERS(X) X(GT_LAUNCHER_AUTO, "auto") X(GT_LAUNCHER_MPIRUN, "mpirun") X(GT_LAUNCHER_SRUN, "srun")
typedef enum gt_launcher { GT_LAUNCHERS(GT_CONSTANT) } gt_launcher;

typedef struct gt_launch_options {
    int64_t ranks;        /* 0: in a Slurm allocation its tasks, else one a socket */
    const char *hosts;    /* "a,b:2"; "": this host, or the allocation's */
    const char *hostfile; /* "": none */
    gt_launcher launcher;
    const char *options;        /* further words for the launcher; "": none */
    const char *const *command; /* of this program, from the name of the subcommand on; ends with NULL */
    const char *alone;          /* what runs the command without a launcher, for messages: "--ranks=1" */
    bool needs_one;             /* one rank is enough for the command (it shows its help) */
} gt_launch_options;

typedef struct gt_launch {
    const char **words; /* what is to be executed; n of them and NULL */
    int n;
    bool here;            /* no launcher: this process becomes the command */
    bool open_mpi;        /* the launcher is Open MPI's mpirun */
    bool one_host;        /* ... and starts all ranks on this host */
    bool apart;           /* it gets no network but loopback, where the system allows that */
    const char *hostfile; /* "": none */
} gt_launch;

/* Finds the launcher and what it needs: ranks, hosts, more ranks than cores, root in a container. Words are in the
 * arena. GT_USAGE, GT_FAILED: there is no such launcher, or it cannot do this. */
gt_status gt_launch_plan(gt_arena *a, const gt_launch_options *o, gt_launch *out);
void gt_launch_print(const gt_launch *l, FILE *f); /* the line, with its end */

/* What SIGINT, SIGTERM and SIGHUP do, and what the ranks do. */
typedef struct gt_launch_stop {
    const char *words; /* said on stderr when the command is asked to stop */
    bool gentle;       /* SIGUSR1 lets the command end in good order; it would kill others without a word */
    bool meets;        /* the command's ranks meet: if one is lost before, the others would wait for it for ever */
} gt_launch_stop;

/* Starts the launcher in a session of its own and waits for it; without a launcher this process becomes the command.
 * SIGINT, SIGTERM and SIGHUP are turned into what lets the command stop in order; these signals may also come to the
 * launcher and the ranks themselves. Where a rank of this host is lost before the ranks have met, and the launcher does
 * not end the others, they are ended, and this is said. *status: the launcher's exit status, or 128 and the signal that
 * ended it; 75: the command was stopped before it could say so. GT_FAILED: no process could be started, or the launcher
 * would not find what it needs. */
gt_status gt_launch_start(const gt_launch *l, const gt_launch_stop *stop, int *status);

/* A command that is only tried. Its standard input is empty. */
typedef struct gt_launch_said {
    int status;     /* as gt_launch_start() gives it; -1: it was ended by force */
    bool late;      /* the time was over */
    char out[256];  /* the first bytes of its standard output */
    char err[4096]; /* the last of its messages */
} gt_launch_said;
/* Runs it for `limit` seconds at most, or until stop() is not 0 (NULL: nobody asks to stop); Ctrl-Z stops it and this
 * process, and it goes on with this process. When the function returns, none of its processes is there any more.
 * GT_FAILED: as gt_launch_start(). */
gt_status gt_launch_try(const gt_launch *l, double limit, int (*stop)(void), gt_launch_said *said);
/* In some words why what was tried did not end well. */
void gt_launch_why(const gt_launch *l, const gt_launch_said *said, char *text, size_t room);

/* Notes that the launch has not failed: the ranks have met, or the program ends by itself. The process that started the
 * ranks learns it. The scripts for clusters (slurm/lib.sh) must tell a launch that failed from a training that failed,
 * too: before each launch they leave a file, which is removed by the first rank of the program that was started. */
void gt_launch_succeeded(void);

/* ---- what a launch needs ---- */

/* The folder in which Open MPI keeps what the ranks of a host share. */
typedef struct launch_room {
    const char *variable, *folder; /* of the environment, which names the folder; "": none does */
    double free;                   /* bytes */
    bool enough;
    char why[128]; /* it is not enough */
} launch_room;
launch_room launch_look_for_room(void);
extern const double launch_room_needed; /* bytes */

/* Runs a shell command. `text` gets what the command prints, as far as there is room; "" where the command cannot be
 * started. */
void gt_shell_output(const char *command, char *text, size_t bytes);
void gt_shell_print(const char *word, FILE *f); /* one word for a shell, between single quotes */

#endif
