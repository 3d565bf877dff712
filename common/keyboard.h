/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys out of the scan codes of a PC's keyboard: set 1, as the keyboard controller translates; US layout. Pure. */
#ifndef COMMON_KEYBOARD_H
#define COMMON_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

/* What is held down, and what a code means that follows. All zero: nothing. */
struct keyboard {
    bool left_shift, right_shift, left_control, right_control;
    bool caps_lock, number_lock;
    bool extended; /* 0xe0 was the last */
    uint8_t skip;  /* so many codes of the Pause key are still to come */
};

/* Takes the next code; gives a key (common/keys.h), or KEY_NONE where more belongs to it or a key was let go. */
int keyboard_decode(struct keyboard *keyboard, uint8_t code);

#endif
