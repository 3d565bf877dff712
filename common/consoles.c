/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consoles that need only I/O ports and memory: the first serial port (a 16550; National Semiconductor PC16550D
 * data sheet, section 8), the debug port 0xe9 of Bochs, QEMU and Xen, and VGA text at 0xb8000 in mode 3.
 */
#include "common/console.h"

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/text.h"

/* ---- com1 ---- */

#define COM1              0x3f8
#define UART_DATA         (COM1 + 0)
#define UART_INTERRUPTS   (COM1 + 1)
#define UART_DIVISOR_LOW  (COM1 + 0)
#define UART_DIVISOR_HIGH (COM1 + 1)
#define UART_FIFO         (COM1 + 2)
#define UART_LINE         (COM1 + 3)
#define UART_MODEM        (COM1 + 4)
#define UART_STATUS       (COM1 + 5)
#define UART_SCRATCH      (COM1 + 7)

#define LINE_8N1                 0x03
#define LINE_DIVISOR_ACCESS      0x80
#define FIFO_ENABLE_AND_CLEAR    0x07
#define MODEM_DTR_RTS            0x03
#define STATUS_TRANSMITTER_READY 0x20

#define UART_CLOCK    115200  /* bits per second at divisor 1 */
#define UART_PATIENCE 1000000 /* polls: a stuck port must not stop a boot */

static bool com1_start(struct span options, bool forced)
{
    uint64_t baud = UART_CLOCK;

    if (options.size && (!text_number(options, &baud) || baud == 0 || baud > UART_CLOCK || UART_CLOCK / baud > 0xffff))
        return false;
    if (!forced) {
        /* Where there is no port, reads give 0xff; a port keeps what its scratch register is told. */
        io_write8(UART_SCRATCH, 0x5a);
        if (io_read8(UART_SCRATCH) != 0x5a)
            return false;
    }
    io_write8(UART_INTERRUPTS, 0);
    io_write8(UART_LINE, LINE_DIVISOR_ACCESS | LINE_8N1);
    io_write8(UART_DIVISOR_LOW, (uint8_t)(UART_CLOCK / baud));
    io_write8(UART_DIVISOR_HIGH, (uint8_t)((UART_CLOCK / baud) >> 8));
    io_write8(UART_LINE, LINE_8N1);
    io_write8(UART_FIFO, FIFO_ENABLE_AND_CLEAR);
    io_write8(UART_MODEM, MODEM_DTR_RTS);
    return true;
}

static void com1_write(char byte)
{
    for (unsigned i = 0; i < UART_PATIENCE && !(io_read8(UART_STATUS) & STATUS_TRANSMITTER_READY); i++)
        ;
    io_write8(UART_DATA, (uint8_t)byte);
}

const struct console console_com1 = { "com1", com1_start, com1_write };

/* ---- debugcon ---- */

#define DEBUGCON 0xe9

static bool debugcon_start(struct span options, bool forced)
{
    /* A read gives the port's own number where the device is (Bochs; QEMU docs, -debugcon). Xen answers no reads. */
    return !options.size && (forced || io_read8(DEBUGCON) == DEBUGCON);
}

static void debugcon_write(char byte)
{
    io_write8(DEBUGCON, (uint8_t)byte);
}

const struct console console_debugcon = { "debugcon", debugcon_start, debugcon_write };

/* ---- vga ---- */

#define VGA_TEXT          0xb8000
#define VGA_COLUMNS       80
#define VGA_ROWS          25
#define VGA_GREY_ON_BLACK 0x0700
#define CRTC_INDEX        0x3d4
#define CRTC_DATA         0x3d5
#define CRTC_CURSOR_HIGH  0x0e
#define CRTC_CURSOR_LOW   0x0f

static unsigned vga_at; /* cells from the upper left corner */

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

static volatile uint16_t *vga_cells(void)
{
    uintptr_t address = VGA_TEXT;

    __asm__("" : "+r"(address)); /* the compiler would take a constant address for an error */
    return (volatile uint16_t *)address;
}

static bool vga_start(struct span options, bool forced)
{
    (void)forced;
    if (options.size || crtc_read(CRTC_CURSOR_HIGH) == 0xff)
        return false;
    vga_at = (unsigned)crtc_read(CRTC_CURSOR_HIGH) << 8 | crtc_read(CRTC_CURSOR_LOW);
    if (vga_at >= VGA_COLUMNS * VGA_ROWS)
        vga_at = 0;
    return true;
}

static void vga_scroll(void)
{
    volatile uint16_t *cells = vga_cells();

    for (unsigned i = 0; i < VGA_COLUMNS * (VGA_ROWS - 1); i++)
        cells[i] = cells[i + VGA_COLUMNS];
    for (unsigned i = VGA_COLUMNS * (VGA_ROWS - 1); i < VGA_COLUMNS * VGA_ROWS; i++)
        cells[i] = VGA_GREY_ON_BLACK | ' ';
    vga_at -= VGA_COLUMNS;
}

static void vga_write(char byte)
{
    if (byte == '\r')
        vga_at -= vga_at % VGA_COLUMNS;
    else if (byte == '\n')
        vga_at += VGA_COLUMNS;
    else
        vga_cells()[vga_at++] = VGA_GREY_ON_BLACK | (uint8_t)byte;
    if (vga_at >= VGA_COLUMNS * VGA_ROWS)
        vga_scroll();
    if (byte == '\n') {
        crtc_write(CRTC_CURSOR_HIGH, (uint8_t)(vga_at >> 8));
        crtc_write(CRTC_CURSOR_LOW, (uint8_t)vga_at);
    }
}

const struct console console_vga = { "vga", vga_start, vga_write };
