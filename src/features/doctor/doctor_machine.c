/* SPDX-License-Identifier: Apache-2.0
 * What is examined on each host: CPU, kernels, BLAS, threads, arithmetic, memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/door/library.h"
#include "kernels/door/kernels.h"
#include "base/door/pool.h"
#include "kernels/door/kernel_set.h"
#include "features/doctor/doctor.h"
#include "command/launch/door/launch.h"

static void examine_cpu(doctor *d) {
    char text[512];
    gt_machine_text(&d->before->machine, text, sizeof text);
    doctor_add(d, FINE, "CPU", NULL, "%s", text);
}

static void examine_kernels(doctor *d) {
    const gt_kernel_set *best = gt_kernel_set_best(), *used = gt_kernel_set_or_best(d->options.kernels);
    if (used->isa != best->isa)
        doctor_add(d, WARNING, "kernels", "unset GT_ISA, unless for comparison", "%s is in use, but this CPU has %s",
                   used->instructions, best->instructions);
    else if (best->isa == GT_ISA_PORTABLE)
        doctor_add(d, WARNING, "kernels", "training will be several times slower than on a CPU with AVX2 or AVX-512",
                   "%s: Gantry has no kernels for this CPU's instructions", best->instructions);
    else doctor_add(d, FINE, "kernels", NULL, "%s, the best this CPU has; arithmetic %s", best->instructions, used->id);
    if (used->arithmetic == GT_ARITHMETIC_UNFUSED)
        doctor_add(d, WARNING, "kernels", "build with -O3 and without sanitizers",
                   "%s: this build does not fuse multiply-adds, and its results differ from other builds", used->id);
    if (used->conv != GT_CONV_AUTO)
        doctor_add(d, WARNING, "convolution", "unset GT_CONV, unless for comparison",
                   "GT_CONV=%s: not always the fastest kernel", gt_conv_modes[used->conv]);
}

/* Commands open these only where they use them. One rank needs no MPI. */
static void examine_libraries(doctor *d) {
    const char *name;
    int n = 0, missing = 0;
    while ((name = gt_library_name(n))) {
        n++;
        if (!gt_library_open(name)) continue;
        missing++;
        if (!strcmp(name, "ompi"))
            doctor_add(d, WARNING, "MPI",
                       "until then one rank, with all cores as threads: install Open MPI (Debian: openmpi-bin)", "%s",
                       gt_message());
        else doctor_add(d, BROKEN, "libraries", "until then commands that use it fail", "%s", gt_message());
    }
    if (n && !missing)
        doctor_add(d, FINE, "libraries", NULL, "all %d that are opened where they are used are there", n);
}

static void examine_blas(doctor *d) {
    doctor_add(d, FINE, "BLAS", NULL, "%s", gt_blas_description());
    for (const char *const *name = gt_forcing_settings; *name; name++)
        if (getenv(*name))
            doctor_add(d, WARNING, "BLAS", "unset it, unless there is a reason: OpenBLAS knows this CPU",
                       "%s=%s overrides what OpenBLAS would choose, and can halve its speed", *name, getenv(*name));
}

static void examine_threads(doctor *d) {
    const gt_machine *m = &d->before->machine;
    if (m->allowed < m->processors)
        doctor_add(d, WARNING, "cores", "taskset, a batch system or a container limits it; fine if intended",
                   "this process may use %d of %d processors", m->allowed, m->processors);
    if (m->quota > 0 && m->quota < m->allowed)
        doctor_add(d, WARNING, "cores", "ask for more CPU time (container, control group), or give --threads",
                   "a quota of %.2f cores for %d processors: threads will be stopped again and again", m->quota,
                   m->allowed);
    const double seconds = 0.5; /* the system's own average would count what this program did before */
    double load = gt_machine_load_of_others(seconds);
    if (load > 0.5 * m->processors)
        doctor_add(d, WARNING, "load", "measure again when they are done; ranks and threads share the cores with them",
                   "other programs keep %.1f of %d processors busy", load, m->processors);
    doctor_add(d, d->comm->oversubscribed ? WARNING : FINE, "threads", "fewer ranks, or fewer --threads", "%s",
               d->comm->description);
}

