/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VGA text at 0xb8000 in mode 3 (IBM Video Graphics Array; its CRT controller's cursor registers), and the keyboard
 * that stands before it: the i8042's ports 0x60 and 0x64 (IBM Personal System/2 Hardware Interface Technical Reference,
 * "Keyboard and Auxiliary Device Controller"), polled, as the firmware left it.
 */
#include "common/console.h"

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/keyboard.h"
#include "common/keys.h"

#define VGA_TEXT            0xb8000
#define VGA_COLUMNS         80
#define VGA_ROWS            25
#define VGA_CELLS           (VGA_COLUMNS * VGA_ROWS)
#define CRTC_INDEX          0x3d4
#define CRTC_DATA           0x3d5
#define CRTC_CURSOR_START   0x0a
#define CRTC_CURSOR_HIGH    0x0e
#define CRTC_CURSOR_LOW     0x0f
#define CURSOR_OFF          0x20 /* in CRTC_CURSOR_START */
#define ATTRIBUTE_GREY      0x07 /* on black */
#define ATTRIBUTE_INVERSE   0x70
#define ATTRIBUTE_WHITE     0x0f
#define ATTRIBUTE_DARK_CYAN 0x03 /* dark grey is hard to read */
#define ATTRIBUTE_YELLOW    0x0e

#define KEYBOARD_DATA      0x60
#define KEYBOARD_STATUS    0x64
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_FROM_MOUSE  0x20
#define STATUS_NO_DEVICE   0xff
#define KEYBOARD_CODES_MAX 32 /* taken at once */

static unsigned at; /* cells from the upper left corner */
static uint8_t attribute = ATTRIBUTE_GREY;
static struct keyboard keyboard;

static uint8_t crtc_read(uint8_t index)
{
    io_write8(CRTC_INDEX, index);
    return io_read8(CRTC_DATA);
}

static void crtc_write(uint8_t index, uint8_t value)
{
    io_write8(CRTC_INDEX, index);
    io_write8(CRTC_DATA, value);
}

static volatile uint16_t *cells(void)
{
    uintptr_t address = VGA_TEXT;

    __asm__("" : "+r"(address)); /* the compiler would take a constant address for an error */
    return (volatile uint16_t *)address;
}

static uint16_t cell(char character)
{
    return (uint16_t)(attribute << 8 | (uint8_t)character);
}

static void show_cursor(void)
{
    crtc_write(CRTC_CURSOR_HIGH, (uint8_t)(at >> 8));
    crtc_write(CRTC_CURSOR_LOW, (uint8_t)at);
}

static bool vga_start(struct span options, bool forced)
{
    (void)forced;
    if (options.size || crtc_read(CRTC_CURSOR_HIGH) == 0xff)
        return false;
    at = (unsigned)crtc_read(CRTC_CURSOR_HIGH) << 8 | crtc_read(CRTC_CURSOR_LOW);
    if (at >= VGA_CELLS)
        at = 0;
    return true;
}

static void scroll(void)
{
    for (unsigned i = 0; i < VGA_CELLS - VGA_COLUMNS; i++)
        cells()[i] = cells()[i + VGA_COLUMNS];
    for (unsigned i = VGA_CELLS - VGA_COLUMNS; i < VGA_CELLS; i++)
        cells()[i] = cell(' ');
    at -= VGA_COLUMNS;
}

static void vga_write(char byte)
{
    if (byte == '\r')
        at -= at % VGA_COLUMNS;
    else if (byte == '\n')
        at += VGA_COLUMNS;
    else
        cells()[at++] = cell(byte);
    if (at >= VGA_CELLS)
        scroll();
    if (byte == '\n')
        show_cursor();
}

static int vga_read(void)
{
    for (unsigned i = 0; i < KEYBOARD_CODES_MAX; i++) {
        const uint8_t status = io_read8(KEYBOARD_STATUS);
        uint8_t code;
        int key;

        if (status == STATUS_NO_DEVICE || !(status & STATUS_OUTPUT_FULL))
            break;
        code = io_read8(KEYBOARD_DATA);
        if (status & STATUS_FROM_MOUSE)
            continue;
        key = keyboard_decode(&keyboard, code);
        if (key != KEY_NONE)
            return key;
    }
    return KEY_NONE;
}

/* ---- the screen ---- */

static void vga_size(unsigned *columns, unsigned *rows)
{
    *columns = VGA_COLUMNS;
    *rows = VGA_ROWS;
}

static void vga_clear(void)
{
    attribute = ATTRIBUTE_GREY;
    for (unsigned i = 0; i < VGA_CELLS; i++)
        cells()[i] = cell(' ');
    at = 0;
    show_cursor();
}

static void vga_move(unsigned column, unsigned row)
{
    if (column >= VGA_COLUMNS || row >= VGA_ROWS)
        return;
    at = row * VGA_COLUMNS + column;
    show_cursor();
}

static void vga_style(enum style style)
{
    static const uint8_t attributes[] = { [STYLE_PLAIN] = ATTRIBUTE_GREY,
                                          [STYLE_SELECTED] = ATTRIBUTE_INVERSE,
                                          [STYLE_TITLE] = ATTRIBUTE_WHITE,
                                          [STYLE_MUTED] = ATTRIBUTE_DARK_CYAN,
                                          [STYLE_WARNING] = ATTRIBUTE_YELLOW };

    attribute = attributes[style];
}

static void vga_cursor(bool visible)
{
    const uint8_t start = crtc_read(CRTC_CURSOR_START);

    crtc_write(CRTC_CURSOR_START, visible ? start & (uint8_t)~CURSOR_OFF : start | CURSOR_OFF);
}

static const struct screen screen = { vga_size, vga_clear, vga_move, vga_style, vga_cursor };

const struct console console_vga = { "vga", vga_start, vga_write, vga_read, NULL, &screen, NULL };
