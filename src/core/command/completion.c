/* SPDX-License-Identifier: Apache-2.0
 * gantry completion SHELL: a script that lets the shell complete commands, options, values of choices, and files. */
#include <string.h>

#include "command/door/cli.h"
#include "gantry/program.h"

static void put_names_of_commands(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    const char *space = "";
    for (int i = 0; i < n; i++) {
        fprintf(f, "%s%s", space, c[i]->name);
        space = " ";
    }
}

/* The i-th option that the command takes, of its own table and then of jobs; NULL: there are no more. */
static const gt_option *option_at(const cli_command *c, int i) {
    int n = 0, n_job = 0;
    const gt_option *rows = cli_options(c, &n), *job = gt_job_table(&n_job);
    if (i < n) return &rows[i];
    return c->takes_job && i - n < n_job ? &job[i - n] : NULL;
}

/* Not what is found in data, nor an option of jobs that the command has itself. */
static bool offered(const cli_command *c, int i) {
    const gt_option *o = option_at(c, i);
    bool twice = false;
    for (int k = 0; k < i && !twice; k++) twice = !strcmp(option_at(c, k)->key, o->key);
    return o->class != GT_SHAPE && !twice;
}

/* The networks that come with Gantry, as words. */
static void put_networks(FILE *f) {
    char names[1024];
    gt_shipped_names("networks", ".h5", sizeof names, names);
    for (const char *t = names; *t; t++)
        if (*t != ',') fputc(*t, f);
}

static bool takes_network(const gt_option *o) { return !strcmp(o->key, "resume") || !strcmp(o->key, "network"); }
static bool is_of_networks(const cli_command *c) {
    return c->arguments && (strstr(c->arguments, "CHECKPOINT") || strstr(c->arguments, "NETWORK"));
}

/* ---- bash ---- */

/* The choices of an option, FILES, or NETWORKS: files, and names of networks. Without an option: of other words. */
static void put_bash_values(const cli_command *c, FILE *f) {
    if (is_of_networks(c)) fprintf(f, "    %s:) echo NETWORKS ;;\n", c->name);
    for (int i = 0; option_at(c, i); i++) {
        const gt_option *o = option_at(c, i);
        if (!offered(c, i) || (!o->choices && !o->path)) continue;
        fprintf(f, "    %s:--%s) echo '", c->name, o->key);
        for (const char *t = o->choices ? o->choices : takes_network(o) ? "NETWORKS" : "FILES"; *t; t++)
            fputc(*t == '|' ? ' ' : *t, f);
        fputs("' ;;\n", f);
    }
}

static void put_bash_options(const cli_command *c, FILE *f) {
    fprintf(f, "    %s) echo '--help", c->name);
    for (int i = 0; option_at(c, i); i++) {
        const gt_option *o = option_at(c, i);
        if (offered(c, i)) fprintf(f, " --%s%s", o->key, o->type == GT_OPTION_BOOL || o->bare ? "" : "=");
    }
    fputs("' ;;\n", f);
}

static const char bash_function[] =
    "# The command among the words before the one that is typed; of `gantry run` that which the ranks run.\n"
    "_gantry_command() {\n"
    "    local i word found=''\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        [[ \" $_gantry_commands \" == *\" $word \"* ]] || continue\n"
    "        [[ -z $found || $found == run ]] && found=$word\n"
    "    done\n"
    "    echo \"$found\"\n"
    "}\n"
    "_gantry_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -f -- \"$cur\"\n"
    "        [[ $values != NETWORKS ]] || compgen -P \"$before\" -W \"$_gantry_networks\" -- \"$cur\")\n"
    "}\n"
    "_gantry() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} last='' key='' before='' command values\n"
    "    COMPREPLY=()\n"
    "    command=$(_gantry_command)\n"
    "    ((COMP_CWORD > 0)) && last=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    if [[ $cur == = ]]; then # bash splits words at =\n"
    "        key=$last cur=''\n"
    "    elif [[ $last == = ]]; then\n"
    "        key=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    elif [[ $cur == --*=* ]]; then # unless COMP_WORDBREAKS is without it\n"
    "        key=${cur%%=*} before=${cur%%=*}= cur=${cur#*=}\n"
    "    elif [[ $last == --* && $cur != -* && \" $(_gantry_options \"$command\") \" == *\" $last= \"* ]]; then\n"
    "        key=$last\n"
    "    fi\n"
    "    if [[ -n $key ]]; then\n"
    "        values=$(_gantry_values \"$command:$key\")\n"
    "        if [[ $values == FILES || $values == NETWORKS ]]; then\n"
    "            _gantry_files\n"
    "        else\n"
    "            mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$values\" -- \"$cur\")\n"
    "        fi\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$(_gantry_options \"$command\")\" -- \"$cur\")\n"
    "        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
    "    elif [[ -z $command || $command == run || $command == help || $command == man ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$_gantry_commands\" -- \"$cur\")\n"
    "    elif [[ $command == completion ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W 'bash zsh words' -- \"$cur\")\n"
    "    else\n"
    "        values=$(_gantry_values \"$command:\")\n"
    "        _gantry_files\n"
    "    fi\n"
    "}\n"
    "complete -F _gantry gantry\n";

