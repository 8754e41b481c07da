/* SPDX-License-Identifier: Apache-2.0
 * What stands in the program for a library that is opened late (door/library.h). `make` lists the functions and data of
 * such libraries that the program refers to (.ci/late) in a file that includes this header:
 *   GT_LATE_FUNCTION(library, name): a jump to the function. At first it leads to gt_late_first(), which opens the
 *     library, aims all of its jumps at its functions, and goes on to the function, with all arguments in their places.
 *   GT_LATE_DATA(library, name, bytes): the data itself. As with a program that is linked with the library, the data
 *     lives in the program, and the library finds it there by its name.
 * `library` is an index of gt_late_libraries. */
#ifndef GANTRY_BASE_LATE_H
#define GANTRY_BASE_LATE_H

#include <stddef.h>
#include <stdlib.h>

#include "gantry/status.h"
#include "gantry/text.h"

typedef struct gt_late_library {
    const char *name, *file; /* by pkg-config; the name of its file that the loader knows */
    void *handle;            /* NULL: not open */
} gt_late_library;

typedef struct gt_late_symbol { /* the assembly below writes them */
    void *target;               /* where the jump leads; of data its place in the program */
    const char *name;
    size_t library, bytes; /* 0 bytes: a function */
} gt_late_symbol;

/* Before main(), in programs that open libraries late. The last library has no name. */
void gt_late_register(gt_late_library *libraries, gt_late_symbol *first, gt_late_symbol *end);

/* Opens the library of the symbol. */
gt_status gt_late_try(const gt_late_symbol *s);

#define GT_LATE_SYMBOL(library, name, target, bytes)                                   \
    ".pushsection gt_late,\"aw\"\n.balign 8\n"                                         \
    ".Llate_" #name ": .quad " target ", .Lname_" #name ", " #library ", " #bytes "\n" \
    ".popsection\n.pushsection .rodata\n.Lname_" #name ": .asciz \"" #name "\"\n.popsection\n"

