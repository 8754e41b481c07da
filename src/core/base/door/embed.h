/* SPDX-License-Identifier: Apache-2.0
 * EMBED(name, "file"); extern const char name[]; makes `name` the text of a file, with a zero behind it. The assembler
 * reads the file: compilation is from the top folder of the sources, and the Makefile names the file beside the object.
 */
#ifndef GANTRY_BASE_DOOR_EMBED_H
#define GANTRY_BASE_DOOR_EMBED_H

#define EMBED(name, file) \
    __asm__(".pushsection .rodata\n.global " #name "\n" #name ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n")

#endif