static void examine_speed(doctor *d) {
    enum { IN_MEMORY = 256 << 20 };
    int threads = gt_pool_threads(d->pool);
    const gt_kernel_set *used = gt_kernel_set_or_best(d->options.kernels);
    double one = gt_probe_fma(NULL, used), all = gt_probe_fma(d->pool, used);
    size_t near = d->before->machine.l2 ? d->before->machine.l2 / 2 : (size_t)128 << 10;
    double near_rate = gt_probe_bandwidth(NULL, near), one_rate = gt_probe_bandwidth(NULL, IN_MEMORY),
           all_rate = gt_probe_bandwidth(d->pool, IN_MEMORY / (size_t)threads);
    bool slow = all < 0.8 * threads * one;
    doctor_add(d, slow ? WARNING : FINE, "arithmetic",
               "the cores are busy, throttled, or pairs of threads of one core: compare with `gantry bench peak` on an "
               "idle machine",
               "%.0f Gflop/s on one thread, %.0f on %d: %.2f times", one / 1e9, all / 1e9, threads, all / one);
    if (!one_rate || !all_rate)
        doctor_add(d, BROKEN, "bandwidth", "free memory, or raise its limit", "%s", gt_message());
    else
        doctor_add(d, FINE, "bandwidth", NULL, "%.0f GB/s from L2; from memory %.1f GB/s on one thread, %.1f on %d",
                   near_rate / 1e9, one_rate / 1e9, all_rate / 1e9, threads);
}

static void examine_memory(doctor *d) {
    const double enough = 4e9;
    double all = (double)d->before->machine.memory, free_bytes = (double)d->before->machine.available;
    bool little = free_bytes < enough;
    doctor_add(d, little ? WARNING : FINE, "memory", "only small jobs fit; --dry-run shows the memory of a job",
               "%.1f of %.1f GB are free", free_bytes / 1e9, all / 1e9);
    FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    char line[128] = "";
    if (f && !fgets(line, sizeof line, f)) line[0] = 0;
    if (f) fclose(f);
    bool never = strstr(line, "[never]");
    if (*line)
        doctor_add(d, never ? WARNING : FINE, "huge pages",
                   "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
                   never ? "switched off: large arrays cost more time" : "large arrays get them");
}

static void examine_shared_memory(doctor *d) {
    const double enough = 256e6;
    struct statvfs s;
    if (statvfs("/dev/shm", &s) || access("/dev/shm", W_OK)) {
        doctor_add(d, WARNING, "/dev/shm", "mount a tmpfs there: ranks of one host exchange data through it",
                   "missing, or not writable");
        return;
    }
    double free_bytes = (double)s.f_bavail * (double)s.f_frsize;
    doctor_add(d, free_bytes < enough ? WARNING : FINE, "/dev/shm",
               "several ranks on this host may fail: docker run --shm-size=1g", "%.0f MB are free", free_bytes / 1e6);
}

static void examine_room(doctor *d) {
    launch_room r = launch_look_for_room();
    const char *variable = *r.variable ? r.variable : "TMPDIR";
    char free_text[64] = "room is not limited";
    if (isfinite(r.free)) snprintf(free_text, sizeof free_text, "%.0f MB are free", r.free / 1e6);
    doctor_add(d, r.enough ? FINE : WARNING, variable,
               "make room, or set TMPDIR to another folder: until then gantry run starts no ranks, and ranks of plain "
               "mpirun wait for ever",
               "'%s': %s; Open MPI needs %.0f MB for several ranks", r.folder, r.enough ? free_text : r.why,
               launch_room_needed / 1e6);
}

void doctor_machine(doctor *d) {
    examine_cpu(d);
    examine_kernels(d);
    examine_libraries(d); /* first: then BLAS and MPI say themselves what they are */
    examine_blas(d);
    examine_threads(d);
    examine_speed(d);
    examine_memory(d);
    examine_shared_memory(d);
    examine_room(d);
}
