/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys, as every console gives them: characters as they are (Enter is '\r', Escape 0x1b), others as numbers above. */
#ifndef COMMON_KEYS_H
#define COMMON_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum key {
    KEY_NONE = 0, /* nobody pressed one */
    KEY_TAB = 0x09,
    KEY_ENTER = 0x0d,
    KEY_ESCAPE = 0x1b,
    KEY_BACKSPACE = 0x7f,
    KEY_UP = 0x100,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_DELETE,
    KEY_INSERT,
    KEY_OTHER, /* one that has no meaning for us: somebody is there */
};

/* Control and a letter: KEY_CONTROL('a'). */
#define KEY_CONTROL(letter) ((letter)&0x1f)

/*
 * What a terminal sends for a key is several bytes (ECMA-48 CSI and SS3 sequences, as xterm, VT100, VT220 and the Linux
 * console send them). All zero is the state before the first byte.
 */
struct key_decoder {
    uint8_t pending[8];
    uint8_t count;
};

/* Takes the next byte of a terminal. KEY_NONE: more bytes belong to it, or it meant nothing. */
int key_decode(struct key_decoder *decoder, uint8_t byte);

/* No further byte came for a while: gives what is pending as it is (Escape alone), or KEY_NONE. */
int key_decode_end(struct key_decoder *decoder);

#endif
