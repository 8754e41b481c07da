/* SPDX-License-Identifier: Apache-2.0
 * The subcommands, a row each, and what their exit statuses mean. */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "dist/mpi_version.h"

static const cli_command commands[] = {
    {.name = "train", .run = cli_train, .ranks = true, .own_words = 1, .options = gt_job_table, .arguments = "[JOB.ini] [--key=value | key=value ...]",
     .help = "Train a model, or go on with a run; after `run -n N` on N ranks",
     .detail = "The job is put together from the recipe, the job file and the command line, each overruling the one before. --run=DIR goes on "
               "with an "
               "unfinished run bit for bit, on the same or another number of ranks; without a job file and --data it takes the job from DIR/job.ini. "
               "Ranks cannot be more than slices: for more, use threads, or a larger batch."},
    {.name = "run", .run = cli_run, .options = cli_run_options, .arguments = "[-n RANKS] [OPTIONS] COMMAND [ARGUMENTS OF COMMAND ...]",
     .help = "Run a command on several ranks, by mpirun or srun; Ctrl-C is safe",
     .detail = "Finds the launcher and gives it what it needs: ranks, hosts, more ranks than cores, root in a container. Ctrl-C, SIGTERM and SIGHUP let training "
               "finish its step, write a checkpoint and end with status 75, which mpirun itself leaves no time for; the second one ends it at once. The exit status is "
               "that of the ranks."},
    {.name = "submit", .run = cli_submit, .options = cli_submit_options, .arguments = "[JOB.ini] [OPTIONS OF train ...] [--key=value ...]",
     .help = "Check a training job, and put it into Slurm's queue until it is done",
     .detail = "Takes the arguments of gantry train besides its own. The batch script is shown, kept in the run's directory as submit.sbatch, and "
               "submitted after a question; the job checkpoints before its walltime ends or when it is preempted, and comes back by itself. What is "
               "particular to a site stands in slurm/site.env (or the file that GANTRY_SITE names)."},
    {.name = "dataset", .run = cli_dataset, .ranks = true, .options = cli_dataset_options, .arguments = "SOURCE DEST | ACTION ... [--key=value ...]",
     .help = "Make a dataset of pictures from any source, or look at one",
     .detail = "SOURCE: a folder or ZIP of pictures, HDF5, LMDB (NAME_lmdb), CIFAR, MNIST, TFRecords, .npy, .npz, a CSV of paths and labels, synth:NAME. DEST: FILE.zip, FILE.h5 "
               "or a folder. Also: inspect DATASET ..., verify DATASET ..., subset SOURCE DEST --count=N, split SOURCE DEST DEST ..., merge SOURCE SOURCE ... DEST. What was "
               "begun and not finished goes on where it stopped. Unlike the reference tool it takes RGBA, 16-bit and float pictures and every size that the networks can make."},
    {.name = "generate", .run = cli_generate, .ranks = true, .options = cli_generate_options, .arguments = "CHECKPOINT | RUN [--key=value ...]",
     .help = "Make images from a checkpoint; under mpirun the ranks share the work",
     .detail = "Uses the moving average of the generator. A seed gives the latent that it gives in the reference tool."},
    {.name = "reconstruct", .run = cli_reconstruct, .ranks = true, .own_words = 2, .options = cli_reconstruct_options, .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
     .help = "Images beside what an autoencoder makes of them"},
    {.name = "latent", .run = cli_latent, .ranks = true, .own_words = 2, .options = cli_latent_options, .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
     .help = "Encode a dataset; histograms, traversals, interpolation"},
    {.name = "anomalies", .run = cli_anomalies, .ranks = true, .own_words = 2, .options = cli_anomalies_options, .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
     .help = "Rank images by how badly an autoencoder reconstructs them"},
    {.name = "gmm", .run = cli_gmm, .ranks = true, .options = cli_gmm_options, .arguments = "fit DATA | predict|score MIXTURE DATA | sample MIXTURE ...",
     .help = "Gaussian mixtures of points, images or latents",
     .detail = "DATA: FILE.csv with a point a line, an array of an HDF5 file (such as what gantry latent writes), or a dataset, whose images are points of numbers from 0 to 1. "
               "Log-likelihoods are per sample, in nats, in the data's own units; those of images are comparable with what gantry likelihood says of "
               "autoencoders. Under mpirun the ranks share the points; the bits are the same on any number. MIXTURE: what fit has written, OUTDIR/mixture.h5; a fit that was stopped goes on with "
               "the same command."},
    {.name = "likelihood", .run = cli_likelihood, .ranks = true, .own_words = 2, .options = cli_likelihood_options, .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
     .help = "log p(x) of images under a variational autoencoder",
     .detail = "Estimated with importance samples, beside the ELBO and what lies between them. In nats per image for pixels in [0,1]: comparable with the "
               "log-likelihood of another model of the same pixels."},
    {.name = "inspect", .run = cli_inspect, .options = cli_inspect_options, .arguments = "FILE ... [--key=value ...]",
     .help = "Show what a dataset, checkpoint, metric log or run holds",
     .detail = "With --graph FILE is a job file, a checkpoint or a run, and the training graphs of its model are shown as tables."},
    {.name = "report", .run = cli_report, .options = cli_report_options, .arguments = "RUN [--key=value ...]",
     .help = "Write curves and pictures of a run into one HTML file"},
    {.name = "compare", .run = cli_compare, .options = cli_compare_options, .arguments = "RUN ... [--key=value ...]",
     .help = "Several runs as a table, and their pictures side by side",
     .detail = "Losses are means over the last quarter of the ticks, all else is of the last tick. jobs/sweep.sh and slurm/sweep.sbatch end with it."},
    {.name = "bench", .run = cli_bench, .arguments = "NAME [--json] [--long] [--key=value ...]",
     .help = "Measure this machine: arithmetic, steps, loading, scaling",
     .detail = "Each NAME is a program of its own with its own --help; `gantry bench` lists them. Results go to stdout as tables, or as JSON, which "
               "`gantry bench report FILE ...` prints again, joins into one HDF5 file and plots."},
    {.name = "doctor", .run = cli_doctor, .ranks = true, .options = cli_doctor_options, .arguments = "[--key=value ...]",
     .help = "Are the machines set up for speed? What to do if not",
     .detail = "Under mpirun or srun it looks at all hosts, at clocks, and at the network between them; with --data and --outdir at their file systems, "
               "which it measures."},
    {.name = "help", .run = cli_help, .arguments = "[COMMAND | KEY]", .help = "Explain a command or an option"},
    {.name = "version", .run = cli_version, .arguments = "", .help = "Version, libraries and instruction set"},
    {.name = "reference", .run = cli_reference, .arguments = "", .help = "Print jobs/reference.ini", .hidden = true},
    {.name = "man", .run = cli_manual, .arguments = "", .help = "Print the manual page", .hidden = true},
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

const cli_command *cli_commands(int *n) {
    *n = N_COMMANDS;
    return commands;
}

const cli_command *cli_find(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i].name, name)) return &commands[i];
    return NULL;
}

