/* SPDX-License-Identifier: Apache-2.0
 * gantry export and gantry convert: networks as files for other programs. */
#include "gantry/export.h"

#include "command/door/cli.h"
#include "gantry/log.h"

#define ONNX_INPUTS(X) X(ONNX_FROM_LATENTS, "z") X(ONNX_FROM_STYLES, "w")
typedef enum onnx_input { ONNX_INPUTS(GT_CONSTANT) } onnx_input;
#define ONNX_NOISES(X) X(ONNX_NOISE_CONST, "const") X(ONNX_NOISE_NONE, "none")
typedef enum onnx_noise { ONNX_NOISES(GT_CONSTANT) } onnx_noise;

typedef struct export_fields {
    const char *format;
    const char *source, *dest; /* of convert alone, as force_fp16 */
    /* of ONNX models */
    const char *part;
    onnx_input from;
    onnx_noise noise_mode;
    int64_t protocol, truncation_cutoff;
    bool all, force_fp16, overwrite;
    cli_assumed assumed;
    gt_export_request request;
} export_fields;

#define FIELDS export_fields

static const gt_outfile networks = {.files = CLI_NAMES({"*", GT_OUTFILE_NETWORK})};

#define COMMON                                                                                                       \
    {CLI_OPTION(format, "", "Form of the file, such as npz, if its ending does not give it"), .placeholder = "FORM", \
     .check = gt_export_check_form},                                                                                 \
        {CLI_OPTION(all, "0", "Write all networks, not only the one in use (G_ema)")}, {                             \
        CLI_OPTION(protocol, "4", "Protocol of a .pkl"),                                                             \
            .min = 2, .max = 5, .with = "pkl",                                                                       \
            .detail = "Python 3.4 and later read protocol 4; every version reads protocol 2."                        \
    }

/* Of ONNX models. */
#define ONNX                                                                                                           \
    {CLI_OPTION(part, "", "Part of the network in an .onnx: generator, mapping, decoder, encoder"),                    \
     .placeholder = "PART", .with = "onnx", .choices = "|denoiser|generator|mapping|decoder|encoder|classifier",       \
     .detail = "Models with styles: generator, mapping. Autoencoders: decoder, encoder. Other models have one part."}, \
        {CLI_OPTION(from, "z", "Input of an .onnx: z (with c, truncation), or styles (w)"), GT_CHOICES(ONNX_INPUTS),   \
         .with = "onnx"},                                                                                              \
        {CLI_ROW("noise-mode", noise_mode, "const", "Noise inputs in an .onnx"), GT_CHOICES(ONNX_NOISES),              \
         .with = "onnx"},                                                                                              \
    {                                                                                                                  \
        CLI_ROW("truncation-cutoff", truncation_cutoff, "-1",                                                          \
                "Number of layers of styles that truncation changes in an .onnx; -1: all"),                            \
            .min = -1, .max = 1000, .with = "onnx"                                                                     \
    }

static const gt_option export_table[] = {COMMON, ONNX, CLI_OVERWRITE, CLI_ASSUMED, CLI_ASSUMED_OF_CLASSIFIERS};

