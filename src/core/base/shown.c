/* SPDX-License-Identifier: Apache-2.0
 * Texts that come from data: files, archives, networks, the command line (gantry/text.h). A terminal obeys some of
 * their bytes, and a line of a log ends at others; here they become texts that only show. */
#include "base/door/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- UTF-8 ---- */

/* Bytes of the code that the n > 0 bytes at text begin with; 0: they begin with none. */
static int code_at(const unsigned char *text, size_t n, uint32_t *code) {
    /* in fewer bytes: none, though it could be read as one */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int bytes = text[0] < 0x80   ? 1
                : text[0] < 0xc0 ? 0
                : text[0] < 0xe0 ? 2
                : text[0] < 0xf0 ? 3
                : text[0] < 0xf8 ? 4
                                 : 0;
    if ((size_t)bytes > n) return 0;
    *code = bytes < 2 ? text[0] : text[0] & (0xffu >> (bytes + 1));
    for (int i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return bytes < 2 || (*code >= least[bytes] && *code <= 0x10ffff && !surrogate) ? bytes : 0;
}

/* The same of codes that stand for characters. */
static int length_of(const unsigned char *text, size_t n, uint32_t *code) {
    int bytes = code_at(text, n, code);
    return bytes && ((*code & 0xfffe) == 0xfffe || (*code >= 0xfdd0 && *code <= 0xfdef)) ? 0 : bytes;
}

bool gt_text_is_utf8(const char *text, size_t n) {
    uint32_t code;
    for (int bytes; n; text += bytes, n -= (size_t)bytes)
        if (!(bytes = code_at((const unsigned char *)text, n, &code))) return false;
    return true;
}

void gt_utf8_clean(char *text) {
    uint32_t code;
    for (size_t left = strlen(text); left;) {
        int n = length_of((const unsigned char *)text, left, &code);
        if (!n) *text = '?';
        text += n ? n : 1;
        left -= (size_t)(n ? n : 1);
    }
}

/* ---- texts of data ---- */

/* Does a terminal do something else with it than to show it? */
static bool is_command(uint32_t code) {
    static const uint32_t first_last[][2] = {
        {0, 0x1f},        {0x7f, 0x9f},                      /* controls */
        {0x61c, 0x61c},   {0x200e, 0x200f},                  /* marks of direction */
        {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb} /* lines, directions, annotations */
    };
    for (size_t i = 0; i < sizeof first_last / sizeof *first_last; i++)
        if (code >= first_last[i][0] && code <= first_last[i][1]) return true;
    return false;
}

typedef struct sink {
    char *to;
    size_t room, n; /* n may exceed the room */
} sink;

static void put(sink *s, const char *bytes, size_t n) {
    size_t free = s->n < s->room ? s->room - s->n : 0;
    if (free) memcpy(s->to + s->n, bytes, n < free ? n : free);
    s->n += n;
}

static void put_shown(sink *s, const char *text, size_t bytes) {
    while (bytes) {
        uint32_t code;
        int whole = length_of((const unsigned char *)text, bytes, &code), n = whole ? whole : 1;
        bool plain = whole && !is_command(code);
        if (plain) put(s, text, (size_t)n);
        for (int i = 0; i < n && !plain; i++) {
            char hex[5];
            snprintf(hex, sizeof hex, "\\x%02x", (unsigned char)text[i]);
            put(s, hex, 4);
        }
        text += n;
        bytes -= (size_t)n;
    }
}

static void pad(sink *s, size_t n) {
    while (n--) put(s, " ", 1);
}

/* A conversion of printf: %, flags, width, precision; then its letters. */
typedef struct conversion {
    char text[64];        /* without the letters */
    int width, precision; /* precision -1: none */
    bool left;
} conversion;

/* -> what follows the width and the precision */
static const char *read_conversion(const char *format, va_list *args, conversion *c) {
    size_t flags = 1 + strspn(format + 1, "-+ #0");
    int *number[] = {&c->width, &c->precision};
    *c = (conversion){.left = memchr(format, '-', flags) != NULL, .precision = -1};
    const char *at = format + flags;
    for (int i = 0; i < 2; i++) {
        if (i && *at != '.') break;
        at += i;
        *number[i] = 0;
        if (*at == '*') *number[i] = va_arg(*args, int), at++;
        for (; *at >= '0' && *at <= '9'; at++) *number[i] = 10 * *number[i] + (*at - '0');
    }
    if (c->width < 0) c->left = true, c->width = -c->width;
    int n = snprintf(c->text, sizeof c->text, "%.*s%s", (int)(flags < 8 ? flags : 8), format, c->left ? "-" : "");
    if (c->width) n += snprintf(c->text + n, sizeof c->text - (size_t)n, "%d", c->width);
    if (c->precision >= 0) snprintf(c->text + n, sizeof c->text - (size_t)n, ".%d", c->precision);
    return at;
}

/* Puts the next argument as the conversion at `format` says. -> what follows it */
static const char *put_argument(sink *s, const char *format, va_list *args) {
    enum { NUMBER = 512 };
    conversion c;
    char number[NUMBER], spec[80];
    const char *at = read_conversion(format, args, &c);
    size_t letters = strspn(at, "hljztL");
    char type = at[letters], size = letters ? at[letters - 1] : 0;
    bool is_signed = type == 'd' || type == 'i', is_text = type == 's' || type == 'c';
    number[0] = 0;
    if (is_text) {
        char one = type == 'c' ? (char)va_arg(*args, int) : 0;
        const char *text = type == 'c' ? &one : va_arg(*args, const char *);
        if (!text) text = "(null)";
        size_t n = type == 'c' ? 1 : c.precision >= 0 ? strnlen(text, (size_t)c.precision) : strlen(text);
        sink length = {0};
        put_shown(&length, text, n);
        size_t spaces = (size_t)c.width > length.n ? (size_t)c.width - length.n : 0;
        if (!c.left) pad(s, spaces);
        put_shown(s, text, n);
        if (c.left) pad(s, spaces);
    } else if (is_signed || (type && strchr("uxXo", type))) {
        long long value = size == 'l' && letters == 2  ? va_arg(*args, long long)
                          : size == 'l'                ? va_arg(*args, long)
                          : size == 'j'                ? va_arg(*args, intmax_t)
                          : size == 'z' || size == 't' ? va_arg(*args, ptrdiff_t)
                          : is_signed                  ? va_arg(*args, int)
                                                       : (long long)va_arg(*args, unsigned);
        snprintf(spec, sizeof spec, "%sll%c", c.text, type);
        snprintf(number, sizeof number, spec, value);
    } else if (type && strchr("aAeEfFgG", type)) {
        snprintf(spec, sizeof spec, "%s%c", c.text, type);
        snprintf(number, sizeof number, spec, va_arg(*args, double));
    } else if (type == '%') {
        put(s, "%", 1);
    }
    put(s, number, strlen(number));
    return at + letters + (type != 0);
}

int gt_vformat(char *out, size_t bytes, const char *format, va_list ap) {
    sink s = {out, bytes, 0};
    va_list args;
    va_copy(args, ap);
    while (*format) {
        size_t n = strcspn(format, "%");
        put(&s, format, n);
        format += n;
        if (*format) format = put_argument(&s, format, &args);
    }
    va_end(args);
    if (bytes) out[s.n < bytes ? s.n : bytes - 1] = 0;
    return (int)s.n;
}

int gt_format(char *out, size_t bytes, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    int n = gt_vformat(out, bytes, format, ap);
    va_end(ap);
    return n;
}

/* ---- printing ---- */

static int first_error; /* of what was printed to stdout; what comes later tells less */

static void note_error(FILE *f) {
    if (f == stdout && !first_error) first_error = errno;
}

int gt_print_flush(FILE *f) {
    if (fflush(f)) note_error(f);
    return f == stdout && ferror(f) ? first_error ? first_error : EIO : 0;
}

int gt_vprint_to(FILE *f, const char *format, va_list ap) {
    char line[4096], *text = line, *longer = NULL;
    int n = gt_vformat(line, sizeof line, format, ap);
    if ((size_t)n >= sizeof line && (longer = malloc((size_t)n + 1))) {
        gt_vformat(longer, (size_t)n + 1, format, ap);
        text = longer;
    }
    if (fputs(text, f) == EOF) note_error(f);
    free(longer);
    return n;
}

int gt_print_to(FILE *f, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    int n = gt_vprint_to(f, format, ap);
    va_end(ap);
    return n;
}

int gt_print(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    int n = gt_vprint_to(stdout, format, ap);
    va_end(ap);
    return n;
}

void gt_print_lines(const char *text) {
    while (*text) {
        int n = (int)strcspn(text, "\n");
        gt_print("%.*s\n", n, text);
        text += n + (text[n] == '\n');
    }
}