bool cli_first_rank(void) { return gt_mpi_launched_rank() == 0; }

bool cli_others_work(const char *command) {
    int rank = gt_mpi_launched_rank();
    if (rank == 1) fprintf(stderr, "gantry %s: rank 0 does this alone, the other ranks have nothing to do\n", command);
    return rank > 0;
}

int cli_wait_turn(void) {
    enum { FIRST_SPEAKS = 1500000, NEXT_SPEAKS = 100000, MOST = 20 };
    int rank = gt_mpi_launched_rank();
    if (rank > 0) usleep(FIRST_SPEAKS + NEXT_SPEAKS * (unsigned)(rank < MOST ? rank : MOST));
    return rank;
}

static int code_of(gt_status status) {
    static const int codes[] = {
        [GT_OK] = CLI_DONE, [GT_FAILED] = CLI_FAILED, [GT_USAGE] = CLI_USAGE, [GT_FORMAT] = CLI_FAILED, [GT_NOMEM] = CLI_FAILED,
        [GT_NONFINITE] = CLI_FAILED, [GT_STOPPED] = CLI_STOPPED,
    };
    return codes[status];
}

static bool is_failure(gt_status status) { return status && status != GT_STOPPED; }

static void say(const char *command, gt_status status, const char *who) {
    fprintf(stderr, "gantry%s%s: %s%s\n", *command ? " " : "", command, who, gt_message());
    if (status == GT_USAGE) fprintf(stderr, "see gantry%s%s --help\n", *command ? " " : "", command);
}

int cli_exit(const char *command, gt_status status) {
    if (is_failure(status)) {
        int rank = cli_wait_turn();
        char who[32] = "";
        if (rank > 0) snprintf(who, sizeof who, "rank %d: ", rank);
        say(command, status, who);
    }
    return code_of(status);
}

/* `srun -K` kills all other tasks when one ends with a status that is not 0, and then returns the status of the killed ones. So rank 0 alone
 * says 75, when the others have gone. */
static int stopped(int rank) {
    enum { MICROSECONDS = 500000 };
    if (rank > 0) return CLI_DONE;
    usleep(MICROSECONDS);
    return CLI_STOPPED;
}

int cli_leave(const char *command, gt_status status, gt_comm *comm) {
    if (!comm) return cli_exit(command, status);
    int code = code_of(status), rank = comm->rank, ranks = comm->ranks;
    if (is_failure(status) && rank == 0) say(command, status, "");
    gt_comm_stop_all(comm);
    return code == CLI_STOPPED && ranks > 1 ? stopped(rank) : code;
}

const char *cli_nearest(const char *name) {
    gt_option rows[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) rows[i] = (gt_option){.key = commands[i].name};
    return gt_options_nearest(&(gt_options){.rows = rows, .n = N_COMMANDS}, name);
}
