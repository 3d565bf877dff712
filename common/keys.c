/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys out of the bytes of a terminal; see keys.h. Control sequences are those of ECMA-48, section 5.4 (CSI, parameter
 * bytes 0x20 to 0x3f, one final byte 0x40 to 0x7e); which key sends which is from xterm's ctlseqs, the VT220 programmer
 * reference (section 3.2) and console_codes(4). Pure.
 */
#include "common/keys.h"

#define BYTE_ESCAPE 0x1b

/* What begins no sequence. */
static int take_plain(struct key_decoder *decoder, uint8_t byte)
{
    switch (byte) {
    case '\0': /* a break on the line gives one, too */
        return KEY_NONE;
    case '\r':
    case '\n':
        return KEY_ENTER;
    case '\b':
    case 0x7f:
        return KEY_BACKSPACE;
    case BYTE_ESCAPE:
        decoder->pending[0] = byte;
        decoder->count = 1;
        return KEY_NONE;
    default:
        return byte;
    }
}

static int by_letter(uint8_t final)
{
    switch (final) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'F':
        return KEY_END;
    case 'H':
        return KEY_HOME;
    default:
        return KEY_OTHER;
    }
}

/* CSI number ~: of a VT220's editing keypad; 7 and 8 are rxvt's. */
static int by_number(unsigned number)
{
    static const uint16_t keys[] = { KEY_OTHER,   KEY_HOME,      KEY_INSERT, KEY_DELETE, KEY_END,
                                     KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME,   KEY_END };

    return number < sizeof(keys) / sizeof(*keys) ? keys[number] : KEY_OTHER;
}

/* The first parameter of the pending sequence; what is behind a semicolon are modifiers, which do not matter here. */
static unsigned first_number(const struct key_decoder *decoder)
{
    unsigned number = 0;

    for (unsigned i = 2; i < decoder->count && decoder->pending[i] >= '0' && decoder->pending[i] <= '9'; i++)
        number = number * 10 + (decoder->pending[i] - '0'); /* six digits at most */
    return number;
}

static bool wants_more(const struct key_decoder *decoder, uint8_t byte)
{
    if (byte < 0x40)
        return true; /* a parameter, or between them and the end */
    /* The Linux console's function keys: CSI [ letter. */
    return byte == '[' && decoder->pending[1] == '[' && decoder->count == 2;
}

static int by_sequence(const struct key_decoder *decoder, uint8_t final)
{
    if (decoder->pending[1] == '[')
        return decoder->count > 2 && decoder->pending[2] == '[' ? KEY_OTHER
               : final == '~'                                   ? by_number(first_number(decoder))
                                                                : by_letter(final);
    if (final == 'M')
        return KEY_ENTER; /* of the keypad in application mode, as its digits: */
    return final >= 'p' && final <= 'y' ? '0' + (final - 'p') : by_letter(final);
}

int key_decode(struct key_decoder *decoder, uint8_t byte)
{
    int key;

    if (decoder->count == 0)
        return take_plain(decoder, byte);
    if (byte < 0x20 || byte >= 0x7f) { /* nothing has these inside */
        key = decoder->count == 1 ? KEY_ESCAPE : KEY_OTHER;
        decoder->count = 0;
        if (byte == BYTE_ESCAPE)
            take_plain(decoder, byte);
        else if (key == KEY_OTHER)
            key = take_plain(decoder, byte);
        return key;
    }
    if (decoder->count > 1 ? wants_more(decoder, byte) : byte == '[' || byte == 'O') {
        if (decoder->count < sizeof(decoder->pending))
            decoder->pending[decoder->count++] = byte;
        return KEY_NONE;
    }
    /* Escape and a character is what Alt and that key send. */
    key = decoder->count > 1 ? by_sequence(decoder, byte) : KEY_OTHER;
    decoder->count = 0;
    return key;
}

int key_decode_end(struct key_decoder *decoder)
{
    const int key = decoder->count == 0 ? KEY_NONE : decoder->count == 1 ? KEY_ESCAPE : KEY_OTHER;

    decoder->count = 0;
    return key;
}
