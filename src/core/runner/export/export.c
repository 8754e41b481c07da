/* SPDX-License-Identifier: Apache-2.0
 * Reads networks and has them written in one of the forms of export.h. */
#define _GNU_SOURCE
#include "runner/export/door/export.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "networks/model/door/family.h"
#include "runner/door/trained.h"

enum { NAMES_BYTES = 256 };
static const gt_export_form *const *const forms = gt_export_all_forms;

/* The forms that `m` has; NULL: all forms. */
static const char *names_of(const gt_model *m, char names[NAMES_BYTES]) {
    size_t n = 0;
    names[0] = 0;
    for (int i = 0; forms[i] && n < NAMES_BYTES; i++)
        if (!m || !forms[i]->fits || forms[i]->fits(m))
            n += (size_t)snprintf(names + n, NAMES_BYTES - n, "%s%s", n ? ", " : "", forms[i]->name);
    return names;
}

static const gt_export_form *find_form(const char *name) {
    for (int i = 0; forms[i]; i++)
        if (!strcasecmp(forms[i]->name, name)) return forms[i];
    return NULL;
}

bool gt_export_is_form(const char *name) { return find_form(name); }

gt_status gt_export_check_form(const gt_option *o, const char *value) {
    char names[NAMES_BYTES];
    (void)o;
    if (find_form(value)) return GT_OK;
    return gt_fail(GT_USAGE, "there is no form '%.40s' of networks: %s", value, names_of(NULL, names));
}

static gt_status fail_unfit(const gt_export_form *form, const gt_model *m, const char *of) {
    char names[NAMES_BYTES];
    return gt_fail(GT_USAGE, "%s (%s, %d x %d pixels) has no form %s%s%s; it has %s", of, m->name, m->width, m->height,
                   form->name, form->needs ? ", which is for " : "", form->needs ? form->needs : "",
                   names_of(m, names));
}

static const gt_export_form *form_of(const gt_export_request *r) {
    char names[NAMES_BYTES];
    const char *name = strrchr(r->out, '/'), *dot = strrchr(name ? name : r->out, '.');
    bool given = r->form && *r->form;
    const gt_export_form *form = given ? find_form(r->form) : dot ? find_form(dot + 1) : NULL;
    if (!form && given) gt_wrap(gt_export_check_form(NULL, r->form), "--format");
    else if (!form)
        gt_fail(GT_USAGE, "'%s': the ending must name the form of the network: %s; or give --format", r->out,
                names_of(NULL, names));
    return form;
}

/* One name of a list. */
static gt_status take_form(const char *name, const gt_model *m, const gt_export_form **forms_of, int *n) {
    const gt_export_form *form = find_form(name);
    if (!form) return gt_wrap(gt_export_check_form(NULL, name), "--export");
    if (m && form->fits && !form->fits(m)) return gt_wrap(fail_unfit(form, m, "the model"), "--export");
    for (int i = 0; i < *n; i++)
        if (forms_of[i] == form) return gt_fail(GT_USAGE, "--export: '%s' occurs twice", form->name);
    forms_of[(*n)++] = form;
    return GT_OK;
}

gt_status gt_export_forms(const char *list, const gt_model *m, const gt_export_form *out[GT_EXPORT_MOST_FORMS],
                          int *n) {
    char copy[NAMES_BYTES], *rest = copy;
    *n = 0;
    if (gt_is(list, "none") || !*list) return GT_OK;
    if (snprintf(copy, sizeof copy, "%s", list) >= (int)sizeof copy)
        return gt_fail(GT_USAGE, "--export: the list is too long");
    gt_status st = GT_OK;
    for (char *name; !st && (name = strsep(&rest, ","));) st = take_form(name, m, out, n);
    return st;
}

gt_status gt_export_check_list(const char *list) {
    const gt_export_form *all[GT_EXPORT_MOST_FORMS];
    int n;
    return gt_export_forms(list, NULL, all, &n);
}

const char *gt_export_form_name(const gt_export_request *r) {
    const gt_export_form *form = form_of(r);
    return form ? form->name : NULL;
}

gt_status gt_export_check(const gt_export_request *r) {
    struct stat in, out;
    const gt_export_form *form = form_of(r);
    if (!form) return GT_USAGE;
    if (form->one && r->all)
        return gt_fail(GT_USAGE, "--all: an .%s holds one network, or a part of it (--part): '%s'", form->name, r->out);
    if (stat(r->out, &out)) return GT_OK;
    if (S_ISDIR(out.st_mode)) return gt_fail(GT_USAGE, "'%s' is a folder: name a file to write", r->out);
    if (!stat(r->checkpoint, &in) && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return gt_fail(GT_USAGE, "'%s' is the input file: give another name to write to", r->out);
    return GT_OK;
}

/* The network in use, then, if they are wanted, the others that were read. */
static gt_status list_networks(gt_export_source *s, bool all) {
    gt_trained *t = s->trained;
    const gt_model *m = t->model;
    bool averaged = m->ema_of == t->network;
    const gt_net *used = m->nets[t->network];
    const char *name = averaged ? gt_arena_printf(t->job->arena, "%s_ema", used->name) : used->name;
    if (!name) return GT_NOMEM;
    s->nets[s->n_nets++] = (gt_export_net){name, used, t->params};
    for (int i = 0; i < m->n_nets && all; i++)
        if ((t->networks >> i & 1) && m->blocks[i] != t->params)
            s->nets[s->n_nets++] = (gt_export_net){m->nets[i]->name, m->nets[i], m->blocks[i]};
    return GT_OK;
}

static gt_status write_form(const gt_export_form *form, const gt_export_request *r, gt_trained *t,
                            gt_export_done *done) {
    gt_export_source s = {.request = r, .trained = t};
    if (form->fits && !form->fits(t->model)) return fail_unfit(form, t->model, r->checkpoint);
    gt_status st = list_networks(&s, r->all || form->all);
    if (st) return st;
    if (form->inputs) s.inputs = form->inputs(&s);
    *done = (gt_export_done){.readers = form->readers ? form->readers(t->model) : form->help};
    snprintf(done->inputs, sizeof done->inputs, "%s", s.inputs.s);
    return form->write(&s);
}

gt_status gt_export(const gt_export_request *r, gt_export_done *done) {
    gt_export_done unread;
    const gt_export_form *form = form_of(r);
    if (!form) return GT_USAGE;
    gt_trained t;
    gt_status st = r->all || form->all ? gt_trained_open_all(&t, r->checkpoint, &r->reading)
                                       : gt_trained_open(&t, r->checkpoint, &r->reading);
    if (st) return st;
    st = write_form(form, r, &t, done ? done : &unread);
    gt_trained_close(&t);
    return st;
}