static const gt_option convert_table[] = {
    {CLI_OPTION(source, "", "The same as SOURCE"), .path = true},
    {CLI_OPTION(dest, "", "The same as DEST"), .path = true, .writes = &networks},
    COMMON,
    ONNX,
    {CLI_ROW("force-fp16", force_fp16, "0", "Option of stylegan2-ada-pytorch that Gantry refuses"),
     .detail = "Gantry computes networks in float32, and files with blocks of half precision fail on CPUs."},
    CLI_OVERWRITE,
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

static gt_status check_dest(cli_session *s, const char *source, const char *dest) {
    export_fields *f = s->fields;
    f->request = (gt_export_request){.checkpoint = source,
                                     .reading = {.given = &s->options},
                                     .out = dest,
                                     .form = f->format,
                                     .all = f->all,
                                     .protocol = (int)f->protocol,
                                     .part = f->part,
                                     .no_noise = f->noise_mode == ONNX_NOISE_NONE,
                                     .from_styles = f->from == ONNX_FROM_STYLES,
                                     .truncation_cutoff = f->truncation_cutoff < 0 ? 0 : (int)f->truncation_cutoff};
    if (!f->truncation_cutoff)
        return gt_fail(GT_USAGE, "--truncation-cutoff=0 would truncate no style: a truncation of 1 does that");
    const char *form = gt_export_form_name(&f->request);
    gt_status st = form ? gt_options_check_effect(&s->options, form) : GT_USAGE;
    if (!st) st = gt_export_check(&f->request);
    if (!st) st = cli_choose_checkpoint(&s->options, &f->request.checkpoint);
    return st ? st : cli_check_output(&s->options, f->request.out, &networks);
}

static gt_status read_export(cli_session *s) {
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and the file to write are needed, as in gantry "
                                 "export runs/first first.pkl");
    return check_dest(s, s->arguments.words[0], s->arguments.words[1]);
}

/* SOURCE DEST, or the options of the same names. */
static gt_status read_convert(cli_session *s) {
    const export_fields *f = s->fields;
    const char *of[2] = {f->source, f->dest};
    if (f->force_fp16)
        return gt_fail(GT_USAGE, "--force-fp16: Gantry keeps networks in float32; the reference's legacy.py "
                                 "--force-fp16 converts a .pkl to half precision");
    int word = 0;
    for (int i = 0; i < 2; i++)
        if (!*of[i] && word < s->arguments.n_words) of[i] = s->arguments.words[word++];
    if (!*of[0] || !*of[1] || word < s->arguments.n_words)
        return gt_fail(GT_USAGE, "one source and one destination are needed: gantry convert SOURCE DEST");
    return check_dest(s, of[0], of[1]);
}

static gt_status export_network(cli_session *s) {
    const export_fields *f = s->fields;
    gt_info("Loading networks from \"%s\"...", f->request.checkpoint);
    gt_export_done done;
    gt_status st = gt_export(&f->request, &done);
    if (!st)
        gt_print("%s: for %s%s%s\n", f->request.out, done.readers, *done.inputs ? "; the network wants " : "",
                 done.inputs);
    return st;
}

const cli_command cli_export = {
    .name = "export",
    .arguments = "CHECKPOINT OUT [--key=value ...]",
    .help = "Write a network for other programs: .pkl .safetensors .npz .onnx",
    .detail = "The ending of OUT gives the form. The network is the moving average of G, or the classifier.",
    .files = "OUT.",
    CLI_EXAMPLES({"For stylegan2-ada-pytorch", "gantry export runs/first first.pkl"},
                 {"For onnxruntime, with styles as input", "gantry export runs/first first.onnx --from=w"},
                 {"All tensors, for NumPy", "gantry export runs/first first.npz --all"}),
    .rows = export_table,
    .n_rows = sizeof export_table / sizeof *export_table,
    .fields = sizeof(export_fields),
    .prepare = read_export,
    .run = export_network,
    .acts = true,
};

const cli_command cli_convert = {
    .name = "convert",
    .arguments = "SOURCE DEST [--key=value ...]",
    .help = "Convert a network of another program to another form",
    .detail = "Works like gantry export; SOURCE may be any file that gantry generate takes.",
    .files = "DEST.",
    CLI_EXAMPLES({"From a pickle to arrays", "gantry convert faces.pkl faces.safetensors"},
                 {"From a pickle to ONNX", "gantry convert faces.pkl faces.onnx --from=w"}),
    .rows = convert_table,
    .n_rows = sizeof convert_table / sizeof *convert_table,
    .fields = sizeof(export_fields),
    .prepare = read_convert,
    .run = export_network,
    .acts = true,
};
