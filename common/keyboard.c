/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scan code set 1; see keyboard.h. The codes: IBM Personal System/2 Hardware Interface Technical Reference,
 * "Keyboards", scan code set 1. A code with bit 7 says that the key was let go.
 */
#include "common/keyboard.h"

#include "common/keys.h"

#define CODE_EXTENDED 0xe0
#define CODE_PAUSE    0xe1 /* and two more; once when pressed, once when let go */
#define CODE_RELEASE  0x80

#define CODE_CONTROL     0x1d
#define CODE_LEFT_SHIFT  0x2a
#define CODE_RIGHT_SHIFT 0x36
#define CODE_ALT         0x38
#define CODE_CAPS_LOCK   0x3a
#define CODE_NUMBER_LOCK 0x45
#define CODE_KEYPAD      0x47 /* 7, 8, 9 and on to 0x53, the point */
#define CODE_KEYPAD_END  0x53
#define CODE_SLASH       0x35
#define CODE_ENTER       0x1c
#define CODE_102ND       0x56 /* beside the left shift, on keyboards that have it */

/* By code, from 0 on: a blank stands where no character is. */
static const char plain[] = " \0331234567890-=\177\tqwertyuiop[]\r asdfghjkl;'` \\zxcvbnm,./ * ";
static const char shifted[] = " \033!@#$%^&*()_+\177\tQWERTYUIOP{}\r ASDFGHJKL:\"~ |ZXCVBNM<>? * ";

#define CODE_SPACE 0x39

_Static_assert(sizeof(plain) == CODE_SPACE + 1 && sizeof(shifted) == sizeof(plain), "a character for each code");

static const uint16_t keypad[] = { KEY_HOME, KEY_UP,  KEY_PAGE_UP, '-',           KEY_LEFT,   KEY_OTHER, KEY_RIGHT,
                                   '+',      KEY_END, KEY_DOWN,    KEY_PAGE_DOWN, KEY_INSERT, KEY_DELETE };
static const char keypad_numbers[] = "789-456+1230.";

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static bool is_lock_or_modifier(uint8_t code)
{
    return code == CODE_CONTROL || code == CODE_LEFT_SHIFT || code == CODE_RIGHT_SHIFT || code == CODE_ALT ||
           code == CODE_CAPS_LOCK || code == CODE_NUMBER_LOCK;
}

/* Keeps what is held down; the shift codes behind 0xe0 are made up by the keyboard, and are nobody's. */
static void take_modifier(struct keyboard *keyboard, uint8_t code, bool extended, bool pressed)
{
    switch (code) {
    case CODE_CONTROL:
        *(extended ? &keyboard->right_control : &keyboard->left_control) = pressed;
        break;
    case CODE_LEFT_SHIFT:
        keyboard->left_shift = extended ? keyboard->left_shift : pressed;
        break;
    case CODE_RIGHT_SHIFT:
        keyboard->right_shift = extended ? keyboard->right_shift : pressed;
        break;
    case CODE_CAPS_LOCK:
        keyboard->caps_lock ^= pressed;
        break;
    case CODE_NUMBER_LOCK:
        keyboard->number_lock ^= pressed && !extended;
        break;
    }
}

static int by_character(const struct keyboard *keyboard, uint8_t code)
{
    const bool shift = keyboard->left_shift || keyboard->right_shift;
    const bool upper = is_letter(plain[code]) ? shift != keyboard->caps_lock : shift;
    const char character = upper ? shifted[code] : plain[code];

    if (code == 0 || character == ' ') /* 0: the keyboard lost count */
        return code == 0 ? KEY_NONE : KEY_OTHER;
    if (!(keyboard->left_control || keyboard->right_control) || !is_letter(character))
        return character;
    /* As on a terminal, where these are the same. */
    return plain[code] == 'h' ? KEY_BACKSPACE : plain[code] == 'j' ? KEY_ENTER : KEY_CONTROL(character);
}

int keyboard_decode(struct keyboard *keyboard, uint8_t code)
{
    const bool extended = keyboard->extended, pressed = !(code & CODE_RELEASE);

    keyboard->extended = false;
    if (keyboard->skip) {
        keyboard->skip--;
        return KEY_NONE;
    }
    if (code == CODE_EXTENDED) {
        keyboard->extended = true;
        return KEY_NONE;
    }
    if (code == CODE_PAUSE) {
        keyboard->skip = 2;
        return KEY_NONE;
    }
    code &= (uint8_t)~CODE_RELEASE;
    if (is_lock_or_modifier(code)) {
        take_modifier(keyboard, code, extended, pressed);
        return KEY_NONE;
    }
    if (!pressed)
        return KEY_NONE;
    if (code >= CODE_KEYPAD && code <= CODE_KEYPAD_END)
        return keyboard->number_lock && !extended ? keypad_numbers[code - CODE_KEYPAD] : keypad[code - CODE_KEYPAD];
    if (extended)
        return code == CODE_ENTER ? KEY_ENTER : code == CODE_SLASH ? '/' : KEY_OTHER;
    if (code == CODE_SPACE)
        return ' ';
    if (code == CODE_102ND)
        return keyboard->left_shift || keyboard->right_shift ? '|' : '\\';
    return code < CODE_SPACE ? by_character(keyboard, code) : KEY_OTHER;
}
