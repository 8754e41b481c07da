/* SPDX-License-Identifier: Apache-2.0
 * The terminal at which stderr ends: its size, its colours, and whether it shows pictures. A process that starts ranks
 * asks the terminal and hands the answers on in the environment (GT_TERMINAL), for ranks write to pipes. */
#ifndef GANTRY_BASE_DOOR_TERMINAL_H
#define GANTRY_BASE_DOOR_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Set in the environment: stderr, though a pipe, ends at a terminal. "80", or as gt_terminal_text() writes it; the
 * number of columns comes first. */
#define GT_TERMINAL "GANTRY_TERMINAL"

typedef struct gt_terminal {
    bool is;                     /* stderr ends at a terminal that moves its cursor; else all others are 0 */
    bool coloured;               /* colours are wanted: NO_COLOR is not set */
    bool true_colour;            /* 24 bits of colour; else 256 colours */
    bool sixel, kitty;           /* kinds of pictures that the terminal has said it shows */
    int columns, rows;           /* 0: not known */
    int cell_width, cell_height; /* pixels of a character; 0: not known */
} gt_terminal;

/* What is known without a question, and the answers of gt_terminal_ask(). */
gt_terminal gt_terminal_look(void);

/* Asks the terminal of this process for its kinds of pictures and the size of a character, and waits for the answers,
 * a second at most. Answers that come later are eaten, for some seconds; until then the terminal does not echo. Its
 * mode is restored, also where a signal ends the program. Nothing is asked where stderr is not a terminal, of a process
 * in the background, and of a terminal that somebody else has asked (GT_TERMINAL). */
void gt_terminal_ask(void);
/* Restores the mode of the terminal now; does only what a handler of signals may do. */
void gt_terminal_restore(void);

enum { GT_TERMINAL_BYTES = 64 };
/* For GT_TERMINAL: "80x24 10x20 sixel kitty". Returns `text`. */
const char *gt_terminal_text(const gt_terminal *t, char text[GT_TERMINAL_BYTES]);

/* Takes the answers among the bytes that a terminal has sent. True: the last one is there. */
bool gt_terminal_read_answers(gt_terminal *t, const char *bytes, size_t n);

#endif