#define GT_LATE_FUNCTION(library, name)                                                                               \
    __asm__(".pushsection .text\n.balign 16\n.globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" #name \
            ":\n" GT_LATE_JUMP(".Llate_" #name, ".Lfirst_" #name) ".size " #name ", . - " #name                       \
                                                                  "\n.popsection\n" GT_LATE_SYMBOL(                   \
                                                                      library, name, ".Lfirst_" #name, 0));

#define GT_LATE_DATA(library, name, bytes)                           \
    char name[bytes] __attribute__((aligned(bytes < 64 ? 16 : 64))); \
    __asm__(GT_LATE_SYMBOL(library, name, #name, bytes));

/* GT_LATE_BEGIN comes after gt_late_libraries. All symbols are in one section, whose ends the linker names. The
 * assembly below calls gt_late_open(), which ends the program where a library cannot be opened; libgantry itself ends
 * none. */
#define GT_LATE_BEGIN                                                                 \
    extern gt_late_symbol __start_gt_late[] __attribute__((visibility("hidden")));    \
    extern gt_late_symbol __stop_gt_late[] __attribute__((visibility("hidden")));     \
    __attribute__((constructor)) static void register_late(void) {                    \
        gt_late_register(gt_late_libraries, __start_gt_late, __stop_gt_late);         \
    }                                                                                 \
    void gt_late_open(const gt_late_symbol *s) __attribute__((visibility("hidden"))); \
    void gt_late_open(const gt_late_symbol *s) {                                      \
        if (!gt_late_try(s)) return;                                                  \
        gt_print_to(stderr, "gantry: %s\n", gt_message());                            \
        abort();                                                                      \
    }                                                                                 \
    GT_LATE_FIRST

#if defined __x86_64__
#define GT_LATE_JUMP(symbol, first) "jmp *" symbol "(%rip)\n" first ": lea " symbol "(%rip), %r11\njmp gt_late_first\n"
/* Whatever may hold an argument is kept: rax has the number of vector registers that a call of a function with "..."
 * uses. */
#define GT_LATE_FIRST                                                                                           \
    __asm__(".pushsection .text\n.type gt_late_first, %function\ngt_late_first:\n.cfi_startproc\n"              \
            "push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\n"                                        \
            "mov %rsp, %rbp\n.cfi_def_cfa_register %rbp\n"                                                      \
            "sub $208, %rsp\n"                                                                                  \
            "mov %rax, (%rsp)\nmov %rdi, 8(%rsp)\nmov %rsi, 16(%rsp)\nmov %rdx, 24(%rsp)\nmov %rcx, 32(%rsp)\n" \
            "mov %r8, 40(%rsp)\nmov %r9, 48(%rsp)\nmov %r10, 56(%rsp)\nmov %r11, 64(%rsp)\n"                    \
            "movups %xmm0, 80(%rsp)\nmovups %xmm1, 96(%rsp)\nmovups %xmm2, 112(%rsp)\n"                         \
            "movups %xmm3, 128(%rsp)\nmovups %xmm4, 144(%rsp)\nmovups %xmm5, 160(%rsp)\n"                       \
            "movups %xmm6, 176(%rsp)\nmovups %xmm7, 192(%rsp)\n"                                                \
            "mov %r11, %rdi\ncall gt_late_open\n"                                                               \
            "mov (%rsp), %rax\nmov 8(%rsp), %rdi\nmov 16(%rsp), %rsi\nmov 24(%rsp), %rdx\nmov 32(%rsp), %rcx\n" \
            "mov 40(%rsp), %r8\nmov 48(%rsp), %r9\nmov 56(%rsp), %r10\nmov 64(%rsp), %r11\n"                    \
            "movups 80(%rsp), %xmm0\nmovups 96(%rsp), %xmm1\nmovups 112(%rsp), %xmm2\n"                         \
            "movups 128(%rsp), %xmm3\nmovups 144(%rsp), %xmm4\nmovups 160(%rsp), %xmm5\n"                       \
            "movups 176(%rsp), %xmm6\nmovups 192(%rsp), %xmm7\n"                                                \
            "leave\n.cfi_def_cfa %rsp, 8\njmp *(%r11)\n"                                                        \
            ".cfi_endproc\n.size gt_late_first, . - gt_late_first\n.popsection\n");
#elif defined __aarch64__
#define GT_LATE_JUMP(symbol, first)                                                                                    \
    "hint #34\nadrp x16, " symbol "\nldr x17, [x16, :lo12:" symbol "]\nbr x17\n" first ": hint #34\nadrp x16, " symbol \
    "\nadd x16, x16, :lo12:" symbol "\nb gt_late_first\n"
#define GT_LATE_FIRST                                                                                          \
    __asm__(".pushsection .text\n.type gt_late_first, %function\ngt_late_first:\n.cfi_startproc\n"             \
            "stp x29, x30, [sp, -224]!\n.cfi_def_cfa_offset 224\n.cfi_offset 29, -224\n.cfi_offset 30, -216\n" \
            "mov x29, sp\nstp x0, x1, [sp, 16]\nstp x2, x3, [sp, 32]\nstp x4, x5, [sp, 48]\n"                  \
            "stp x6, x7, [sp, 64]\nstp x8, x16, [sp, 80]\n"                                                    \
            "stp q0, q1, [sp, 96]\nstp q2, q3, [sp, 128]\nstp q4, q5, [sp, 160]\nstp q6, q7, [sp, 192]\n"      \
            "mov x0, x16\nbl gt_late_open\n"                                                                   \
            "ldp x0, x1, [sp, 16]\nldp x2, x3, [sp, 32]\nldp x4, x5, [sp, 48]\n"                               \
            "ldp x6, x7, [sp, 64]\nldp x8, x16, [sp, 80]\n"                                                    \
            "ldp q0, q1, [sp, 96]\nldp q2, q3, [sp, 128]\nldp q4, q5, [sp, 160]\nldp q6, q7, [sp, 192]\n"      \
            "ldp x29, x30, [sp], 224\n.cfi_restore 30\n.cfi_restore 29\n.cfi_def_cfa_offset 0\n"               \
            "ldr x17, [x16]\nbr x17\n"                                                                         \
            ".cfi_endproc\n.size gt_late_first, . - gt_late_first\n.popsection\n");
#endif

#endif
