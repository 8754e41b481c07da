/* SPDX-License-Identifier: Apache-2.0
 * Records in packets of XMP: see door/record.h. A packet is not parsed as XML, in which a small text can stand for a
 * huge one: the record is what lies between RECORD_BEGIN and RECORD_END, once. */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "gantry/version.h"
#include "runner/record/door/record.h"

#define RECORD_BEGIN "<gantry:record>"
#define RECORD_END "</gantry:record>"

static const char xmp_head[] =
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "<rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
    " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" xmlns:gantry=\"urn:gantry:record:1\">"
    "<xmp:CreatorTool>Gantry ";
static const char xmp_mark[] =
    "</xmp:CreatorTool>"
    "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "</Iptc4xmpExt:DigitalSourceType>" RECORD_BEGIN;
static const char xmp_end[] = RECORD_END "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>";

static void put_escaped(gt_buffer *b, const char *text) {
    for (size_t n; *text; text += n) {
        n = strcspn(text, "&<>");
        gt_buffer_add(b, text, n);
        if (!n) gt_buffer_printf(b, *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : "&gt;"), n = 1;
    }
}

/* The version that the record names. */
static void put_version(gt_buffer *b, const char *json) {
    static const char key[] = "\"program\":\"gantry ";
    const char *at = strstr(json, key), *version = at ? at + sizeof key - 1 : GT_VERSION;
    size_t n = strspn(version, "0123456789.abcdefghijklmnopqrstuvwxyz+~-");
    if (!n || n > 40) version = GT_VERSION, n = strlen(GT_VERSION);
    gt_buffer_add(b, version, n);
}

void gt_record_put_xmp(gt_buffer *xmp, const char *json) {
    gt_buffer_add(xmp, xmp_head, sizeof xmp_head - 1);
    put_version(xmp, json);
    gt_buffer_add(xmp, xmp_mark, sizeof xmp_mark - 1);
    put_escaped(xmp, json);
    gt_buffer_add(xmp, xmp_end, sizeof xmp_end); /* with its zero byte */
}

static const struct {
    const char *entity;
    char is;
} entities[] = {{"&amp;", '&'},   {"&lt;", '<'},  {"&gt;", '>'},  {"&quot;", '"'},
                {"&apos;", '\''}, {"&#34;", '"'}, {"&#39;", '\''}};

static size_t entity_at(const char *text, char *is) {
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        size_t n = strlen(entities[i].entity);
        if (strncmp(text, entities[i].entity, n)) continue;
        *is = entities[i].is;
        return n;
    }
    return 0;
}

gt_status gt_record_of_xmp(const char *xmp, char **json) {
    const char *begin = strstr(xmp, RECORD_BEGIN), *end = begin ? strstr(begin, RECORD_END) : NULL;
    *json = NULL;
    if (!begin) return GT_OK;
    begin += strlen(RECORD_BEGIN);
    if (!end || strstr(end, RECORD_BEGIN)) return gt_fail(GT_FORMAT, "its XMP has a record without an end, or several");
    char *to = *json = malloc((size_t)(end - begin) + 1);
    if (!to) return gt_fail(GT_NOMEM, "out of memory for the record of a picture");
    for (const char *at = begin; at < end;) {
        size_t n = *at == '&' ? entity_at(at, to) : 0;
        if (!n) *to = *at;
        to++;
        at += n ? n : 1;
    }
    *to = 0;
    return GT_OK;
}
