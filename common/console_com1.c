/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first serial port (a 16550; National Semiconductor PC16550D data sheet, section 8), with a terminal behind it:
 * ECMA-48 sequences to draw (and DECTCEM for the cursor, as VT220 and all its followers have it), keys by
 * common/keys.h.
 */
#include "common/console.h"

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/keys.h"
#include "common/noinit.h"
#include "common/text.h"

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
#define STATUS_DATA_READY        0x01
#define STATUS_DATA_WRONG        0x1c /* parity, framing, break */
#define STATUS_TRANSMITTER_READY 0x20
#define STATUS_NO_DEVICE         0xff

#define UART_CLOCK    115200  /* bits per second at divisor 1 */
#define UART_PATIENCE 1000000 /* polls: a stuck port must not stop a boot */

/* A terminal does not tell its size before it is asked, and may not answer. */
#define TERMINAL_COLUMNS 80
#define TERMINAL_ROWS    24

/* Escape is the key, and not the begin of another's sequence, where nothing follows for so many ticks of the time stamp
 * counter. Nobody has told its frequency here: 0.2 s at 5 GHz, 1 s at 1 GHz. There may be a network in between. */
#define ESCAPE_TICKS 1000000000ull

/* What came while we were busy printing: the device itself keeps 16 bytes, and people paste whole command lines. */
#define RECEIVED_MAX 4096
static uint8_t received_bytes[RECEIVED_MAX] NOINIT;
static struct {
    unsigned first, count;
} received;

static struct key_decoder decoder;
static uint64_t decoded_at; /* when it took its last byte */

/* The line status, after a byte that had come was put aside. Noise on the line is no key. */
static uint8_t com1_listen(void)
{
    const uint8_t status = io_read8(UART_STATUS);
    uint8_t byte;

    if (status == STATUS_NO_DEVICE || !(status & STATUS_DATA_READY) || received.count == RECEIVED_MAX)
        return status;
    byte = io_read8(UART_DATA);
    if (!(status & STATUS_DATA_WRONG))
        received_bytes[(received.first + received.count++) % RECEIVED_MAX] = byte;
    return status;
}

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
    com1_listen(); /* a key that is held has come already, and what follows throws it away */
    io_write8(UART_FIFO, FIFO_ENABLE_AND_CLEAR);
    io_write8(UART_MODEM, MODEM_DTR_RTS);
    return true;
}

static void com1_write(char byte)
{
    for (unsigned i = 0; i < UART_PATIENCE && !(com1_listen() & STATUS_TRANSMITTER_READY); i++)
        ;
    io_write8(UART_DATA, (uint8_t)byte);
}

static int com1_read(void)
{
    com1_listen();
    while (received.count) {
        const uint8_t byte = received_bytes[received.first];
        int key;

        received.first = (received.first + 1) % RECEIVED_MAX;
        received.count--;
        com1_listen();
        decoded_at = __builtin_ia32_rdtsc();
        key = key_decode(&decoder, byte);
        if (key != KEY_NONE)
            return key;
    }
    return decoder.count && __builtin_ia32_rdtsc() - decoded_at > ESCAPE_TICKS ? key_decode_end(&decoder) : KEY_NONE;
}

static bool com1_begun(void)
{
    return decoder.count;
}

/* ---- the terminal ---- */

static void send(const char *text)
{
    for (; *text; text++)
        com1_write(*text);
}

static void com1_size(unsigned *columns, unsigned *rows)
{
    *columns = TERMINAL_COLUMNS;
    *rows = TERMINAL_ROWS;
}

static void com1_clear(void)
{
    send("\033[0m\033[2J\033[H");
}

static void com1_move(unsigned column, unsigned row)
{
    char sequence[32];

    text_format(sequence, sizeof(sequence), "\033[%u;%uH", row + 1, column + 1);
    send(sequence);
}

static void com1_style(enum style style)
{
    static const char sequences[][12] = { [STYLE_PLAIN] = "\033[0m",
                                          [STYLE_SELECTED] = "\033[0;7m",
                                          [STYLE_TITLE] = "\033[0;1m",
                                          [STYLE_MUTED] = "\033[0;2m",
                                          [STYLE_WARNING] = "\033[0;1;33m" };

    send(sequences[style]);
}

static void com1_cursor(bool visible)
{
    send(visible ? "\033[?25h" : "\033[?25l");
}

static const struct screen screen = { com1_size, com1_clear, com1_move, com1_style, com1_cursor };

const struct console console_com1 = { "com1", com1_start, com1_write, com1_read, com1_begun, &screen };