static void print_bash(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    fputs("# Completion of bash for gantry. Written by `gantry completion bash`.\n_gantry_commands='", f);
    put_names_of_commands(f);
    fputs("'\n_gantry_networks='", f);
    put_networks(f);
    fputs("'\n_gantry_options() { # COMMAND\n    case $1 in\n", f);
    for (int i = 0; i < n; i++) put_bash_options(c[i], f);
    fputs("    *) echo '--help --version' ;;\n    esac\n}\n_gantry_values() { # COMMAND:--OPTION\n    case $1 in\n", f);
    for (int i = 0; i < n; i++) put_bash_values(c[i], f);
    fputs("    esac\n}\n", f);
    fputs(bash_function, f);
}

/* ---- zsh ---- */

/* Between single quotes, in a specification of _arguments. */
static void put_zsh_text(const char *text, FILE *f) {
    for (; *text; text++) {
        if (*text == '\'') fputs("'\\''", f);
        else if (strchr("[]:\\", *text)) fprintf(f, "\\%c", *text);
        else fputc(*text, f);
    }
}

/* '--aug=[Augment what D sees]:NAME:(ada fixed noaug)', where `name` is "--aug=". */
static void put_zsh_row(const char *name, const gt_option *o, bool value, FILE *f) {
    char room[32];
    fprintf(f, "            '%s[", name);
    put_zsh_text(o->help, f);
    fputc(']', f);
    if (value) {
        fputs(o->bare ? "::" : ":", f);
        put_zsh_text(gt_option_placeholder(o, room), f);
        fputc(':', f);
    }
    if (value && o->choices) {
        fputc('(', f);
        for (const char *t = o->choices; *t; t++) fputc(*t == '|' ? ' ' : *t, f);
        fputc(')', f);
    } else if (value && o->path) {
        fputs(takes_network(o) ? "_gantry_networks" : "_files", f);
    }
    fputs("' \\\n", f);
}

static void put_zsh_option(const gt_option *o, FILE *f) {
    char name[96];
    bool value = o->type != GT_OPTION_BOOL;
    snprintf(name, sizeof name, "--%s%s", o->key, !value ? "" : o->bare ? "=-" : "=");
    put_zsh_row(name, o, value, f);
    snprintf(name, sizeof name, "-%c", o->letter);
    if (o->letter) put_zsh_row(name, o, value && !o->bare, f);
}

static void put_zsh_command(const cli_command *c, FILE *f) {
    fprintf(f, "    %s)\n        _arguments \\\n            '--help[Show the help of gantry %s]' \\\n", c->name,
            c->name);
    for (int i = 0; option_at(c, i); i++)
        if (offered(c, i)) put_zsh_option(option_at(c, i), f);
    const char *rest = !strcmp(c->name, "run")                               ? "*::command:_gantry_words"
                       : !strcmp(c->name, "help") || !strcmp(c->name, "man") ? "1:command:_gantry_names"
                       : !strcmp(c->name, "completion")                      ? "1:shell:(bash zsh words)"
                       : is_of_networks(c)                                   ? "*:file:_gantry_networks"
                                                                             : "*:file:_files";
    fprintf(f, "            '%s'\n        ;;\n", rest);
}

static void print_zsh(FILE *f) {
    int n;
    const cli_command *const *c = cli_commands(&n);
    fputs("#compdef gantry\n# Completion of zsh for gantry. Written by `gantry completion zsh`.\n"
          "_gantry_names() {\n    local -a commands\n    commands=(\n",
          f);
    for (int i = 0; i < n; i++) {
        fprintf(f, "        '%s:", c[i]->name);
        put_zsh_text(c[i]->help, f);
        fputs("'\n", f);
    }
    fputs("    )\n    _describe -t commands command commands\n}\n"
          "_gantry_networks() { _alternative 'files:file:_files' 'networks:network that comes with Gantry:(",
          f);
    put_networks(f);
    fputs(")' }\n"
          "# The words from the command on.\n_gantry_words() {\n"
          "    if ((CURRENT == 1)); then\n        _gantry_names\n        return\n    fi\n    case $words[1] in\n",
          f);
    for (int i = 0; i < n; i++) put_zsh_command(c[i], f);
    fputs(
        "    *) _files ;;\n    esac\n}\n_gantry() {\n    _arguments '*::command:_gantry_words'\n}\n"
        "if [[ $funcstack[1] == _gantry ]]; then\n    _gantry \"$@\"\nelse # sourced\n    compdef _gantry gantry\nfi\n",
        f);
}

/* ---- the command ---- */

static void print_words(FILE *f) {
    put_names_of_commands(f);
    fputc('\n', f);
}

static gt_status completion(cli_session *s) {
    const cli_arguments *a = &s->arguments;
    const char *shell = a->n_words == 1 ? a->words[0] : "";
    if (gt_is(shell, "bash")) print_bash(stdout);
    else if (gt_is(shell, "zsh")) print_zsh(stdout);
    else if (gt_is(shell, "words")) print_words(stdout);
    else return gt_fail(GT_USAGE, "a shell is needed: gantry completion bash, or gantry completion zsh");
    return GT_OK;
}

const cli_command cli_completion = {
    .name = "completion",
    .arguments = "bash | zsh | words",
    .help = "Print a script that lets a shell complete gantry's words",
    .detail = "It completes commands, names of options, values of choices, files, and networks that come with Gantry. "
              "make install installs both "
              "scripts where the shells look for them. words: the names of all commands.",
    CLI_EXAMPLES({"For every new bash", "gantry completion bash > ~/.local/share/bash-completion/completions/gantry"},
                 {"For every new zsh", "gantry completion zsh > ~/.zsh/_gantry"}),
    .run = completion,
};
